import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createNonceIntents } from '#client/intents.ts';
import { createSession } from '#client/session.ts';
import { systemClock } from '#kit/clock.ts';
import { replaceFile } from '#kit/durable/files.ts';
import { createLogger } from '#kit/log.ts';
import type { Market } from '#market/market.ts';
import { startMarket } from '#market/serve.ts';
import { attachServers } from '#runner/attach-servers.ts';
import { hostOf } from '#runner/handlers/in-process-host.ts';
import { readHandlers } from '#runner/handlers/read-handlers.ts';
import { createRunner } from '#runner/runner.ts';
import { openStateFolder } from '#runner/state/state-folder.ts';
import { quantile, round, type Table } from './bench.ts';

export const name = 'dispatch';
export const description =
  'From the award at the marketplace to the start of the handler, woken by its webhook and by polling';

const JOBS = 300;
const WARM_UP = 20;
const PAUSE_MS = 60;

/** One job after the other: posted, bid on, awarded; the clock runs from asking for the award to the handler. */
export async function run(): Promise<Table> {
  const rows: (string | number)[][] = [];
  for (const [path, pollMs, jobs, webhook] of [
    ['webhook', 60_000, JOBS, true],
    ['poll every 0.5 s', 500, JOBS / 6, false],
  ] as const) {
    const { dispatched, written, asked } = await measure(pollMs, jobs, webhook);
    rows.push(rowOf(path, dispatched));
    if (!webhook) continue;
    rows.push(rowOf('(for scale: a file synced)', written), rowOf('(for scale: one GET of the list)', asked));
  }
  return {
    columns: ['woken by', 'jobs', 'p50 ms', 'p99 ms', 'max ms'],
    rows,
    notes: [
      'The award itself is included: its commit lies between the two moments.',
      "Marketplace, runner and handler in one process, over sockets on loopback. The marketplace's own webhook is signed, sent,",
      'verified and written down; then the runner reads the list, accepts, notes the start on disk, and the handler starts.',
      'The default poll interval is 3 s; a webhook does not depend on it.',
    ],
  };
}

function rowOf(what: string, samples: readonly number[]): (string | number)[] {
  const figures = [quantile(samples, 0.5), quantile(samples, 0.99), Math.max(...samples)];
  return [what, samples.length, ...figures.map((ms) => round(ms))];
}

interface Samples {
  readonly dispatched: number[];
  /** A file written and synced, of which every dispatch by webhook holds two. */
  readonly written: number[];
  /** A plain request over the same sockets, between the jobs: what this machine gives at that moment. */
  readonly asked: number[];
}

async function measure(pollIntervalMs: number, jobs: number, webhook: boolean): Promise<Samples> {
  const folder = mkdtempSync(join(tmpdir(), 'sota-bench-'));
  const log = createLogger({ level: 'error' });
  const { url, market, close } = await startMarket({ port: 0, data: ':memory:' });
  const call = async (method: string, path: string, body: unknown, key = ''): Promise<Record<string, string>> => {
    const headers = { 'content-type': 'application/json', 'x-api-key': key };
    const answer = await market.app.request(path, { method, headers, body: JSON.stringify(body) });
    return (await answer.json()) as Record<string, string>;
  };
  const register = (agent: string, tag: string) =>
    call('POST', '/api/v1/agents/register/simple', {
      email: `${agent}@bench.test`,
      password: 'bench password',
      agent_name: agent,
      capabilities: [tag],
    });
  const worker = await register('worker', 'data-extraction');
  await call('POST', `/_local/admin/agents/${worker.agent_id}/activate`, {});
  const requester = await register('requester', 'summarization');
  await call('POST', '/_local/fund', { agent_id: requester.agent_id, amount_usdc: 100_000 });

  let started: (at: number) => void = () => undefined;
  const dispatch = () => {
    started(performance.now());
    return 'done';
  };
  const handlers = readHandlers({ dispatch }, 'bench');
  const session = createSession({
    originProvider: async () => url,
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
  const secrets = [worker.webhook_secret ?? ''];
  const options = { webhookPort: 0, webhookSecrets: secrets, statePath: state.path, log };
  const servers = await attachServers(runner, options);
  if (webhook) await call('PATCH', '/api/v1/agents/me', { webhook_url: servers.webhookUrl }, worker.api_key);
  const seen = (type: 'polled' | 'settled') =>
    new Promise<void>((resolve) => {
      const off = runner.on((event) => {
        if (event.type !== type) return;
        off();
        resolve();
      });
    });
  runner.start();
  await seen('polled');
  const samples: Samples = { dispatched: [], written: [], asked: [] };
  for (let job = 0; job < jobs + WARM_UP; job += 1) {
    const body = {
      description: 'd',
      budget_usdc: 5,
      tags: ['data-extraction'],
      selection: 'manual',
      bid_window_seconds: 3600,
    };
    const { id } = await call('POST', '/api/v1/jobs', body, requester.api_key);
    runner.wake();
    const bid = await firstBid(market, id ?? '');
    // An award comes a bid window later, when nothing of the bidding is under way any more.
    await pause(PAUSE_MS);
    const settled = seen('settled');
    const begun = new Promise<number>((resolve) => {
      started = resolve;
    });
    // From before the commit: waiting for the answer would start the clock after the webhook has left.
    const asked = performance.now();
    await call('POST', `/api/v1/jobs/${id}/award`, { bid_id: bid }, requester.api_key);
    const ms = (await begun) - asked;
    if (job >= WARM_UP) samples.dispatched.push(ms);
    await settled;
    await pause(PAUSE_MS);
    const written = performance.now();
    await replaceFile(join(folder, 'probe'), 'a record');
    if (job >= WARM_UP) samples.written.push(performance.now() - written);
    const before = performance.now();
    await (await fetch(`${url}/api/v1/agents/jobs`, { headers: { 'x-api-key': worker.api_key ?? '' } })).text();
    if (job >= WARM_UP) samples.asked.push(performance.now() - before);
  }
  await runner.drain();
  await servers.close();
  await session.close();
  await state.release();
  await close();
  rmSync(folder, { recursive: true, force: true });
  return samples;
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function firstBid(market: Market, jobId: string): Promise<string> {
  for (;;) {
    const row = await market.db.selectFrom('bids').select('id').where('job_id', '=', jobId).executeTakeFirst();
    if (row) return row.id;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
