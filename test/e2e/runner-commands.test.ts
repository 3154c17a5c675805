import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openDeadLetters } from '#runner/state/dead-letters.ts';
import { newRecord } from '#runner/state/task-record.ts';
import { http } from '../support/http.ts';
import { program as server } from '../support/mcp-clients.ts';
import { openTown, type Town } from '../support/runner.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const program = join(dirname(server), 'sota-runner.js');
const ECHO = `export const handlers = { 'data-extraction': (job) => ({ said: job.description }) };\n`;

interface Home {
  readonly folder: string;
  readonly env: Record<string, string>;
}

/** A folder with an agent in it that works in the town. */
async function agentFolder(town: Town, handler = ECHO, settings: Record<string, string> = {}): Promise<Home> {
  const { key } = await town.agent('worker');
  return folderWith({ SOTA_API_KEY: key, SOTA_API_URL: town.url, ...settings }, handler);
}

function folderWith(settings: Record<string, string>, handler = ECHO): Home {
  const folder = temporaryDirectory();
  const all = { SOTA_POLL_INTERVAL_SECONDS: '0.1', ...settings };
  writeFileSync(
    join(folder, '.env'),
    Object.entries(all)
      .map(([name, value]) => `${name}=${value}\n`)
      .join(''),
  );
  writeFileSync(join(folder, 'dispatch.mjs'), handler);
  return { folder, env: { PATH: process.env.PATH ?? '', SOTA_HOME: join(folder, '.home') } };
}

function run({ folder, env }: Home, ...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [program, ...args],
      { cwd: folder, env, timeout: 60_000 },
      (_error, stdout, stderr) => resolve({ code: child.exitCode ?? -1, stdout, stderr }),
    );
  });
}

interface Started {
  readonly process: ChildProcess;
  readonly exited: Promise<number | null>;
  /** The first match in what it has written so far or writes from now on. */
  says(what: RegExp): Promise<RegExpExecArray>;
}

function start({ folder, env }: Home, ...args: string[]): Started {
  const child = spawn(process.execPath, [program, ...args], { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const exited = once(child, 'exit').then(([code]) => code as number | null);
  let text = '';
  const waiting = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (more: string) => {
      text += more;
      for (const look of [...waiting]) look();
    });
  }
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await exited;
  });
  return {
    process: child,
    exited,
    says: (what) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const found = what.exec(text);
          if (!found) return;
          waiting.delete(look);
          resolve(found);
        };
        waiting.add(look);
        look();
        void exited.then(() => reject(new Error(`It ended without ${what}:\n${text}`)));
      }),
  };
}

/** Whether there is such a process; one that only waits to be reaped by whoever adopted it is none. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return process.platform !== 'linux';
  }
}

const settled = (town: Town, id: string, status: string) =>
  expect.poll(async () => (await town.job(id)).status, { timeout: 20_000 }).toBe(status);

describe('sota-runner run', () => {
  it('holds its folder, can be asked and quietened, and ends cleanly', { timeout: 60_000 }, async () => {
    const town = await openTown();
    const home = await agentFolder(town);
    const worker = start(home, 'run', '--health-port', '0');
    const [, health] = await worker.says(/health=(\S+)/);
    const { pid } = worker.process;

    const second = await run(home, 'run');
    expect(second).toMatchObject({
      code: 75,
      stderr: expect.stringMatching(`${home.folder} already: process ${pid}\\.`),
    });

    expect((await run(home, 'quiet')).stdout).toBe(
      `The runner of process ${pid} takes nothing new from its next look on\n`,
    );
    await worker.says(/quiet: nothing new is taken on/);
    const refused = await town.post({ bid_window_seconds: 1 });
    await settled(town, refused, 'failed');
    expect((await run(home, 'quiet', '--off')).stdout).toMatch(/takes new work again/);
    await worker.says(/no longer quiet/);
    const taken = await town.post({ bid_window_seconds: 3 });
    await settled(town, taken, 'completed');
    expect(await town.job(taken)).toMatchObject({ result: '{"said":"Do it."}' });

    const status = await run(home, 'status');
    expect(status.stdout).toMatch(/^Agent {5}worker \(\S+\) at http:\/\/127/);
    expect(status.stdout).toMatch(/^Status {4}active; last seen /m);
    expect(status.stdout).toMatch(/^Runner {4}active; 0 running, 0 to hand over, 0 parked; as of /m);
    expect(JSON.parse((await run(home, 'status', '--json')).stdout)).toMatchObject({ me: { status: 'active' } });
    expect((await http('GET', `${health}/readyz`)).status).toBe(200);

    worker.process.kill('SIGTERM');
    expect(await worker.exited).toBe(0);
    const summary = JSON.parse(readFileSync(join(home.folder, '.sota-runner-state.json'), 'utf8'));
    expect(summary).toMatchObject({ version: 1, pid, mode: 'active', running: [], in_flight: [] });
    expect((await run(home, 'quiet')).stderr).toMatch(/no runner works in/);
  });

  it('ends at the second signal at once, and the next start goes on', { timeout: 60_000 }, async () => {
    const town = await openTown();
    const handler = `import { existsSync } from 'node:fs';
      export const dispatch = () => (existsSync('open') ? 'done' : new Promise(() => {}));\n`;
    const home = await agentFolder(town, handler);
    const first = start(home, 'run');
    await first.says(/mode: waiting|mode: active/);
    const id = await town.post({ bid_window_seconds: 3 });
    await settled(town, id, 'executing');
    first.process.kill('SIGTERM');
    await first.says(/draining/);
    first.process.kill('SIGTERM');
    expect(await first.exited).toBe(143);
    writeFileSync(join(home.folder, 'open'), '');
    start(home, 'run');
    await settled(town, id, 'completed');
  });

  it('leaves no command running behind it', { timeout: 60_000 }, async () => {
    const town = await openTown();
    const home = await agentFolder(town);
    const worker = start(home, 'run', '--exec', 'echo $$ > pid; sleep 600; true');
    await worker.says(/mode: waiting|mode: active/);
    await settled(town, await town.post({ bid_window_seconds: 3 }), 'executing');
    const pid = () => Number(readFileSync(join(home.folder, 'pid'), 'utf8'));
    await expect.poll(pid, { timeout: 10_000 }).toBeGreaterThan(0);
    worker.process.kill('SIGTERM');
    await worker.says(/draining/);
    worker.process.kill('SIGTERM');
    expect(await worker.exited).toBe(143);
    await expect.poll(() => isAlive(pid()), { timeout: 10_000 }).toBe(false);
  });

  it('is woken by a webhook long before its next look', { timeout: 60_000 }, async () => {
    const town = await openTown();
    const slow = { SOTA_POLL_INTERVAL_SECONDS: '600', SOTA_WEBHOOK_SECRET: 'whsec_to_be_replaced' };
    const { key, secret } = await town.agent('hooked');
    const home = folderWith({ SOTA_API_KEY: key, SOTA_API_URL: town.url, ...slow, SOTA_WEBHOOK_SECRET: secret });
    const worker = start(home, 'run', '--webhook-port', '0');
    const [, url] = await worker.says(/webhooks=(\S+)/);
    await http('PATCH', `${town.url}/api/v1/agents/me`, { key, body: { webhook_url: url } });
    await settled(town, await town.post({ bid_window_seconds: 3 }), 'completed');
  });

  it.each([
    ['nobody listens', { SOTA_API_URL: 'http://127.0.0.1:9', SOTA_API_KEY: 'sk_live_abcdefghijklmnop' }, 75, /network/],
    ['there is no key', {}, 78, /no API key.*\.env[\s\S]*sota-runner dev/],
    ['--webhook-port has no secret', { SOTA_API_KEY: 'sk_live_abcdefghijklmnop' }, 78, /SOTA_WEBHOOK_SECRET/],
  ])('says what to do when %s', async (_what, settings, code, message) => {
    const flags = code === 78 && 'SOTA_API_KEY' in settings ? ['--webhook-port', '0'] : [];
    const town = flags.length > 0 ? await openTown() : undefined;
    const key = await town?.agent('worker');
    const known = town && key ? { SOTA_API_URL: town.url, SOTA_API_KEY: key.key } : {};
    const ended = await run(folderWith({ ...settings, ...known }), 'run', ...flags);
    expect(ended.stderr).toMatch(message);
    expect(ended).toMatchObject({ code, stdout: '' });
  });

  it('says that a key is refused, and does not come back', async () => {
    const town = await openTown();
    const home = folderWith({ SOTA_API_URL: town.url, SOTA_API_KEY: 'sk_live_abcdefghijklmnop' });
    const ended = await run(home, 'run');
    expect(ended).toMatchObject({ code: 77, stderr: expect.stringMatching(/Check that the key is complete/) });
  });

  it('looks once with --once', async () => {
    const town = await openTown();
    const home = await agentFolder(town);
    const ended = await run(home, 'run', '--once');
    expect(ended.code).toBe(0);
  });
});

describe('sota-runner dead', () => {
  it('lists, shows and redrives what was put aside', { timeout: 60_000 }, async () => {
    const town = await openTown();
    const home = await agentFolder(town);
    expect((await run(home, 'dead')).stdout).toBe('Nothing was put aside\n');
    const job = { kind: 'job', id: 'job_lost', capability: 'x', tags: [], title: null, description: '' } as const;
    const rest = { parameters: {}, expected_schema: null, budget_usdc: 1, feedback: null, estimated_seconds: null };
    const record = newRecord('job/job_lost/0.0', { ...job, ...rest, deadline_at: null, epoch: '0.0' });
    const letters = openDeadLetters(join(home.folder, '.sota-runner-state'));
    const outbox = { result: '"kept"', sha256: 'a'.repeat(64), nonce: 'n', stored_at: new Date().toISOString() };
    await letters.add({ ...record, outbox }, 'It was put aside', '2026-01-01T00:00:00.000Z');
    expect((await run(home, 'dead', 'list')).stdout).toBe('job_lost  2026-01-01T00:00:00.000Z  It was put aside\n');
    expect(JSON.parse((await run(home, 'dead', 'show', 'job_lost')).stdout)).toMatchObject({
      record: { outbox: { result: '"kept"' } },
    });
    expect(await run(home, 'dead', 'show', 'job_other')).toMatchObject({ code: 1 });
    expect(await run(home, 'dead', 'show')).toMatchObject({ code: 2 });
    expect((await run(home, 'dead', 'redrive', 'job_lost')).stdout).toMatch(/when a runner starts here/);
    const worker = start(home, 'run');
    // The marketplace never knew it: that, too, is an end.
    await worker.says(/a dead letter is taken up again.*\n[\s\S]*a delivery came too late job=job_lost/);
    expect(await letters.list()).toEqual([]);
  });
});

describe('sota-runner dev', () => {
  it('takes a saved handler at once, and keeps the old one where the new one is broken', {
    timeout: 60_000,
  }, async () => {
    const handler = (word: string) =>
      `export const agent = { clusters: ['data'], tags: ['data-extraction'] };
       export const dispatch = (job, ctx) => (job.kind === 'test' ? ctx.skeleton() : '${word}');\n`;
    const home = folderWith({}, handler('old'));
    const dev = start(home, 'dev', '--port', '0', '--job-every', '0');
    const [, health] = await dev.says(/curl (\S+)\/invoke/);
    const invoke = async () => (await http('POST', `${health}/invoke`, { body: {} })).body;
    expect(await invoke()).toEqual({ result: 'old' });
    writeFileSync(join(home.folder, 'dispatch.mjs'), handler('new'));
    await dev.says(/dispatch\.mjs is loaded anew/);
    expect(await invoke()).toEqual({ result: 'new' });
    writeFileSync(join(home.folder, 'dispatch.mjs'), 'export const dispatch = ');
    await dev.says(/the old handler stays/);
    expect(await invoke()).toEqual({ result: 'new' });
  });

  it('works at the marketplace of the settings with --no-market', { timeout: 60_000 }, async () => {
    const town = await openTown();
    const dev = start(await agentFolder(town), 'dev', '--no-market', '--port', '0');
    await dev.says(/mode: active/);
    const id = await town.post({ bid_window_seconds: 3 });
    await settled(town, id, 'completed');
    await dev.says(/data-extraction: delivered/);
  });
});
