import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createNonceIntents } from '#client/intents.ts';
import { createSession } from '#client/session.ts';
import { systemClock } from '#kit/clock.ts';
import { createLogger } from '#kit/log.ts';
import { signWebhook } from '#kit/webhook-signature.ts';
import { createMarket } from '#market/market.ts';
import { attachServers } from '#runner/attach-servers.ts';
import { hostOf } from '#runner/handlers/in-process-host.ts';
import { readHandlers } from '#runner/handlers/read-handlers.ts';
import { createRunner } from '#runner/runner.ts';
import { openFaultyFront } from '#runner/sdk/faulty-front.ts';
import { openStateFolder } from '#runner/state/state-folder.ts';
import { quantile, round, type Table } from './bench.ts';

export const name = 'dispatch';
export const description =
  'From the award at the marketplace to the start of the handler, woken by a webhook and by polling';

const JOBS = 100;
const SECRET = 'whsec_bench_secret_bench';

/** One job after the other: posted, bid on, awarded; the clock runs from the answer to the award to the handler. */
export async function run(): Promise<Table> {
  const rows: (string | number)[][] = [];
  for (const [path, pollMs, jobs, webhook] of [
    ['webhook', 60_000, JOBS, true],
    ['poll every 0.5 s', 500, JOBS / 5, false],
  ] as const) {
    const samples = await measure(pollMs, jobs, webhook);
    rows.push([
      path,
      samples.length,
      round(quantile(samples, 0.5)),
      round(quantile(samples, 0.99)),
      round(Math.max(...samples)),
    ]);
  }
  return {
    columns: ['woken by', 'jobs', 'p50 ms', 'p99 ms', 'max ms'],
    rows,
    notes: [
      'Marketplace, runner and handler in one process, over sockets on loopback; accepting and noting the start on disk are included.',
      'The default poll interval is 3 s; a webhook does not depend on it.',
    ],
  };
}

async function measure(pollIntervalMs: number, jobs: number, webhook: boolean): Promise<number[]> {
  const folder = mkdtempSync(join(tmpdir(), 'sota-bench-'));
  const log = createLogger({ level: 'error' });
  const market = await createMarket({ file: ':memory:' });
  const front = await openFaultyFront((request) => market.app.fetch(request));
  const post = async (path: string, body: unknown, key = ''): Promise<Record<string, string>> => {
    const headers = { 'content-type': 'application/json', 'x-api-key': key };
    const answer = await market.app.request(path, { method: 'POST', headers, body: JSON.stringify(body) });
    return (await answer.json()) as Record<string, string>;
  };
  const register = (agent: string, tag: string) =>
    post('/api/v1/agents/register/simple', {
      email: `${agent}@bench.test`,
      password: 'bench password',
      agent_name: agent,
      capabilities: [tag],
    });
  const worker = await register('worker', 'data-extraction');
  await post(`/_local/admin/agents/${worker.agent_id}/activate`, {});
  const requester = await register('requester', 'summarization');
  await post('/_local/fund', { agent_id: requester.agent_id, amount_usdc: 100_000 });

  let started: (at: number) => void = () => undefined;
  const dispatch = () => {
    started(performance.now());
    return 'done';
  };
  const handlers = readHandlers({ dispatch }, 'bench');
  const session = createSession({
    originProvider: async () => front.url,
    local: false,
    env: { SOTA_API_KEY: worker.api_key },
    stateDir: join(folder, 'home'),
    intents: createNonceIntents(),
    log,
  });
  const state = await openStateFolder(folder, systemClock, log);
  const runner = await createRunner({
    session,
    handlers: hostOf(() => handlers, 'bench'),
    state,
    pollIntervalMs,
    log,
    concurrency: 4,
  });
  const options = { webhookPort: 0, webhookSecrets: [SECRET], statePath: state.path, log };
  const servers = await attachServers(runner, options);
  const hook = async (id: string) => {
    const body = Buffer.from(JSON.stringify({ id, event_type: 'job.assigned' }));
    const signature = signWebhook(body, Math.floor(Date.now() / 1000), [SECRET]);
    const headers = { 'content-type': 'application/json', 'x-sota-signature': signature };
    await fetch(servers.webhookUrl ?? '', { method: 'POST', headers, body });
  };
  runner.start();
  const samples: number[] = [];
  for (let job = 0; job < jobs; job += 1) {
    const body = {
      description: 'd',
      budget_usdc: 5,
      tags: ['data-extraction'],
      selection: 'manual',
      bid_window_seconds: 3600,
    };
    const { id } = await post('/api/v1/jobs', body, requester.api_key);
    runner.wake();
    const bid = await firstBid(market, id ?? '');
    const begun = new Promise<number>((resolve) => {
      started = resolve;
    });
    await post(`/api/v1/jobs/${id}/award`, { bid_id: bid }, requester.api_key);
    const awarded = performance.now();
    if (webhook) await hook(`${id}/assigned`);
    samples.push((await begun) - awarded);
  }
  await runner.drain();
  await servers.close();
  await session.close();
  await state.release();
  await front.close();
  await market.close();
  rmSync(folder, { recursive: true, force: true });
  return samples;
}

async function firstBid(market: Awaited<ReturnType<typeof createMarket>>, jobId: string): Promise<string> {
  for (;;) {
    const row = await market.db.selectFrom('bids').select('id').where('job_id', '=', jobId).executeTakeFirst();
    if (row) return row.id;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
