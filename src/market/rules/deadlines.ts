import { AUTO_CONFIRM_HOURS, AUTO_RELEASE_FLOOR_HOURS, OFFLINE_AFTER_SECONDS } from '#contract/states/job.ts';
import type { MarketContext } from '../market-context.ts';
import type { Tx } from '../storage/database.ts';
import { dueAt, schedule, unschedule } from '../time/due-dates.ts';
import type { JobRow } from './find-job.ts';

/**
 * What a job waits for once it has a winner, as due-dates:
 *
 *   winner_offline     real     90 s after the winner was last seen, while it holds the job    → requeued, or failed
 *   execution_timeout  real     max(2 × estimate, 60 s) after the acceptance; every report of  → failed, `timeout`
 *                               progress makes it at least max(estimate, 60 s) from then
 *   auto_confirm       virtual  24 h after a delivery                                           → released
 *   auto_release       virtual  72 h after a delivery: the safety net under auto_confirm        → released
 *
 * The first two are set and removed by the move of the job itself (`watchWork`), so no way into or out of work can
 * forget them. `winner_offline` is not moved by every sign of life: when it falls due it looks when the winner was last
 * seen, and waits again from there.
 * What happens when one of them falls due stands in overdue-work.ts and acceptance.ts.
 */
export const OFFLINE_MS = OFFLINE_AFTER_SECONDS * 1000;
export const AUTO_CONFIRM_MS = AUTO_CONFIRM_HOURS * 3_600_000;
export const AUTO_RELEASE_MS = AUTO_RELEASE_FLOOR_HOURS * 3_600_000;
export const LEAST_EXECUTION_MS = 60_000;

/** How long work may take before the first report: twice what was promised, and never less than a minute. */
export function executionMs(estimatedSeconds: number): number {
  return Math.max(2 * estimatedSeconds * 1000, LEAST_EXECUTION_MS);
}

/** What a report of progress gives from the moment it comes. */
export function extensionMs(estimatedSeconds: number): number {
  return Math.max(estimatedSeconds * 1000, LEAST_EXECUTION_MS);
}

/** Whether a winner holds the job and owes a delivery. */
export function isUnderWay(job: JobRow): boolean {
  return job.status === 'assigned' || job.status === 'executing';
}

/** Sets or removes the deadlines of work, after a move from `before` to `job`. */
export async function watchWork(tx: Tx, before: JobRow, job: JobRow, at: number): Promise<void> {
  if (!isUnderWay(job)) {
    if (!isUnderWay(before)) return;
    await unschedule(tx, 'winner_offline', job.id);
    await unschedule(tx, 'execution_timeout', job.id);
    return;
  }
  const alreadyWatched = before.status === 'assigned';
  if (!alreadyWatched)
    await schedule(tx, { kind: 'winner_offline', subject: job.id, clock: 'real', due_at: at + OFFLINE_MS });
  if (job.status !== 'executing') return;
  const estimate = await estimateOf(tx, job);
  if (estimate === undefined) return;
  await schedule(tx, {
    kind: 'execution_timeout',
    subject: job.id,
    clock: 'real',
    due_at: at + executionMs(estimate),
  });
}

/** A report of progress: work that moves is not cut off. Never shortens what is left. */
export async function extendExecution(tx: Tx, job: JobRow, at: number): Promise<void> {
  const [estimate, due] = [await estimateOf(tx, job), await dueAt(tx, 'execution_timeout', job.id)];
  if (estimate === undefined || due === undefined) return;
  const extended = at + extensionMs(estimate);
  if (extended > due)
    await schedule(tx, { kind: 'execution_timeout', subject: job.id, clock: 'real', due_at: extended });
}

async function estimateOf(tx: Tx, job: JobRow): Promise<number | undefined> {
  if (job.winner_bid_id === null) return undefined;
  const bid = await tx
    .selectFrom('bids')
    .select('estimated_seconds')
    .where('id', '=', job.winner_bid_id)
    .executeTakeFirst();
  return bid?.estimated_seconds;
}

/** Starts the requester's day after a delivery. Returns the moment, in virtual time, at which it counts as accepted. */
export async function startReleaseClocks(tx: Tx, context: MarketContext, jobId: string): Promise<number> {
  const delivered = context.clock.virtual();
  for (const [kind, ms] of [
    ['auto_confirm', AUTO_CONFIRM_MS],
    ['auto_release', AUTO_RELEASE_MS],
  ] as const) {
    await schedule(tx, { kind, subject: jobId, clock: 'virtual', due_at: delivered + ms });
  }
  return delivered + AUTO_CONFIRM_MS;
}

/** The requester has spoken. */
export async function stopReleaseClocks(tx: Tx, jobId: string): Promise<void> {
  await unschedule(tx, 'auto_confirm', jobId);
  await unschedule(tx, 'auto_release', jobId);
}
