import { MAX_JOB_RETRIES } from '#contract/states/job.ts';
import { usdcNumber } from '#kit/money.ts';
import type { MarketContext } from '../market-context.ts';
import type { Tx } from '../storage/database.ts';
import { balanceOf, spendingOf } from '../storage/ledger.ts';
import { micro } from '../storage/rows.ts';
import { bidsOf, moveBid } from './bid-status.ts';
import { openWindow } from './bid-window.ts';
import { openEscrow, refundEscrow } from './escrow.ts';
import type { JobRow } from './find-job.ts';
import { holdBudget } from './hold.ts';
import { moveJob, refuseMove } from './job-status.ts';
import { addReputation, REPUTATION_POINTS } from './reputation.ts';

export interface Failure {
  readonly error_code: string;
  readonly error_message: string;
  readonly retryable?: boolean | undefined;
  readonly partial_result?: string | null | undefined;
}

/** What a requeue forgets: the next worker starts from nothing. */
const FRESH = {
  winner_agent_id: null,
  winner_bid_id: null,
  accepted_at: null,
  progress_percent: null,
  result: null,
  result_hash: null,
  delivered_at: null,
  feedback: null,
} as const;

/**
 * An assignment ends without a delivery, whoever noticed. The requester gets the escrow back and the worker loses
 * reputation. If another try may help, and tries are left, the job goes back to bidding with its whole budget held
 * again; should the requester have spent that money meanwhile, the job fails instead, for nobody must bid on a job that
 * could not be paid.
 * @throws Refusal invalid_state where no assignment is under way
 */
export async function giveBack(tx: Tx, context: MarketContext, job: JobRow, failure: Failure) {
  if (job.status !== 'assigned' && job.status !== 'executing') {
    refuseMove(job, `A job that is ${job.status} cannot be given back`);
  }
  const at = context.clock.real();
  const escrow = await openEscrow(tx, job);
  const refunded = await refundEscrow(tx, escrow, at);
  await addReputation(tx, escrow.worker_id, REPUTATION_POINTS.failed);
  const { error_code, error_message, retryable = false, partial_result } = failure;
  const payload = { error_code, error_message, retryable, refunded_usdc: usdcNumber(refunded) };

  if (retryable && job.retry_count < MAX_JOB_RETRIES && (await canHoldAgain(tx, job))) {
    await holdBudget(tx, job, at);
    for (const bid of await bidsOf(tx, job.id, ['pending', 'won', 'lost'])) await moveBid(tx, bid, 'clear');
    const retryCount = job.retry_count + 1;
    const patch = { ...FRESH, retry_count: retryCount };
    await openWindow(tx, context, job, 'requeue', { at, patch, payload: { ...payload, retry_count: retryCount } });
    return { status: 'requeued', retry_count: retryCount };
  }
  const result = partial_result ?? null;
  await moveJob(tx, context, job, 'fail', {
    at,
    patch: { error_code, error_message, result, result_hash: null },
    payload,
  });
  return { status: 'failed', retry_count: job.retry_count };
}

async function canHoldAgain(tx: Tx, job: JobRow): Promise<boolean> {
  return (await balanceOf(tx, spendingOf(job.requester_id))) >= micro(job.budget_micro);
}
