import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { type RunningMarket, startMarket } from '#market/serve.ts';
import { program, temporaryHome } from '../support/mcp-clients.ts';
import { initialize, type Message, type RawServer, spawnServer } from '../support/raw-server.ts';

/** The journal in the shipped server: answers that leave, answers that do not, and processes that die in between. */
let running: RunningMarket;
let home: ReturnType<typeof temporaryHome>;
const started: RawServer[] = [];

beforeAll(async () => {
  running = await startMarket({ port: 0, data: ':memory:' });
});
afterAll(() => running.close());
beforeEach(() => {
  home = temporaryHome();
});
afterEach(() => {
  for (const server of started.splice(0)) if (server.child.exitCode === null) server.child.kill('SIGKILL');
  home.remove();
});

async function start(env: Record<string, string> = {}): Promise<RawServer> {
  const server = spawnServer({ env: { SOTA_HOME: home.path, SOTA_API_URL: running.url, ...env } });
  started.push(server);
  await server.request('initialize', initialize);
  server.send({ jsonrpc: '2.0', method: 'notifications/initialized' });
  return server;
}

const content = ({ result }: Message): Record<string, unknown> => {
  const { content: blocks } = result as { content: { text: string }[] };
  return JSON.parse(blocks[0]?.text ?? '{}') as Record<string, unknown>;
};
const call = async (server: RawServer, name: string, args: Record<string, unknown> = {}) =>
  content(await server.request('tools/call', { name, arguments: args }));

const job = { description: 'Review it', budget_usdc: 2, tags: ['code-review'], selection: 'manual' };
/** Until an event that comes for certain, however busy the machine is. */
const PATIENCE = { timeout: 20_000 };
let owners = 0;
async function register(server: RawServer): Promise<void> {
  owners += 1;
  const args = { email: `journal-${owners}@example.test`, name: 'poster', clusters: ['code'], tags: ['code-review'] };
  expect(await call(server, 'register_agent', args)).toMatchObject({ outcome: 'done' });
}
const posted = async (server: RawServer) =>
  ((await call(server, 'list_jobs', { scope: 'posted' })) as { jobs: unknown[] }).jobs.length;
const marks = () =>
  (readdirSync(join(home.path, 'mcp'), { recursive: true }) as string[]).filter((name) => name.endsWith('.seen'))
    .length;

it('an answer that left counts as seen, and doing the same again asks for `after`', async () => {
  const server = await start();
  await register(server);
  const first = await call(server, 'create_job', job);
  await vi.waitFor(() => expect(marks()).toBe(1), PATIENCE);
  const again = await call(server, 'create_job', job);
  expect(again).toMatchObject({
    outcome: 'possible_duplicate',
    previous: { id: first.job_id },
    recovery: { action: 'repeat_with_after', after: first.job_id },
  });
  expect(await call(server, 'create_job', { ...job, after: first.job_id })).toMatchObject({ outcome: 'done' });
  expect(await posted(server)).toBe(2);
});

it('the same wrong answer to the same attempt of a test is told its verdict and uses nothing up', async () => {
  const server = await start();
  await register(server);
  const { jobs } = (await call(server, 'list_sandbox_jobs')) as { jobs: { id: string }[] };
  const wrong = { test_job_id: jobs[0]?.id, result_json: '{"wrong":true}' };
  const first = await call(server, 'submit_test_result', wrong);
  expect(first).toMatchObject({ outcome: 'done', passed: false });
  await vi.waitFor(() => expect(marks()).toBe(1), PATIENCE);
  const again = await call(server, 'submit_test_result', wrong);
  expect(again).toMatchObject({ outcome: 'replayed', passed: false, attempts_left: first.attempts_left });
  const other = await call(server, 'submit_test_result', { ...wrong, result_json: '{"wrong":2}' });
  expect(other).toMatchObject({ outcome: 'done', attempts_left: Number(first.attempts_left) - 1 });
});

it('a call that is cancelled is finished, not answered, and given to whoever asks again', async () => {
  const server = await start();
  await register(server);
  server.send({
    jsonrpc: '2.0',
    id: 'cancelled',
    method: 'tools/call',
    params: { name: 'create_job', arguments: job },
  });
  server.send({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 'cancelled' } });
  await vi.waitFor(async () => expect(await posted(server)).toBe(1), PATIENCE);
  expect(server.lines.some((line) => line.includes('"cancelled"'))).toBe(false);
  await vi.waitFor(async () =>
    expect(await call(server, 'create_job', job)).toMatchObject({ outcome: expect.stringMatching(/replayed|joined/) }),
  );
  expect(await posted(server)).toBe(1);
});

it.each([
  'after-intent',
  'before-send',
  'after-send',
  'before-out',
  'after-out',
  'before-answer:2',
  'before-seen',
])('killed at %s, the next process does it once and says so', async (point) => {
  const first = await start();
  await register(first);
  first.child.stdin?.end();
  await first.exited;
  const doomed = await start({ SOTA_CRASH: point });
  const lost = doomed.request('tools/call', { name: 'create_job', arguments: job }).catch(() => undefined);
  expect((await doomed.exited).signal).toBe('SIGKILL');
  await lost;
  const next = await start();
  const answer = await call(next, 'create_job', job);
  expect(['done', 'replayed']).toContain(answer.outcome);
  expect(await posted(next)).toBe(1);
  const { stdout } = await promisify(execFile)(process.execPath, [program, 'intents', 'list', '--all', '--json'], {
    env: { PATH: process.env.PATH ?? '', SOTA_HOME: home.path },
  });
  expect(JSON.parse(stdout)).toMatchObject([{ operation: 'create_job', state: 'done' }]);
});

it('a start brings to its end what was left open, without being asked and without keeping anyone waiting', async () => {
  const first = await start();
  await register(first);
  first.child.stdin?.end();
  await first.exited;
  const doomed = await start({ SOTA_CRASH: 'before-send' });
  void doomed.request('tools/call', { name: 'create_job', arguments: job }).catch(() => undefined);
  await doomed.exited;
  const next = await start();
  await vi.waitFor(async () => expect(await posted(next)).toBe(1), PATIENCE);
  // The start may still be reading the answer when it is asked: then both get the one answer.
  const outcome = expect.stringMatching(/^(replayed|joined)$/);
  expect(await call(next, 'create_job', job)).toMatchObject({ outcome });
  expect(await posted(next)).toBe(1);
});

it('a key of the host’s own is honoured', async () => {
  const server = await start();
  await register(server);
  const params = { name: 'create_job', arguments: job, _meta: { idempotencyKey: 'order-1' } };
  const first = content(await server.request('tools/call', params));
  expect(content(await server.request('tools/call', params))).toMatchObject({
    outcome: 'replayed',
    job_id: first.job_id,
  });
  const other = { ...params, _meta: { idempotencyKey: 'order-2' } };
  expect(content(await server.request('tools/call', other))).toMatchObject({ outcome: 'done' });
});

it('sota-mcp intents shows, resolves, and refuses what makes no sense', async () => {
  const server = await start();
  await register(server);
  await call(server, 'create_job', job);
  const run = async (...args: string[]) =>
    await promisify(execFile)(process.execPath, [program, 'intents', ...args], {
      env: { PATH: process.env.PATH ?? '', SOTA_HOME: home.path },
    }).catch((error: { code: number; stderr: string; stdout: string }) => error);
  expect((await run('list')).stdout.trim()).toBe('Nothing is open.');
  const [row] = JSON.parse((await run('list', '--all', '--json')).stdout) as { id: string }[];
  expect((await run('show', row?.id ?? '')).stdout).toContain('create_job');
  expect(await run('resolve', row?.id ?? '', '--executed')).toMatchObject({ code: 1 });
  expect(await run('resolve', row?.id ?? '')).toMatchObject({ code: 2 });
  expect(await run('resolve', 'withdraw-0-0', '--executed')).toMatchObject({ code: 2 });
  expect(await run('burn')).toMatchObject({ code: 2 });
});
