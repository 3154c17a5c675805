import type { Selectable, Updateable } from 'kysely';
import { legalEvents, nextState } from '#contract/states/define-machine.ts';
import { type EscrowEvent, type EscrowStatus, escrowMachine, PLATFORM_FEE_BPS } from '#contract/states/escrow.ts';
import { type Micro, shareOf, usdcNumber } from '#kit/money.ts';
import type { MarketContext } from '../market-context.ts';
import { record } from '../storage/activity.ts';
import type { Tx } from '../storage/database.ts';
import { newId } from '../storage/ids.ts';
import { earningsOf, escrowOf, FEES, holdOf, spendingOf, transfer } from '../storage/ledger.ts';
import { micro } from '../storage/rows.ts';
import type { EscrowTable } from '../storage/schema.ts';
import type { BidRow } from './bid-status.ts';
import { findJob, type JobRow } from './find-job.ts';
import { releaseHold } from './hold.ts';
import { refuseMove } from './job-status.ts';
import { refuse } from './refuse.ts';
import { addReputation, REPUTATION_POINTS } from './reputation.ts';

/**
 * Where the money of a job is. Posting holds the whole budget (`hold:<job>`); an award locks the winning bid in an
 * escrow of its own (`escrow:<job>`) and gives the rest back at once. From then on the escrow's state machine decides,
 * and there are two ways out only: released (worker and fee) or refunded (requester). A job that goes back to bidding
 * ends its escrow by a refund and gets a new one with its next winner, so a job may have several, one of them open.
 */
export type EscrowRow = Selectable<EscrowTable>;

const OPEN: readonly EscrowStatus[] = ['funded', 'delivered', 'disputed'];

/** What the platform keeps of a winning bid: 10 %, rounded down, so that rounding never costs the worker. */
export function feeOf(amount: Micro): Micro {
  return shareOf(amount, PLATFORM_FEE_BPS);
}

/** Locks the winning bid and gives the rest of the budget back. */
export async function fundEscrow(tx: Tx, job: JobRow, bid: BidRow, at: number): Promise<EscrowRow> {
  const amount = micro(bid.amount_micro);
  await transfer(tx, { from: holdOf(job.id), to: escrowOf(job.id), amount, kind: 'escrow', at, jobId: job.id });
  await releaseHold(tx, job, at);
  const [last] = await escrowsOf(tx, job.id);
  const row: EscrowRow = {
    id: newId('esc'),
    job_id: job.id,
    requester_id: job.requester_id,
    worker_id: bid.agent_id,
    amount_micro: amount,
    fee_micro: feeOf(amount),
    status: escrowMachine.initial,
    result_hash: null,
    // Two winners within one millisecond still come one after the other: the time is what orders a job's escrows.
    created_at: last ? Math.max(at, Number(last.created_at) + 1) : at,
    settled_at: null,
  };
  await tx.insertInto('escrows').values(row).execute();
  return row;
}

/** The escrow of a job that counts: the open one, which is always the last, or else the one settled last. */
export async function escrowOfJob(tx: Tx, jobId: string): Promise<EscrowRow | undefined> {
  return (await escrowsOf(tx, jobId))[0];
}

async function escrowsOf(tx: Tx, jobId: string): Promise<EscrowRow[]> {
  return tx.selectFrom('escrows').selectAll().where('job_id', '=', jobId).orderBy('created_at', 'desc').execute();
}

/** @throws Error where there is none: a job with a worker under way always has one. */
export async function openEscrow(tx: Tx, job: JobRow): Promise<EscrowRow> {
  const escrow = await escrowOfJob(tx, job.id);
  if (!escrow || !OPEN.includes(escrow.status as EscrowStatus)) throw new Error(`Job ${job.id} has no open escrow`);
  return escrow;
}

/**
 * Moves an escrow along its state machine; the money is moved by whoever calls.
 * @throws Refusal invalid_state
 */
export async function moveEscrow(
  tx: Tx,
  escrow: EscrowRow,
  event: EscrowEvent,
  patch: Omit<Updateable<EscrowTable>, 'id' | 'status'> = {},
): Promise<EscrowRow> {
  const from = escrow.status as EscrowStatus;
  const to = nextState(escrowMachine, from, event);
  if (!to) {
    refuse('invalid_state', `An escrow that is ${from} cannot ${event}`, {
      job_id: escrow.job_id,
      status: from,
      allowed: legalEvents(escrowMachine, from),
    });
  }
  await tx
    .updateTable('escrows')
    .set({ ...patch, status: to })
    .where('id', '=', escrow.id)
    .execute();
  return { ...escrow, ...patch, status: to } as EscrowRow;
}

/** Pays the worker, less the fee. `points` is what the delivery earns in reputation. */
export async function releaseEscrow(tx: Tx, escrow: EscrowRow, points: number, at: number): Promise<EscrowRow> {
  const released = await moveEscrow(tx, escrow, 'release', { settled_at: at });
  const [gross, fee] = [micro(escrow.amount_micro), micro(escrow.fee_micro)];
  const net = gross - fee;
  const { job_id: jobId, worker_id: worker } = escrow;
  const from = escrowOf(jobId);
  await transfer(tx, { from, to: earningsOf(worker), amount: net, kind: 'release', at, jobId });
  await transfer(tx, { from, to: FEES, amount: fee, kind: 'fee', at, jobId });
  await tx
    .insertInto('payouts')
    .values({
      id: newId('pay'),
      agent_id: worker,
      type: 'earning',
      amount_micro: net,
      gross_micro: gross,
      fee_micro: fee,
      job_id: jobId,
      address: null,
      tx_signature: null,
      status: 'completed',
      created_at: at,
    })
    .execute();
  await addReputation(tx, worker, points);
  await tx
    .updateTable('agents')
    .set((eb) => ({ jobs_completed: eb('jobs_completed', '+', 1) }))
    .where('id', '=', worker)
    .execute();
  const payload = { amount_usdc: usdcNumber(net), gross_usdc: usdcNumber(gross), fee_usdc: usdcNumber(fee) };
  await record(tx, { agentId: worker, type: 'payout_released', jobId, payload, at, event: 'payout.released' });
  await record(tx, { agentId: escrow.requester_id, type: 'escrow_released', jobId, payload, at });
  return released;
}

/** Gives the locked amount back to the requester. Returns how much that was. */
export async function refundEscrow(tx: Tx, escrow: EscrowRow, at: number): Promise<Micro> {
  await moveEscrow(tx, escrow, 'refund', { settled_at: at });
  const amount = micro(escrow.amount_micro);
  const { job_id: jobId, requester_id: requester, worker_id: worker } = escrow;
  await transfer(tx, { from: escrowOf(jobId), to: spendingOf(requester), amount, kind: 'refund', at, jobId });
  for (const agentId of [requester, worker]) {
    await record(tx, {
      agentId,
      type: 'escrow_refunded',
      jobId,
      payload: { amount_usdc: usdcNumber(amount) },
      at,
      ...(agentId === worker ? { level: 'warn' as const } : {}),
    });
  }
  return amount;
}

/**
 * The judge's word on a disputed delivery. The job stays `disputed`; the escrow says how it ended.
 * @throws Refusal job_not_found, invalid_state
 */
export async function judgeDispute(
  tx: Tx,
  context: MarketContext,
  jobId: string,
  decision: 'release' | 'refund',
): Promise<void> {
  const job = await findJob(tx, jobId);
  if (!job) refuse('job_not_found', 'There is no such job', { job_id: jobId });
  const escrow = await escrowOfJob(tx, jobId);
  if (job.status !== 'disputed' || escrow?.status !== 'disputed') {
    refuseMove(job, 'Only an open dispute can be judged', { escrow_status: escrow?.status ?? null });
  }
  const at = context.clock.real();
  if (decision === 'release') {
    await releaseEscrow(tx, escrow, REPUTATION_POINTS.judged_for_worker, at);
    return;
  }
  await refundEscrow(tx, escrow, at);
  await addReputation(tx, escrow.worker_id, REPUTATION_POINTS.judged_against_worker);
}
