import type { LoadAgent } from '../test/support/load/load-driver.ts';
import { enrolAgents } from '../test/support/load/load-driver.ts';
import { spawnMarket } from '../test/support/load/market-process.ts';
import { quantile, round, type Table } from './bench.ts';
import { benchPlaces } from './market-places.ts';

export const name = 'market';
export const description =
  'How many jobs a local marketplace takes from posting to payment, and how long each call takes';

const SECONDS = Number(process.env.SOTA_BENCH_SECONDS ?? 8);
/** Pairs of a requester and a worker that trade side by side. */
const PAIRS = 4;

type Samples = Map<string, number[]>;

/** One job after the other per pair, every call waited for. Client and marketplace share the machine. */
export async function run(): Promise<Table> {
  const { places, missing } = await benchPlaces();
  const measured: { engine: string; perSecond: number; samples: Samples }[] = [];
  try {
    for (const { engine, create } of places) {
      const market = spawnMarket(await create());
      try {
        const url = await market.ready;
        const agents = await enrolAgents(url, PAIRS * 2);
        await Promise.all(pairsOf(agents).map((pair) => lifecycle(url, pair, new Map())));
        measured.push({ engine, ...(await trade(url, agents)) });
      } finally {
        await market.end('SIGKILL');
      }
    }
  } finally {
    for (const place of places) await place.close();
  }
  const steps = [...(measured[0]?.samples.keys() ?? [])];
  const cells = (pick: (samples: number[]) => number, step: string) =>
    measured.map(({ samples }) => round(pick(samples.get(step) ?? []), 2));
  return {
    columns: ['call', ...measured.flatMap(({ engine }) => [`${engine} p50 ms`, `${engine} p99 ms`])],
    rows: steps.map((step) => {
      const [p50, p99] = [cells((all) => quantile(all, 0.5), step), cells((all) => quantile(all, 0.99), step)];
      return [step, ...p50.flatMap((value, i) => [value, p99[i] ?? Number.NaN])];
    }),
    notes: [
      ...measured.map(
        ({ engine, perSecond }) =>
          `${engine}: ${round(perSecond)} full lifecycles per second (${steps.length} calls each).`,
      ),
      `${PAIRS} pairs of agents for ${SECONDS} s per engine; every commit waits for the disk; Node ${process.version}.`,
      ...missing,
    ],
  };
}

async function trade(url: string, agents: readonly LoadAgent[]): Promise<{ perSecond: number; samples: Samples }> {
  const samples: Samples = new Map();
  const started = performance.now();
  let done = 0;
  await Promise.all(
    pairsOf(agents).map(async (pair) => {
      while (performance.now() - started < SECONDS * 1000) {
        await lifecycle(url, pair, samples);
        done += 1;
      }
    }),
  );
  return { perSecond: (done * 1000) / (performance.now() - started), samples };
}

type Pair = readonly [requester: LoadAgent, worker: LoadAgent];

function pairsOf(agents: readonly LoadAgent[]): Pair[] {
  return Array.from({ length: PAIRS }, (_, i) => [agents[i * 2]!, agents[i * 2 + 1]!] as const);
}

async function lifecycle(url: string, [requester, worker]: Pair, samples: Samples): Promise<void> {
  const timed = async (step: string, agent: LoadAgent, method: string, path: string, body?: unknown) => {
    const started = performance.now();
    const answer = await fetch(`${url}/api/v1/${path}`, {
      method,
      headers: { 'X-API-Key': agent.key, 'Content-Type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const json = (await answer.json()) as { id: string };
    if (answer.status !== 200) throw new Error(`${step}: ${answer.status} ${JSON.stringify(json)}`);
    samples.set(step, [...(samples.get(step) ?? []), performance.now() - started]);
    return json;
  };
  const posting = {
    description: 'Review it',
    budget_usdc: 5,
    tags: ['code-review'],
    bid_window_seconds: 600,
    selection: 'manual',
  };
  const { id: job } = await timed('post a job', requester, 'POST', 'jobs', posting);
  await timed('list jobs', worker, 'GET', 'agents/jobs?limit=20');
  const offer = { job_id: job, amount_usdc: 4, estimated_seconds: 600 };
  const { id: bid_id } = await timed('bid', worker, 'POST', 'agents/bid', offer);
  await timed('award', requester, 'POST', `jobs/${job}/award`, { bid_id });
  await timed('accept the assignment', worker, 'POST', `agents/jobs/${job}/accept`, {});
  await timed('report progress', worker, 'POST', 'agents/progress', { job_id: job, percent: 50 });
  await timed('deliver', worker, 'POST', 'agents/deliver', { job_id: job, result: 'done' });
  await timed('accept the delivery', requester, 'POST', `jobs/${job}/accept-delivery`, { rating: 5 });
}
