import type { Selectable } from 'kysely';
import { type BidEvent, type BidStatus, bidMachine } from '#contract/states/bid.ts';
import { legalEvents, nextState } from '#contract/states/define-machine.ts';
import type { Tx } from '../storage/database.ts';
import type { BidTable } from '../storage/schema.ts';
import { refuse } from './refuse.ts';

export type BidRow = Selectable<BidTable>;

/** The bids of a job in one of the given states, first come first. */
export async function bidsOf(tx: Tx, jobId: string, statuses: readonly BidStatus[]): Promise<BidRow[]> {
  return tx
    .selectFrom('bids')
    .selectAll()
    .where('job_id', '=', jobId)
    .where('status', 'in', statuses)
    .orderBy('seq')
    .execute();
}

/**
 * Moves a bid along its state machine. Whoever calls knows what to tell whom.
 * @throws Refusal invalid_state
 */
export async function moveBid(tx: Tx, bid: BidRow, event: BidEvent): Promise<BidRow> {
  const from = bid.status as BidStatus;
  const to = nextState(bidMachine, from, event);
  if (!to) {
    refuse('invalid_state', `A bid that is ${from} cannot ${event}`, {
      bid_id: bid.id,
      status: from,
      allowed: legalEvents(bidMachine, from),
    });
  }
  await tx.updateTable('bids').set({ status: to }).where('id', '=', bid.id).execute();
  return { ...bid, status: to };
}
