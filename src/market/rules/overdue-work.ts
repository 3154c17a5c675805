import { OFFLINE_AFTER_SECONDS } from '#contract/states/job.ts';
import type { MarketContext } from '../market-context.ts';
import { findAgent } from '../storage/agents.ts';
import type { Tx } from '../storage/database.ts';
import { type DueDate, schedule } from '../time/due-dates.ts';
import { isUnderWay, LEAST_EXECUTION_MS, OFFLINE_MS } from './deadlines.ts';
import { findJob } from './find-job.ts';
import { giveBack } from './give-back.ts';

/**
 * What happens to work that is late. A due-date that is settled long after it fell due says that the marketplace itself
 * was away, stopped or asleep with its machine. Silence proves nothing then, since nobody was there to be spoken to: the
 * worker gets a fresh chance.
 */
const AWAY_MS = OFFLINE_MS;

/** The winner was silent for 90 s, unless it was seen meanwhile. */
export async function winnerOffline(tx: Tx, context: MarketContext, due: DueDate): Promise<void> {
  const job = await findJob(tx, due.subject);
  if (!job?.winner_agent_id || !isUnderWay(job)) return;
  const now = context.clock.real();
  const winner = await findAgent(tx, job.winner_agent_id);
  const watchedSince = wasAway(due, now) ? now : due.due_at - OFFLINE_MS;
  const silentSince = Math.max(watchedSince, Number(winner?.last_seen_at ?? 0));
  if (silentSince + OFFLINE_MS > now) {
    await schedule(tx, { ...due, due_at: silentSince + OFFLINE_MS });
    return;
  }
  await giveBack(tx, context, job, {
    error_code: 'winner_offline',
    error_message: `The winner gave no sign of life for ${OFFLINE_AFTER_SECONDS} s`,
    retryable: true,
  });
}

/** The work took longer than was promised and reported. */
export async function executionTimeout(tx: Tx, context: MarketContext, due: DueDate): Promise<void> {
  const job = await findJob(tx, due.subject);
  if (job?.status !== 'executing') return;
  const now = context.clock.real();
  if (wasAway(due, now)) {
    // Later than the silence rule would act: a worker that is gone altogether leaves a job for others, not a failed one.
    await schedule(tx, { ...due, due_at: now + OFFLINE_MS + LEAST_EXECUTION_MS });
    return;
  }
  await giveBack(tx, context, job, {
    error_code: 'timeout',
    error_message: 'The work took longer than the bid promised, and no progress was reported in time',
  });
}

function wasAway(due: DueDate, now: number): boolean {
  return now - due.due_at > AWAY_MS;
}
