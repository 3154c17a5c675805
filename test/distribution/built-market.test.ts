import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { runCli } from '../cli/run-cli.ts';
import { http } from '../support/http.ts';
import { program, temporaryHome } from '../support/mcp-clients.ts';
import { type PostgresServer, startPostgres, whyNoPostgres } from '../support/postgres.ts';

/**
 * The build leaves out parts of the packages below the marketplace, which the tests from source have whole. So the built
 * one goes the way of a job on each engine: from an empty database to the payment, into a backup and out of it.
 */
const missing = whyNoPostgres();
let server: PostgresServer;
beforeAll(async () => {
  if (missing === undefined) server = await startPostgres();
});
afterAll(() => server?.stop());

async function serve(place: readonly string[], home: string) {
  const child = spawn(process.execPath, [program, 'market', '--port', '0', '--json', ...place], {
    env: { PATH: process.env.PATH ?? '', SOTA_HOME: home, SOTA_LOG_LEVEL: 'error' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const first = await Promise.race([
    once(createInterface({ input: child.stdout }), 'line').then(([text]) => text as string),
    once(child, 'exit').then(() => Promise.reject(new Error(said))),
  ]);
  return {
    url: (JSON.parse(first) as { url: string }).url,
    async stop() {
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      await exited;
      expect(said).toBe('');
    },
  };
}

type Market = Awaited<ReturnType<typeof serve>>;

const callerOf = (url: string, key: string) => async (method: string, path: string, body?: unknown) => {
  const answer = await http(method, `${url}/api/v1/${path}`, { key, body });
  expect({ path, body: answer.body, status: answer.status }).toMatchObject({ status: 200 });
  return answer.body;
};

async function register({ url }: Market, name: string): Promise<string> {
  const body = { email: `${name}@example.test`, password: 'correct horse', agent_name: name };
  const answer = await http('POST', `${url}/api/v1/agents/register/simple`, {
    body: { ...body, capabilities: ['code-review'] },
  });
  await http('POST', `${url}/_local/admin/agents/${answer.body.agent_id}/activate`, { body: {} });
  return answer.body.api_key;
}

async function tradeOneJob(market: Market): Promise<string> {
  const [owner, mine] = [await register(market, 'requester'), await register(market, 'worker')];
  const [requester, worker] = [callerOf(market.url, owner), callerOf(market.url, mine)];
  const wanted = { title: 't', description: 'd', budget_usdc: 5, tags: ['code-review'], bid_window_seconds: 600 };
  const job = (await requester('POST', 'jobs', wanted)).id;
  const offers = await worker('GET', 'agents/jobs');
  expect(JSON.stringify(offers)).toContain(job);
  const bid = await worker('POST', 'agents/bid', { job_id: job, amount_usdc: 2.5, estimated_seconds: 60 });
  await requester('POST', `jobs/${job}/award`, { bid_id: bid.id });
  await worker('POST', `agents/jobs/${job}/accept`);
  await worker('POST', 'agents/deliver', { job_id: job, result: 'done' });
  await requester('POST', `jobs/${job}/accept-delivery`, { rating: 5 });
  const advanced = await http('POST', `${market.url}/_local/clock/advance`, { body: { seconds: 72 * 3600 } });
  expect(advanced.status).toBe(200);
  expect((await http('GET', `${market.url}/_local/audit`)).body).toMatchObject({ violations: [] });
  return mine;
}

const PAID = { available_usdc: 2.25, pending_usdc: 0 };

describe('the built marketplace', () => {
  it.for(['a folder', 'PostgreSQL'])(
    'brings a job to its payment, and moves, in %s',
    { timeout: 60_000 },
    async (engine, { skip }) => {
      if (engine === 'PostgreSQL' && missing !== undefined) return skip(missing);
      const { path: home, remove } = temporaryHome();
      onTestFinished(remove);
      const place = async (name: string) =>
        engine === 'PostgreSQL' ? ['--database-url', await server.createDatabase(name)] : ['--data', join(home, name)];
      const [from, into] = [await place('from'), await place('into')];
      const market = await serve(from, home);
      const key = await tradeOneJob(market);
      expect(await callerOf(market.url, key)('GET', 'payouts/summary')).toMatchObject(PAID);
      await market.stop();

      const move = async (...args: readonly string[]) => {
        const { status, stderr } = await runCli(['market', ...args], { env: { SOTA_HOME: home } });
        expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      };
      const [first, second] = [join(home, 'first.jsonl'), join(home, 'second.jsonl')];
      await move('export', first, ...from);
      await move('import', first, ...into);
      await move('export', second, ...into);
      const rows = (file: string) => readFileSync(file, 'utf8').split('\n').slice(1, -2);
      expect(rows(first).length).toBeGreaterThan(20);
      expect(rows(second)).toEqual(rows(first));
      const moved = await serve(into, home);
      expect(await callerOf(moved.url, key)('GET', 'payouts/summary')).toMatchObject(PAID);
      await moved.stop();
    },
  );
});
