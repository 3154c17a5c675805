import { fileURLToPath } from 'node:url';
import { vi } from 'vitest';
import { spawnMarket } from './load/market-process.ts';
import { temporaryHome } from './mcp-clients.ts';
import { initialize, spawnServer } from './raw-server.ts';

/** What the server process holds, after its garbage was collected. */
export interface Held {
  /** Bytes. */
  readonly rss: number;
  /** Bytes. */
  readonly heapUsed: number;
  readonly timers: number;
  readonly listeners: number;
}

export interface SoakReport {
  readonly calls: number;
  readonly perSecond: number;
  /** Median of a tenth of all calls, in milliseconds: the first tenth is left to the compiler. */
  readonly p50: readonly number[];
  /** At the end of each tenth. */
  readonly held: readonly Held[];
}

const REPORTER = fileURLToPath(new URL('./report-resources.mjs', import.meta.url));
const TENTHS = 10;
/** Reads, a refusal, and a call that writes: what a server does all day. */
const CALLS = [
  { name: 'get_payout_wallet', arguments: {} },
  { name: 'heartbeat', arguments: {} },
  { name: 'list_jobs', arguments: {} },
  { name: 'get_job', arguments: { job_id: 'job_unknown' } },
  { name: 'bid', arguments: { job_id: 5 } },
  { name: 'read_doc', arguments: { topic: 'sandbox' } },
];

/** Calls tools of one server process over and over, so many in flight, and looks at what it holds ten times. */
export async function soakCalls({ calls, inFlight }: { calls: number; inFlight: number }): Promise<SoakReport> {
  const home = temporaryHome();
  const market = spawnMarket({ data: ':memory:' });
  try {
    const env = { SOTA_HOME: home.path, SOTA_API_URL: await market.ready };
    const server = spawnServer({ env }, ['--expose-gc', '--import', REPORTER]);
    await server.request('initialize', initialize);
    server.send({ jsonrpc: '2.0', method: 'notifications/initialized' });
    const who = { email: 'soak@example.test', name: 'soak', clusters: ['code'], tags: ['code-review'] };
    await server.request('tools/call', { name: 'register_agent', arguments: who });
    const p50: number[] = [];
    const held: Held[] = [];
    const started = performance.now();
    for (let tenth = 0; tenth < TENTHS; tenth += 1) {
      const times = await callMany(server.request, Math.ceil(calls / TENTHS), inFlight);
      p50.push(times.toSorted((a, b) => a - b)[times.length >> 1] ?? Number.NaN);
      server.child.kill('SIGUSR2');
      held.push(
        await vi.waitFor(
          () => {
            const reports = server.stderr().match(/(?<=RESOURCES ).*/g) ?? [];
            if (reports.length <= tenth) throw new Error('No report yet');
            return JSON.parse(reports[tenth] ?? '') as Held;
          },
          { timeout: 30_000 },
        ),
      );
      // A host reads its answers and forgets them.
      server.lines.length = 0;
    }
    const perSecond = (calls * 1000) / (performance.now() - started);
    server.child.stdin?.end();
    await server.exited;
    return { calls, perSecond, p50, held };
  } finally {
    await market.end('SIGKILL');
    home.remove();
  }
}

type Request = ReturnType<typeof spawnServer>['request'];

async function callMany(request: Request, count: number, inFlight: number): Promise<number[]> {
  const times: number[] = [];
  let next = 0;
  await Promise.all(
    Array.from({ length: inFlight }, async () => {
      while (next < count) {
        const params = CALLS[next++ % CALLS.length];
        const started = performance.now();
        const { result, error } = await request('tools/call', params);
        if (error || !result) throw new Error(`${params?.name}: ${JSON.stringify(error)}`);
        times.push(performance.now() - started);
      }
    }),
  );
  return times;
}
