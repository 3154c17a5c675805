import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { quantile, residentMegabytes, round, type Table } from './bench.ts';
import { installOthers } from './other-servers.ts';

export const name = 'startup';
export const description = 'How long a host waits for a server: from spawning it to its first answers, and to its end';

const ROUNDS = Math.max(15, Number(process.env.SOTA_BENCH_ROUNDS ?? 0));
const ANSWER_TIMEOUT_MS = 60_000;
const EXIT_TIMEOUT_MS = 10_000;
/** After the first answer a server of ours settles in; what it compiled is then kept. */
const SETTLE_MS = 3_000;

const path = (file: string) => fileURLToPath(new URL(file, import.meta.url));
const SERVER = path('../dist/sota-mcp.js');
const RESPONDER = 'hand-written responder';
const NO_CACHE = { NODE_DISABLE_COMPILE_CACHE: '1' };

interface Case {
  readonly title: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** False: has no tools to list. */
  readonly lists?: boolean;
}

const OURS: readonly Case[] = [
  { title: RESPONDER, args: [path('./fixtures/minimal-responder.mjs')], lists: false },
  { title: 'SDK alone, unbundled, 5 tools', args: [path('./fixtures/sdk-server.mjs')] },
  { title: 'sota-mcp, 37 tools', args: [SERVER] },
  { title: 'sota-mcp, its first start', args: [SERVER], env: NO_CACHE },
];

interface Times {
  initialize: number;
  list?: number;
  exit: number;
  megabytes: number;
}

/**
 * Every round starts each server once, so a slow moment of the machine falls on all of them alike, and begins with
 * another one than the last, so none always pays for coming first.
 */
export async function run(): Promise<Table> {
  const { servers, node, missing } = await installOthers();
  const home = mkdtempSync(join(tmpdir(), 'sota-bench-'));
  const cases = [...OURS, ...servers];
  try {
    const rows = await measureOn(process.execPath, cases, home);
    if (node) rows.push(...(await measureOn(node, cases, home)));
    return {
      columns: [
        'server',
        'node',
        'initialize, ms',
        'p10',
        'p90',
        'x responder',
        'tools/list, ms',
        'exit, ms',
        'RSS MB',
      ],
      rows,
      notes: [
        `${ROUNDS} interleaved rounds, medians. From spawn to the answer to initialize; tools/list is asked right after, in the same process.`,
        'exit: from the end of stdin to the end of the process. RSS: resident size at the answer to initialize, on Linux only.',
        'first start: with nothing kept of what an earlier start compiled (NODE_DISABLE_COMPILE_CACHE=1).',
        ...missing,
      ],
    };
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

async function measureOn(node: string, cases: readonly Case[], home: string): Promise<(string | number)[][]> {
  const samples = new Map<string, Times[]>(cases.map(({ title }) => [title, []]));
  // Not counted: warms the file cache, and lets servers that keep something keep it.
  for (const each of cases) await start(node, each, home, SETTLE_MS);
  for (let number = 0; number < ROUNDS; number += 1) {
    for (const index of cases.keys()) {
      const each = cases[(number + index) % cases.length];
      if (each) samples.get(each.title)?.push(await start(node, each, home));
    }
  }
  const median = (title: string, pick: (times: Times) => number | undefined) =>
    quantile(
      (samples.get(title) ?? []).map(pick).filter((value): value is number => value !== undefined),
      0.5,
    );
  const version = await versionOf(node);
  const responder = median(RESPONDER, ({ initialize }) => initialize);
  return cases.map(({ title, lists = true }) => {
    const spread = (samples.get(title) ?? []).map(({ initialize }) => initialize);
    const initialize = median(title, (times) => times.initialize);
    return [
      title,
      version,
      round(initialize),
      round(quantile(spread, 0.1)),
      round(quantile(spread, 0.9)),
      round(initialize / responder, 2),
      lists ? round(median(title, ({ list }) => list)) : '',
      round(median(title, ({ exit }) => exit)),
      round(median(title, ({ megabytes }) => megabytes)),
    ];
  });
}

async function start(node: string, { title, args, env, lists = true }: Case, home: string, stay = 0): Promise<Times> {
  const started = performance.now();
  const child = spawn(node, args, {
    stdio: ['pipe', 'pipe', 'ignore'],
    // The same for all, and not the user's: variables such as NODE_OPTIONS cost a start-up time of their own.
    env: { PATH: process.env.PATH, HOME: home, SOTA_HOME: home, ...env },
  });
  const exited = once(child, 'exit');
  const timeout = setTimeout(() => child.kill('SIGKILL'), ANSWER_TIMEOUT_MS);
  child.stdin.on('error', () => {}); // a server that died shows as a missing answer
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ask = async (id: number, method: string, params: object) => {
    child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`);
    await answerTo(lines, id, `${title} did not answer ${method}`);
    return performance.now() - started;
  };
  const times: Times = { initialize: 0, exit: 0, megabytes: 0 };
  try {
    times.initialize = await ask(0, 'initialize', INITIALIZE);
    times.megabytes = residentMegabytes(child.pid ?? 0);
    child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', method: 'notifications/initialized' })}\n`);
    if (lists) times.list = await ask(1, 'tools/list', {});
    if (stay > 0) await new Promise((resolve) => setTimeout(resolve, stay));
  } finally {
    clearTimeout(timeout);
    const stubborn = setTimeout(() => child.kill('SIGKILL'), EXIT_TIMEOUT_MS);
    const ended = performance.now();
    child.stdin.end();
    await exited;
    times.exit = performance.now() - ended;
    clearTimeout(stubborn);
  }
  return times;
}

const INITIALIZE = {
  protocolVersion: '2025-06-18',
  capabilities: {},
  clientInfo: { name: 'startup-bench', version: '0.0.0' },
};

async function answerTo(lines: AsyncIterator<string>, id: number, complaint: string): Promise<void> {
  for (;;) {
    const { value, done } = await lines.next();
    if (done) throw new Error(complaint);
    if (!value.startsWith('{')) continue; // some print greetings to stdout
    const message = JSON.parse(value);
    if (message.id !== id) continue;
    if (message.error) throw new Error(`${complaint}: ${message.error.message}`);
    return;
  }
}

async function versionOf(node: string): Promise<string> {
  const child = spawn(node, ['--version'], { stdio: ['ignore', 'pipe', 'ignore'] });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (part: string) => {
    text += part;
  });
  await once(child, 'close');
  return text.trim();
}
