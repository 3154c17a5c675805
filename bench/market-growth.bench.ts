import { sql } from 'kysely';
import { type Place, storageOf } from '#market/open-place.ts';
import { type Database, openDatabase } from '#market/storage/database.ts';
import { enrolAgents, type LoadAgent } from '../test/support/load/load-driver.ts';
import { spawnMarket } from '../test/support/load/market-process.ts';
import { quantile, round, type Table } from './bench.ts';
import { benchPlaces } from './market-places.ts';

export const name = 'market-growth';
export const description = 'What looking for jobs and bidding costs as the marketplace fills';

const SIZES = [1_000, 10_000, 100_000];
const CALLS = Math.max(50, Number(process.env.SOTA_BENCH_ROUNDS ?? 100));
const BATCH = 400;
/** The bidder has a tag that one job in ten has. */
const [RARE, COMMON] = ['code-review', 'summarization'];

/** Half of the jobs are open, each with two bids; the other half is over. The same is asked at every size, call by call. */
export async function run(): Promise<Table> {
  const { places, missing } = await benchPlaces();
  const rows: (string | number)[][] = [];
  try {
    for (const { engine, create } of places) {
      const results: Record<string, number[]>[] = [];
      for (const size of SIZES) results.push(await measure(await create(), size));
      for (const step of Object.keys(results[0] ?? {})) {
        const medians = results.map((result) => quantile(result[step] ?? [], 0.5));
        rows.push([
          `${engine}, ${step}`,
          ...medians.map((ms) => round(ms, 2)),
          round(medians.at(-1)! / medians[0]!, 2),
        ]);
      }
    }
  } finally {
    for (const place of places) await place.close();
  }
  return {
    columns: ['call', ...SIZES.map((size) => `${size.toLocaleString('en')} jobs, p50 ms`), 'growth'],
    rows,
    notes: [
      `${CALLS} calls each, one after the other, after ${CALLS} that are not counted; Node ${process.version}.`,
      ...missing,
    ],
  };
}

async function measure(place: Place, size: number): Promise<Record<string, number[]>> {
  const first = spawnMarket(place);
  const agents = await first.ready.then((url) => enrolAgents(url, 4));
  await first.end('SIGTERM');
  const open = await fill(place, agents, size);
  const market = spawnMarket(place);
  try {
    const url = await market.ready;
    const call = caller(url, agents[0]!);
    const middle = await cursorInTheMiddle(call);
    const bid = (job: string) => call('POST', 'agents/bid', { job_id: job, amount_usdc: 2, estimated_seconds: 60 });
    return {
      'list jobs': await times(() => call('GET', 'agents/jobs?limit=20')),
      'list jobs, a later page': await times(() => call('GET', `agents/jobs?limit=20&cursor=${middle}`)),
      bid: await times((i) => bid(open[i]!)),
      'look at a job': await times((i) => call('GET', `agents/jobs/${open[i]!}`)),
    };
  } finally {
    await market.end('SIGKILL');
  }
}

type Call = (method: string, path: string, body?: unknown) => Promise<{ next_cursor?: string }>;

function caller(url: string, agent: LoadAgent): Call {
  return async (method, path, body) => {
    const answer = await fetch(`${url}/api/v1/${path}`, {
      method,
      headers: { 'X-API-Key': agent.key, 'Content-Type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const json = (await answer.json()) as { next_cursor?: string };
    if (answer.status !== 200) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(json)}`);
    return json;
  };
}

/** Pages of every size have one: a third of the way through what the smallest marketplace offers. */
async function cursorInTheMiddle(call: Call): Promise<string> {
  const { next_cursor } = await call('GET', `agents/jobs?limit=${Math.floor(SIZES[0]! / 60)}`);
  return next_cursor ?? '';
}

async function times(run: (i: number) => Promise<unknown>): Promise<number[]> {
  const samples: number[] = [];
  for (let i = 0; i < CALLS * 2; i += 1) {
    const started = performance.now();
    await run(i % CALLS);
    if (i >= CALLS) samples.push(performance.now() - started);
  }
  return samples;
}

/** Writes the jobs straight into the tables, as years of trading would have left them. Returns open ones of the rare tag. */
async function fill(place: Place, agents: readonly LoadAgent[], size: number): Promise<string[]> {
  const { db, shared, close } = await openDatabase(storageOf(place));
  const [, requester, rival, other] = agents;
  const open: string[] = [];
  const now = Date.now();
  for (let from = 0; from < size; from += BATCH) {
    const numbers = Array.from({ length: Math.min(BATCH, size - from) }, (_, i) => from + i);
    const jobs = numbers.map((n) => ({
      id: `job_${n}`,
      seq: n + 1,
      tag: n % 10 < 2 ? RARE! : COMMON!,
      status: n % 2 === 0 ? 'bidding' : 'completed',
    }));
    open.push(...jobs.filter((job) => job.tag === RARE && job.status === 'bidding').map((job) => job.id));
    await db.transaction().execute(async (tx) => {
      await insertJobs(tx, jobs, requester!.id, now);
      const bids = jobs.flatMap((job) => [rival!, other!].map((agent, i) => ({ job, agent, i })));
      await tx
        .insertInto('bids')
        .values(
          bids.map(({ job, agent, i }) => ({
            id: `bid_${job.seq}_${i}`,
            job_id: job.id,
            agent_id: agent.id,
            amount_micro: 3_000_000,
            estimated_seconds: 60,
            status: job.status === 'bidding' ? 'pending' : 'lost',
            created_at: now,
          })),
        )
        .execute();
      await tx
        .insertInto('activity')
        .values(
          bids.map(({ job, agent }) => ({
            agent_id: agent.id,
            event_type: 'bid_placed',
            level: 'info',
            job_id: job.id,
            payload: '{}',
            created_at: now,
          })),
        )
        .execute();
    });
  }
  // A server that was filled over years has seen its tables; this one is shown them. SQLite keeps no statistics by itself.
  if (shared) {
    await sql`select setval(pg_get_serial_sequence('jobs', 'seq'), ${size + 1})`.execute(db);
    await sql`vacuum analyze`.execute(db);
  }
  await close();
  return open;
}

type Job = { id: string; seq: number; tag: string; status: string };

async function insertJobs(
  tx: Pick<Database, 'insertInto'>,
  jobs: readonly Job[],
  requester: string,
  now: number,
): Promise<void> {
  const closesAt = now + 86_400_000;
  await tx
    .insertInto('jobs')
    .values(
      jobs.map(({ id, seq, tag, status }) => ({
        id,
        seq,
        requester_id: requester,
        title: null,
        description: `Job ${seq} of a long history`,
        parameters: '{}',
        tags: JSON.stringify([tag]),
        expected_schema: null,
        budget_micro: 5_000_000,
        status,
        selection: 'manual',
        bid_window_seconds: 86_400,
        bid_window_closes_at: closesAt,
        retry_count: 0,
        revision: 0,
        created_at: now,
      })),
    )
    .execute();
  await tx
    .insertInto('job_tags')
    .values(jobs.map(({ id, seq, tag, status }) => ({ job_id: id, tag, seq, is_open: status === 'bidding' ? 1 : 0 })))
    .execute();
  await tx
    .insertInto('due_dates')
    .values(
      jobs
        .filter(({ status }) => status === 'bidding')
        .map(({ id }) => ({ id: `due_${id}`, kind: 'bid_window', subject: id, clock: 'real', due_at: closesAt })),
    )
    .execute();
}
