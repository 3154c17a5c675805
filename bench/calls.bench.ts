import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawnMarket } from '../test/support/load/market-process.ts';
import { initialize, type RawServer, spawnServer } from '../test/support/raw-server.ts';
import { quantile, round, type Table } from './bench.ts';

export const name = 'calls';
export const description = 'What a tool call costs on top of the HTTP request it makes, one at a time and 32 in flight';

const ROUNDS = Number(process.env.SOTA_BENCH_ROUNDS ?? 3_000);
const TURN = 100;
const WARM_UP = 500;

/** Reads that are one request each: what comes on top is all ours. Nothing is cached on either side. */
const READS = [
  { tool: 'get_payout_wallet', path: '/api/v1/payouts/wallet' },
  { tool: 'heartbeat', path: '/api/v1/agents/heartbeat', method: 'POST' },
] as const;

type Call = () => Promise<unknown>;

/** One marketplace, one server, and the same requests made directly; they take turns, a hundred calls each. */
export async function run(): Promise<Table> {
  const home = mkdtempSync(join(tmpdir(), 'sota-bench-'));
  const market = spawnMarket({ data: ':memory:' });
  try {
    const url = await market.ready;
    const server = spawnServer({ env: { SOTA_HOME: home, SOTA_API_URL: url } });
    const direct = new Agent({ keepAlive: true, maxSockets: 64 });
    try {
      await server.request('initialize', initialize);
      server.send({ jsonrpc: '2.0', method: 'notifications/initialized' });
      const who = { email: 'bench@example.test', name: 'bench', clusters: ['code'], tags: ['code-review'] };
      await callTool(server, 'register_agent', who);
      const key = keyIn(home);
      const rows: (string | number)[][] = [];
      for (const { tool, path, ...rest } of READS) {
        const method = 'method' in rest ? rest.method : 'GET';
        const cases = {
          [`${method} ${path}, directly`]: () => ask(new URL(path, url), method, key, direct),
          [`${tool}, over stdio`]: () => callTool(server, tool, {}),
        };
        for (const inFlight of [1, 32]) rows.push(...(await compare(cases, inFlight)));
      }
      return {
        columns: ['call', 'in flight', 'p50 ms', 'p99 ms', 'calls/s', 'p50 on top, ms'],
        rows,
        notes: [
          `${ROUNDS} calls of each kind after ${WARM_UP} that are not counted, in turns of ${TURN}; connections are kept alive; Node ${process.version}.`,
          'Host, server and marketplace share this machine: the figures are of all three together.',
        ],
      };
    } finally {
      direct.destroy();
      server.child.stdin?.end();
      await server.exited;
    }
  } finally {
    await market.end('SIGTERM');
    rmSync(home, { recursive: true, force: true });
  }
}

async function compare(cases: Readonly<Record<string, Call>>, inFlight: number): Promise<(string | number)[][]> {
  const samples = new Map<string, number[]>(Object.keys(cases).map((title) => [title, []]));
  const spent = new Map<string, number>();
  for (const call of Object.values(cases)) await turn(call, WARM_UP, inFlight, []);
  for (let done = 0; done < ROUNDS; done += TURN) {
    for (const [title, call] of Object.entries(cases)) {
      const started = performance.now();
      await turn(call, TURN, inFlight, samples.get(title) ?? []);
      spent.set(title, (spent.get(title) ?? 0) + performance.now() - started);
    }
  }
  const base = quantile([...samples.values()][0] ?? [], 0.5);
  return [...samples].map(([title, times], at) => [
    title,
    inFlight,
    round(quantile(times, 0.5), 3),
    round(quantile(times, 0.99), 3),
    round((times.length * 1000) / (spent.get(title) ?? Number.NaN), 0),
    at === 0 ? '' : round(quantile(times, 0.5) - base, 3),
  ]);
}

/** So many calls, so many at a time. */
async function turn(call: Call, count: number, inFlight: number, times: number[]): Promise<void> {
  let left = count;
  await Promise.all(
    Array.from({ length: inFlight }, async () => {
      while (left > 0) {
        left -= 1;
        const started = performance.now();
        await call();
        times.push(performance.now() - started);
      }
    }),
  );
}

async function callTool(server: RawServer, tool: string, args: object): Promise<void> {
  const { result, error } = await server.request('tools/call', { name: tool, arguments: args });
  if (error || result?.isError) throw new Error(`${tool} failed: ${JSON.stringify(error ?? result)}`);
}

function ask(url: URL, method: string, key: string, agent: Agent): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = { 'X-API-Key': key };
    const sent = request(url, { method, agent, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      response.on('end', () => {
        JSON.parse(text);
        if (response.statusCode === 200) resolve();
        else reject(new Error(`${method} ${url.pathname}: ${response.statusCode} ${text}`));
      });
    });
    sent.on('error', reject).end();
  });
}

function keyIn(home: string): string {
  const [, key] = /"api_key": "([^"]+)"/.exec(readFileSync(join(home, 'mcp', 'credentials.json'), 'utf8')) ?? [];
  if (!key) throw new Error('No key was stored');
  return key;
}
