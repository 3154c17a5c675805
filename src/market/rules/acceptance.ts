import { usdcNumber } from '#kit/money.ts';
import type { MarketContext } from '../market-context.ts';
import type { AgentRow } from '../storage/agents.ts';
import type { Tx } from '../storage/database.ts';
import { micro } from '../storage/rows.ts';
import { stopReleaseClocks } from './deadlines.ts';
import { type EscrowRow, escrowOfJob, moveEscrow, openEscrow, releaseEscrow } from './escrow.ts';
import { findJob, type JobRow, postedJob } from './find-job.ts';
import { moveJob, refuseMove } from './job-status.ts';
import { refuse } from './refuse.ts';
import { REPUTATION_POINTS } from './reputation.ts';

/** The worst rating that still pays; below it a judge decides. */
export const PAYING_RATING = 3;

export interface Acceptance {
  readonly rating?: number | undefined;
  readonly result_hash?: string | undefined;
}

/**
 * The requester's verdict on a delivery. From 3 stars on, or without any, the escrow is released; 1 and 2 open a
 * dispute. Saying the same again answers the same; saying otherwise afterwards is refused.
 * @throws Refusal delivery_changed, invalid_state
 */
export async function acceptDelivery(
  tx: Tx,
  context: MarketContext,
  agent: AgentRow,
  jobId: string,
  { rating, result_hash: reviewed }: Acceptance,
) {
  const job = await postedJob(tx, agent, jobId);
  if (reviewed !== undefined && job.result_hash !== null && reviewed.toLowerCase() !== job.result_hash) {
    refuse('delivery_changed', 'The delivery is not the one that was reviewed; read it again and decide anew', {
      job_id: jobId,
      result_hash: job.result_hash,
      revision: job.revision,
    });
  }
  const escrow = await escrowOfJob(tx, jobId);
  if (!escrow || (job.status !== 'completed' && job.status !== 'disputed')) {
    refuseMove(job, `A job that is ${job.status} has no delivery to accept`);
  }
  if (escrow.status !== 'delivered') {
    if (job.rating === (rating ?? null)) return answer(job, escrow);
    refuseMove(job, 'This delivery was decided on already', { escrow_status: escrow.status, rating: job.rating });
  }
  return settleDelivery(tx, context, job, escrow, rating);
}

async function settleDelivery(
  tx: Tx,
  context: MarketContext,
  job: JobRow,
  escrow: EscrowRow,
  rating: number | undefined,
) {
  const at = context.clock.real();
  await stopReleaseClocks(tx, job.id);
  const patch = { rating: rating ?? null, auto_confirm_at: null };
  if (rating !== undefined) await addRating(tx, escrow.worker_id, rating);
  if (rating !== undefined && rating < PAYING_RATING) {
    const moved = await moveJob(tx, context, job, 'dispute', { at, patch, payload: { rating } });
    return answer(moved, await moveEscrow(tx, escrow, 'dispute'));
  }
  await tx.updateTable('jobs').set(patch).where('id', '=', job.id).execute();
  return answer({ ...job, ...patch }, await releaseEscrow(tx, escrow, REPUTATION_POINTS.released, at));
}

function answer(job: JobRow, escrow: EscrowRow) {
  const paid = escrow.status === 'released';
  const [gross, fee] = [micro(escrow.amount_micro), micro(escrow.fee_micro)];
  return {
    job_id: job.id,
    status: job.status,
    escrow_status: escrow.status as 'released' | 'disputed' | 'refunded',
    rating: job.rating,
    escrow_usdc: usdcNumber(gross),
    /** What the worker gets; with the fee it makes up the escrow. */
    released_usdc: paid ? usdcNumber(gross - fee) : 0,
    fee_usdc: paid ? usdcNumber(fee) : 0,
  };
}

async function addRating(tx: Tx, agentId: string, rating: number): Promise<void> {
  await tx
    .updateTable('agents')
    .set((e) => ({ rating_sum: e('rating_sum', '+', rating), rating_count: e('rating_count', '+', 1) }))
    .where('id', '=', agentId)
    .execute();
}

/**
 * Sends a delivery back with feedback. The worker keeps the job and its escrow; the 24 hours start again with the next
 * delivery. The rejected result stays readable until then.
 * @throws Refusal invalid_state once the escrow is released or disputed
 */
export async function requestChanges(tx: Tx, context: MarketContext, agent: AgentRow, jobId: string, feedback: string) {
  const job = await postedJob(tx, agent, jobId);
  const escrow = await escrowOfJob(tx, jobId);
  if (job.status !== 'completed' || escrow?.status !== 'delivered') {
    refuseMove(job, 'Changes can be requested on a delivery whose escrow is not released yet', {
      escrow_status: escrow?.status ?? null,
    });
  }
  const revision = job.revision + 1;
  await moveEscrow(tx, escrow, 'reopen', { result_hash: null });
  await stopReleaseClocks(tx, jobId);
  const moved = await moveJob(tx, context, job, 'request_changes', {
    at: context.clock.real(),
    patch: { revision, feedback, auto_confirm_at: null, progress_percent: null },
    payload: { feedback, revision },
  });
  return { job_id: jobId, status: moved.status, revision };
}

/**
 * A day has passed without a word from the requester: the delivery counts as accepted, without a rating. The safety net
 * of 72 hours does the same to whatever escrow the day somehow left open.
 */
export async function autoConfirm(tx: Tx, context: MarketContext, jobId: string): Promise<void> {
  const job = await findJob(tx, jobId);
  if (job?.status !== 'completed') return;
  const escrow = await openEscrow(tx, job);
  if (escrow.status === 'delivered') await settleDelivery(tx, context, job, escrow, undefined);
}
