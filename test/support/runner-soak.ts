import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { sleep } from '#kit/clock.ts';
import { seededRng } from '#kit/rng.ts';
import type { HandlerContext } from '#runner/handlers/handler-host.ts';
import type { JobView } from '#runner/handlers/job-view.ts';
import { createTestHarness } from '#runner/sdk/test-harness.ts';

export interface SoakPlan {
  readonly hours: number;
  /** Jobs worked on at once. */
  readonly jobs: number;
  /** Shortest and longest job, in minutes. */
  readonly minutes: readonly [number, number];
  /** How long the drain at the end waits. */
  readonly graceMs: number;
}

export interface SoakReport {
  readonly delivered: number;
  /** Jobs under way at the same time: the most, and the fewest after the start. */
  readonly atOnce: { readonly most: number; readonly fewest: number };
  /** Handlers that were told to stop before the drain, jobs that were later than promised, jobs that failed. */
  readonly missed: readonly string[];
  /** Seconds between two looks and between two heartbeats: mean of the first hundred and of the last, and the longest. */
  readonly looks: Pace;
  readonly beats: Pace;
  /** Seconds between two heartbeats while it drained, at most. */
  readonly drainGap: number;
  /** Heap after a collection, in MB, every hour of the harness's time. */
  readonly heapMb: readonly number[];
}

export interface Pace {
  readonly first: number;
  readonly last: number;
  readonly longest: number;
}

const TAG = 'data-extraction';

/** One runner at its ordinary pace with all its hands full, for hours of the harness's time. */
export async function soakRunner({ hours, jobs, minutes, graceMs }: SoakPlan): Promise<SoakReport> {
  const rng = seededRng('soak');
  const harness = await createTestHarness({ rng: () => rng.next() });
  const { clock } = harness;
  const missed: string[] = [];
  const promised = new Map<string, { at: number; seconds: number }>();
  let draining = false;
  let running = 0;
  const secondsFor = (job: JobView) => (job.parameters.minutes as number) * 60;
  const { runner, stop } = await harness.agent('steady', {
    tags: [TAG],
    concurrency: jobs,
    graceMs,
    exports: {
      bidPolicy: { maxConcurrent: jobs },
      bid: (job: JobView) => ({ amount_usdc: 1, estimated_seconds: Math.ceil(secondsFor(job) * 1.1) + 30 }),
      handlers: {
        [TAG]: async (job: JobView, ctx: HandlerContext) => {
          promised.set(job.id, { at: clock.now(), seconds: job.estimated_seconds ?? 0 });
          running += 1;
          try {
            for (const percent of [25, 50, 75, 100]) {
              await sleep((secondsFor(job) * 1000) / 4, { clock, signal: ctx.signal });
              ctx.progress(percent, 'on it');
            }
          } catch (error) {
            if (!draining) missed.push(`${job.id}: ${String(error)}`);
            throw error;
          } finally {
            running -= 1;
          }
          return { did: job.id };
        },
      },
    },
  });
  let delivered = 0;
  const looks = pace(clock.now());
  runner.on((event) => {
    if (event.type === 'polled') looks.note(clock.now());
    if (event.type !== 'settled' || draining) return;
    const promise = promised.get(event.job.id);
    promised.delete(event.job.id);
    const late = !promise || clock.now() > promise.at + promise.seconds * 1000;
    if (event.outcome !== 'delivered' || late) missed.push(`${event.job.id}: ${event.outcome}${late ? ', late' : ''}`);
    delivered += 1;
  });

  const beats = pace(clock.now());
  const noteBeat = () => {
    const at = Date.parse(runner.status().heartbeat.lastSuccessAt ?? '');
    if (at > beats.latest()) beats.note(at);
  };
  let posted = 0;
  let most = 0;
  let fewest = Number.POSITIVE_INFINITY;
  const heapMb: number[] = [];
  for (let minute = 0; minute < hours * 60; minute += 1) {
    // Somebody always has more work than there are hands.
    for (; posted - delivered < jobs * 1.1; posted += 1) {
      const parameters = { minutes: rng.int(minutes[0], minutes[1]) };
      await harness.post({ tags: [TAG], budget_usdc: 2, description: 'Work for a while', parameters });
    }
    for (let second = 0; second < 60; second += 5) {
      await harness.pass(5_000);
      noteBeat();
    }
    most = Math.max(most, running);
    if (minute > 2) fewest = Math.min(fewest, running);
    if (minute % 60 === 59) heapMb.push(collectedHeapMb());
  }

  draining = true;
  const [looked, beaten] = [looks.report(), beats.report()];
  const drain = pace(beats.latest());
  let ended = false;
  // What is closed afterwards takes real time, during which the clock of the harness runs away.
  const ending = Promise.all([runner.drain().then(() => drain.note(clock.now())), stop()]).finally(() => {
    ended = true;
  });
  while (!ended) {
    const at = Date.parse(runner.status().heartbeat.lastSuccessAt ?? '');
    if (at > drain.latest()) drain.note(at);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await ending;
  await harness.close();
  return {
    delivered,
    atOnce: { most, fewest },
    missed,
    looks: looked,
    beats: beaten,
    drainGap: drain.report().longest,
    heapMb,
  };
}

/** Follows how far apart things happen, without keeping every one of them. */
function pace(start: number) {
  const FEW = 100;
  const first: number[] = [];
  const last: number[] = [];
  let latest = start;
  let longest = 0;
  const mean = (gaps: readonly number[]) => gaps.reduce((sum, gap) => sum + gap, 0) / Math.max(1, gaps.length) / 1000;
  return {
    latest: () => latest,
    note(at: number) {
      const gap = at - latest;
      latest = at;
      longest = Math.max(longest, gap);
      if (first.length < FEW) first.push(gap);
      last.push(gap);
      if (last.length > FEW) last.shift();
    },
    report: (): Pace => ({ first: mean(first), last: mean(last), longest: longest / 1000 }),
  };
}

let collect: (() => void) | undefined;

function collectedHeapMb(): number {
  if (!collect) {
    setFlagsFromString('--expose-gc');
    collect = runInNewContext('gc') as () => void;
  }
  collect();
  return Math.round((process.memoryUsage().heapUsed / 2 ** 20) * 10) / 10;
}
