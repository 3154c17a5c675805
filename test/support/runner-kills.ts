import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { seededRng } from '#kit/rng.ts';
import { createMarket } from '#market/market.ts';
import { runnerCrashPoints } from '#runner/crash-point.ts';
import { openFaultyFront } from '#runner/sdk/faulty-front.ts';

export interface KillPlan {
  readonly jobs: number;
  readonly kills: number;
  readonly seed: string;
  /** Share of requests that meet a fault. */
  readonly faults: number;
}

export interface KillReport {
  readonly kills: number;
  readonly jobs: number;
  /** Jobs neither completed nor failed in the end. */
  readonly open: readonly string[];
  readonly delivered: number;
  readonly failed: number;
  /** Runs of a handler after its result was stored, which must not be. */
  readonly rerunAfterStored: readonly string[];
  /** Handler runs in all: more than there were jobs, since what was not stored runs again. */
  readonly runs: number;
  /** How often the marketplace gave a job to the runner and it accepted. */
  readonly assignments: number;
  /** Assignments that did not end exactly once, and jobs for which more reports than assignments were sent. */
  readonly notOnce: readonly string[];
  /** Deaths after a result was stored that left no result on disk. */
  readonly unstored: readonly string[];
  /** Processes that died at each named point, by the clock, and in the middle of a drain. */
  readonly died: Readonly<Record<string, number>>;
  /** Ends that were asked for and took place, between the kills. */
  readonly drains: number;
  /** The longest time without a heartbeat at the marketplace while a process drained. */
  readonly maxDrainGapMs: number;
  readonly violations: readonly string[];
}

/**
 * A runner that is killed again and again, at every named point, at random moments and while it drains, over a network
 * that fails, until all jobs are done.
 */
export async function killRunner({ jobs, kills, seed, faults }: KillPlan): Promise<KillReport> {
  const rng = seededRng(seed);
  const folder = mkdtempSync(join(tmpdir(), 'sota-kill-'));
  const program = join(folder, 'runner-child.mjs');
  await bundleChild(program);
  const market = await createMarket({ file: ':memory:' });
  const watch = watchWire((request) => market.app.fetch(request));
  const front = await openFaultyFront(watch.answer, () => rng.next());
  const post = async (path: string, body: unknown, key?: string): Promise<Record<string, unknown>> => {
    const headers = { 'content-type': 'application/json', ...(key === undefined ? {} : { 'x-api-key': key }) };
    const answer = await market.app.request(path, { method: 'POST', headers, body: JSON.stringify(body) });
    return (await answer.json()) as Record<string, unknown>;
  };
  const register = async (name: string, tag: string) =>
    post('/api/v1/agents/register/simple', {
      email: `${name}@kill.test`,
      password: 'correct horse',
      agent_name: name,
      capabilities: [tag],
    });
  const worker = await register('worker', 'data-extraction');
  await post(`/_local/admin/agents/${worker.agent_id}/activate`, {});
  const requester = await register('requester', 'summarization');
  await post('/_local/fund', { agent_id: requester.agent_id, amount_usdc: 10_000_000 });
  front.faults.rate(faults);

  const ids: string[] = [];
  let done = 0;
  let child: ChildProcess | undefined;
  const statusOf = async () => {
    const rows = await market.db.selectFrom('jobs').select(['id', 'status']).execute();
    return new Map(rows.map(({ id, status }) => [id, status]));
  };
  const remaining = async () => [...(await statusOf())].filter(([, status]) => !ENDED.has(status)).map(([id]) => id);
  const addJobs = async (until: number) => {
    while (ids.length < Math.min(jobs, until)) {
      const body = {
        description: 'Do it',
        budget_usdc: 5,
        tags: ['data-extraction'],
        selection: 'manual',
        bid_window_seconds: 86_400,
      };
      ids.push(String((await post('/api/v1/jobs', body, String(requester.api_key))).id));
    }
  };

  /** The requester takes the first bid on each job as soon as there is one, also on one that was given back. */
  let awarding = true;
  const awards = (async () => {
    while (awarding) {
      const bids = await market.db
        .selectFrom('bids')
        .select(['id', 'job_id'])
        .where('status', '=', 'pending')
        .execute();
      for (const { id, job_id } of bids) {
        await post(`/api/v1/jobs/${job_id}/award`, { bid_id: id }, String(requester.api_key));
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  })();

  const points = [...runnerCrashPoints];
  const died: Record<string, number> = {};
  const unstored: string[] = [];
  let drains = 0;
  let maxDrainGapMs = 0;
  const drain = async (process: ChildProcess, ended: Promise<unknown>) => {
    const asked = Date.now();
    process.kill('SIGTERM');
    await ended;
    maxDrainGapMs = Math.max(maxDrainGapMs, watch.longestGap(asked));
    if (process.signalCode === null) drains += 1;
  };
  for (let round = 0; done < kills && round < 4 * kills; round += 1) {
    await addJobs(Math.ceil(((done + 4) / kills) * jobs));
    // Every point once for certain, then by chance.
    const how = round < points.length ? 0 : rng.next();
    const point = how < 0.7 ? points[round % points.length] : undefined;
    const pass = round < points.length ? 1 : rng.int(1, 3);
    child = startChild(program, [folder, front.url, String(worker.api_key)], point ? `${point}:${pass}` : '');
    const ended = once(child, 'exit');
    // A named point may not be reached when there is little to do: then the clock kills.
    let why = point ?? 'random';
    const after = point ? 4_000 : rng.int(100, 1_500);
    if (how > 0.85) {
      why = 'drain';
      await Promise.race([ended, wait(after)]);
      const timer = setTimeout(() => child?.kill('SIGKILL'), rng.int(1, 3_000));
      await drain(child, ended);
      clearTimeout(timer);
    } else {
      const timer = setTimeout(() => {
        why = 'random';
        child?.kill('SIGKILL');
      }, after);
      await ended;
      clearTimeout(timer);
    }
    if (child.signalCode !== 'SIGKILL') continue;
    if (why === 'result-stored' && !hasOutbox(folder)) unstored.push(`round ${round}`);
    died[why] = (died[why] ?? 0) + 1;
    done += 1;
  }
  await addJobs(jobs);
  front.faults.clear();
  child = startChild(program, [folder, front.url, String(worker.api_key)], '');
  const ended = once(child, 'exit');
  for (let left = await remaining(), waited = 0; left.length > 0 && waited < 1_200; waited += 1) {
    await new Promise((resolve) => setTimeout(resolve, 250));
    left = await remaining();
  }
  await drain(child, ended);
  awarding = false;
  await awards;

  const { runs, rerunAfterStored } = readRuns(join(folder, 'runs.log'));
  const statuses = await statusOf();
  const count = (status: string) => [...statuses.values()].filter((found) => found === status).length;
  const audit = await market.app.request('/_local/audit');
  const report: KillReport = {
    kills: done,
    jobs: ids.length,
    open: await remaining(),
    delivered: count('completed'),
    failed: count('failed'),
    rerunAfterStored,
    runs,
    ...(await countEnds(market, watch.reports)),
    unstored,
    died,
    drains,
    maxDrainGapMs,
    violations: ((await audit.json()) as { violations: string[] }).violations,
  };
  await front.close();
  await market.close();
  rmSync(folder, { recursive: true, force: true });
  return report;
}

const ENDED = new Set(['completed', 'failed']);

function startChild(program: string, args: string[], crash: string): ChildProcess {
  return spawn(process.execPath, [program, ...args], {
    env: { PATH: process.env.PATH ?? '', SOTA_RUNNER_CRASH: crash },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

/** Bundled, because starting from source takes a second for every kill. */
async function bundleChild(outfile: string): Promise<void> {
  await build({
    entryPoints: [fileURLToPath(new URL('./runner-child.ts', import.meta.url))],
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    logLevel: 'warning',
    define: { __SOTA_VERSION__: '"0.0.0"' },
    banner: { js: `import{createRequire as __c}from"node:module";const require=__c(import.meta.url);` },
  });
}

/** Runs that came after "stored" of the same assignment; a result that is on disk must never be worked on again. */
function readRuns(file: string): { runs: number; rerunAfterStored: string[] } {
  const stored = new Set<string>();
  const rerunAfterStored: string[] = [];
  let runs = 0;
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    const [what, id, epoch] = line.split(' ');
    const key = `${id} ${epoch}`;
    if (what === 'stored') stored.add(key);
    if (what !== 'run') continue;
    runs += 1;
    if (stored.has(key)) rerunAfterStored.push(key);
  }
  return { runs, rerunAfterStored };
}

/** What passes between runner and marketplace, behind the faults: only what arrived counts. */
function watchWire(next: (request: Request) => Response | Promise<Response>) {
  const beats: number[] = [];
  /** The keys under which results and failures of a job were handed in. */
  const reports = new Map<string, Set<string>>();
  return {
    reports,
    /** Between then and now. */
    longestGap(from: number) {
      const times = [from, ...beats.filter((at) => at > from), Date.now()];
      return Math.max(0, ...times.slice(1).map((at, index) => at - (times[index] ?? at)));
    },
    async answer(request: Request): Promise<Response> {
      if (request.method !== 'POST') return next(request);
      const { pathname } = new URL(request.url);
      if (pathname.endsWith('/agents/heartbeat')) beats.push(Date.now());
      if (!pathname.endsWith('/agents/deliver')) return next(request);
      const text = await request.text();
      const { job_id } = JSON.parse(text) as { job_id: string };
      const keys = reports.get(job_id) ?? new Set();
      reports.set(job_id, keys.add(request.headers.get('idempotency-key') ?? 'none'));
      return next(new Request(request.url, { method: 'POST', headers: request.headers, body: text }));
    },
  };
}

/**
 * Every acceptance of a job must be followed by one end of it, a delivery or a failure; and as many keys as there were
 * acceptances may have been used for its reports, since a repeated report carries the key of the first.
 */
async function countEnds(
  market: Awaited<ReturnType<typeof createMarket>>,
  reports: ReadonlyMap<string, ReadonlySet<string>>,
): Promise<Pick<KillReport, 'assignments' | 'notOnce'>> {
  const entries = await market.db
    .selectFrom('activity')
    .innerJoin('jobs', 'jobs.id', 'activity.job_id')
    .select(['activity.job_id', 'activity.payload'])
    .where('event_type', '=', 'job_status')
    // Both sides are told of every move.
    .whereRef('activity.agent_id', '=', 'jobs.requester_id')
    .orderBy('activity.id')
    .execute();
  const counts = new Map<string, { accepted: number; ended: number }>();
  for (const { job_id, payload } of entries) {
    const { from, to } = JSON.parse(payload) as { from?: string; to?: string };
    const count = counts.get(String(job_id)) ?? { accepted: 0, ended: 0 };
    counts.set(String(job_id), count);
    if (to === 'executing') count.accepted += 1;
    if (from === 'executing') count.ended += 1;
  }
  const notOnce = [...counts].flatMap(([id, { accepted, ended }]) => {
    const keys = reports.get(id)?.size ?? 0;
    return accepted === ended && keys <= accepted ? [] : [`${id}: ${accepted} accepted, ${ended} ended, ${keys} keys`];
  });
  return { assignments: [...counts.values()].reduce((sum, { accepted }) => sum + accepted, 0), notOnce };
}

function hasOutbox(folder: string): boolean {
  const tasks = join(folder, '.sota-runner-state/tasks');
  return readdirSync(tasks).some((file) => {
    if (!/^[\w-]+\.json$/.test(file)) return false;
    const { outbox } = JSON.parse(readFileSync(join(tasks, file), 'utf8')) as { outbox?: { sha256?: string } };
    return outbox?.sha256 !== undefined;
  });
}

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
