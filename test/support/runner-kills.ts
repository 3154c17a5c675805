import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
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
  /** Deliveries and failures the marketplace recorded for one assignment beyond the first. */
  readonly repeated: readonly string[];
  readonly violations: readonly string[];
}

/**
 * A runner that is killed again and again, at every named point and at random moments, over a network that fails, until
 * all jobs are done.
 */
export async function killRunner({ jobs, kills, seed, faults }: KillPlan): Promise<KillReport> {
  const rng = seededRng(seed);
  const folder = mkdtempSync(join(tmpdir(), 'sota-kill-'));
  const program = join(folder, 'runner-child.mjs');
  await bundleChild(program);
  const market = await createMarket({ file: ':memory:' });
  const front = await openFaultyFront(
    (request) => market.app.fetch(request),
    () => rng.next(),
  );
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
  for (let kill = 0; kill < kills; kill += 1) {
    await addJobs(Math.ceil(((kill + 4) / kills) * jobs));
    const point = rng.next() < 0.7 ? points[kill % points.length] : undefined;
    const crash = point ? `${point}:${rng.int(1, 3)}` : '';
    child = startChild(program, [folder, front.url, String(worker.api_key)], crash);
    const ended = once(child, 'exit');
    // A named point may not be reached when there is little to do: then the clock kills.
    const timer = setTimeout(() => child?.kill('SIGKILL'), point ? 4_000 : rng.int(100, 1_500));
    await ended;
    clearTimeout(timer);
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
  child.kill('SIGTERM');
  await ended;
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
    repeated: await repeatedEnds(market, String(worker.agent_id)),
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

/** Nobody asks for changes here, so a job that the worker's log sees completed twice was delivered twice. */
async function repeatedEnds(market: Awaited<ReturnType<typeof createMarket>>, worker: string): Promise<string[]> {
  const entries = await market.db
    .selectFrom('activity')
    .select(['job_id', 'payload'])
    .where('event_type', '=', 'job_status')
    .where('agent_id', '=', worker)
    .execute();
  const completed = new Map<string, number>();
  for (const { job_id, payload } of entries) {
    if (job_id === null || (JSON.parse(payload) as { to?: string }).to !== 'completed') continue;
    completed.set(job_id, (completed.get(job_id) ?? 0) + 1);
  }
  return [...completed].filter(([, times]) => times > 1).map(([id, times]) => `${id}: delivered ${times} times`);
}
