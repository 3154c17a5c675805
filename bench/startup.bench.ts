import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { quantile, round, type Table } from './bench.ts';

export const name = 'startup';
export const description = 'How long a host waits for the server: from spawning it to its first answers';

const ROUNDS = Math.max(15, Number(process.env.SOTA_BENCH_ROUNDS ?? 0));
const ANSWER_TIMEOUT_MS = 20_000;
const EXIT_TIMEOUT_MS = 3_000;

const SERVER = fileURLToPath(new URL('../dist/sota-mcp.js', import.meta.url));
const RESPONDER = fileURLToPath(new URL('./fixtures/minimal-responder.mjs', import.meta.url));

const BARE = 'node -e 0, spawn to exit';
const MINIMAL = 'minimal responder, spawn to initialize answer';
const INITIALIZE = 'sota-mcp, spawn to initialize answer';
const TOOLS_LIST = 'sota-mcp, spawn to tools/list answer';

/**
 * Every round runs each case once, so a slow moment of the machine falls on all of them alike, and starts with
 * another case than the last, so none always pays for coming first.
 */
export async function run(): Promise<Table> {
  const built = existsSync(SERVER);
  const home = mkdtempSync(join(tmpdir(), 'sota-bench-'));
  const samples = new Map<string, number[]>([BARE, MINIMAL, INITIALIZE, TOOLS_LIST].map((title) => [title, []]));
  const record = (title: string, ms: number) => samples.get(title)?.push(ms);
  const cases = [
    async () => record(BARE, await timeToExit(['-e', '0'], home)),
    async () => record(MINIMAL, (await timeToAnswers([RESPONDER], home, ['initialize']))[0]!),
    async () => {
      if (!built) return;
      const [initialize, toolsList] = await timeToAnswers([SERVER], home, ['initialize', 'tools/list']);
      record(INITIALIZE, initialize!);
      record(TOOLS_LIST, toolsList!);
    },
  ];
  try {
    for (const runCase of cases) await runCase(); // warms the file cache, not counted
    for (const list of samples.values()) list.length = 0;
    for (let number = 0; number < ROUNDS; number += 1) {
      for (const index of cases.keys()) await cases[(number + index) % cases.length]!();
    }
  } finally {
    rmSync(home, { recursive: true, force: true });
  }

  const bare = quantile(samples.get(BARE)!, 0.5);
  const minimal = quantile(samples.get(MINIMAL)!, 0.5);
  const rows = [...samples].map(([title, list]) => {
    if (list.length === 0) return [title, 'not built', '', '', '', ''];
    const median = quantile(list, 0.5);
    const spread = [quantile(list, 0.1), quantile(list, 0.9)].map((ms) => round(ms));
    return [title, round(median), ...spread, round(median / bare, 2), round(median / minimal, 2)];
  });
  return {
    columns: ['case', 'median ms', 'p10', 'p90', 'x bare node', 'x responder'],
    rows,
    notes: [
      `${ROUNDS} interleaved rounds after one that is not counted; an empty SOTA_HOME; Node ${process.version}.`,
      'tools/list is asked as soon as initialize is answered, in the same process.',
    ],
  };
}

async function timeToExit(args: string[], home: string): Promise<number> {
  const started = performance.now();
  const child = spawn(process.execPath, args, { stdio: 'ignore', env: bareEnvironment(home) });
  await once(child, 'exit');
  return performance.now() - started;
}

/** Spawns a server and asks one thing after the other. @returns ms from the spawn to each answer */
async function timeToAnswers(args: string[], home: string, methods: string[]): Promise<number[]> {
  const times: number[] = [];
  const started = performance.now();
  const child = spawn(process.execPath, args, {
    stdio: ['pipe', 'pipe', 'ignore'],
    env: bareEnvironment(home),
  });
  const exited = once(child, 'exit');
  const timeout = setTimeout(() => child.kill('SIGKILL'), ANSWER_TIMEOUT_MS);
  child.stdin.on('error', () => {}); // a server that died shows as a missing answer
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  try {
    for (const [id, method] of methods.entries()) {
      const params = method === 'initialize' ? INITIALIZE_PARAMS : {};
      child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`);
      await answerTo(lines, id, `${args[0]} did not answer ${method}`);
      times.push(performance.now() - started);
      if (method === 'initialize') {
        child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', method: 'notifications/initialized' })}\n`);
      }
    }
  } finally {
    clearTimeout(timeout);
    const stubborn = setTimeout(() => child.kill('SIGKILL'), EXIT_TIMEOUT_MS);
    child.stdin.end();
    await exited;
    clearTimeout(stubborn);
  }
  return times;
}

/**
 * The same for all cases, as some variables (NODE_OPTIONS, extra certificates) cost a start-up time of their own. And
 * not the user's: no account, no state, no heartbeat to anyone's marketplace.
 */
function bareEnvironment(home: string): NodeJS.ProcessEnv {
  return { PATH: process.env.PATH, HOME: home, SOTA_HOME: home };
}

const INITIALIZE_PARAMS = {
  protocolVersion: '2025-06-18',
  capabilities: {},
  clientInfo: { name: 'startup-bench', version: '0.0.0' },
};

async function answerTo(lines: AsyncIterator<string>, id: number, complaint: string): Promise<void> {
  for (;;) {
    const { value, done } = await lines.next();
    if (done) throw new Error(complaint);
    const message = JSON.parse(value);
    if (message.id !== id) continue;
    if (message.error) throw new Error(`${complaint}: ${message.error.message}`);
    return;
  }
}
