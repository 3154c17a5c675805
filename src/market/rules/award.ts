import { usdcNumber } from '#kit/money.ts';
import type { MarketContext } from '../market-context.ts';
import { record } from '../storage/activity.ts';
import { type AgentRow, findAgent, lockAgent } from '../storage/agents.ts';
import type { Tx } from '../storage/database.ts';
import { micro } from '../storage/rows.ts';
import { unschedule } from '../time/due-dates.ts';
import { type BidRow, bidsOf, moveBid } from './bid-status.ts';
import { fundEscrow } from './escrow.ts';
import { findJob, type JobRow, postedJob } from './find-job.ts';
import { releaseHold } from './hold.ts';
import { moveJob, refuseMove } from './job-status.ts';
import { refuse } from './refuse.ts';
import { rankCandidates } from './selection.ts';

/**
 * The requester's own choice, while the job takes bids or waits for the choice. Choosing the same bid again answers
 * the same for as long as it is the winner.
 * @throws Refusal bid_not_found, invalid_state
 */
export async function awardBid(tx: Tx, context: MarketContext, agent: AgentRow, jobId: string, bidId: string) {
  const job = await postedJob(tx, agent, jobId);
  const bid = await tx
    .selectFrom('bids')
    .selectAll()
    .where('id', '=', bidId)
    .where('job_id', '=', jobId)
    .executeTakeFirst();
  if (!bid) refuse('bid_not_found', 'This job has no such bid', { job_id: jobId, bid_id: bidId });
  if (job.winner_bid_id !== bidId) {
    if (job.winner_bid_id !== null) refuseMove(job, 'This job was awarded to another bid already');
    if (bid.status !== 'pending') refuseMove(job, `This bid is ${bid.status}; only a pending bid can be chosen`);
    const bidder = await lockAgent(tx, bid.agent_id);
    if (bidder.status !== 'active') {
      refuseMove(job, `The bidder is ${bidder.status} and cannot take the job; choose another bid`);
    }
    await award(tx, context, job, bid);
  }
  const now = await postedJob(tx, agent, jobId);
  return {
    job_id: jobId,
    status: now.status,
    winner_agent_id: bid.agent_id,
    bid_id: bid.id,
    escrow_usdc: usdcNumber(micro(bid.amount_micro)),
  };
}

/** Funds the escrow, assigns the job and tells every bidder. */
export async function award(tx: Tx, context: MarketContext, job: JobRow, winner: BidRow): Promise<void> {
  const at = context.clock.real();
  const rivals = await bidsOf(tx, job.id, ['pending']);
  const amount = usdcNumber(micro(winner.amount_micro));
  await moveJob(tx, context, job, 'award', {
    at,
    patch: { winner_agent_id: winner.agent_id, winner_bid_id: winner.id },
    payload: { bid_id: winner.id, amount_usdc: amount },
  });
  await fundEscrow(tx, job, winner, at);
  await unschedule(tx, 'bid_window', job.id);
  const told = { jobId: job.id, payload: { bid_id: winner.id, amount_usdc: amount }, at } as const;
  await moveBid(tx, winner, 'win');
  await record(tx, { ...told, agentId: winner.agent_id, type: 'bid_won', event: 'bid.won' });
  await record(tx, { ...told, agentId: winner.agent_id, type: 'job_assigned', event: 'job.assigned' });
  await loseBids(
    tx,
    rivals.filter((bid) => bid.id !== winner.id),
    at,
  );
}

/** Tells bidders that the job is not theirs. */
export async function loseBids(tx: Tx, bids: readonly BidRow[], at: number): Promise<void> {
  for (const bid of bids) {
    await moveBid(tx, bid, 'lose');
    const payload = { bid_id: bid.id, amount_usdc: usdcNumber(micro(bid.amount_micro)) };
    await record(tx, { agentId: bid.agent_id, type: 'bid_lost', jobId: bid.job_id, payload, at, event: 'bid.lost' });
  }
}

/**
 * The bid window is over. Without bids of agents that can still take the job it fails; otherwise the best one wins, or,
 * where the requester chooses, the job waits in `selecting`.
 */
export async function closeWindow(tx: Tx, context: MarketContext, jobId: string): Promise<void> {
  const found = await findJob(tx, jobId);
  if (found?.status !== 'bidding') return;
  const at = context.clock.real();
  const job = await moveJob(tx, context, found, 'close_window', { at });
  const candidates = await eligibleBids(tx, jobId);
  if (!candidates.length) return failWithoutBids(tx, context, job);
  if (job.selection === 'manual') return;
  for (const { candidate } of rankCandidates(candidates)) {
    // An agent can leave the market between the look and the lock; the next best then stands ready.
    if ((await lockAgent(tx, candidate.agent.id)).status !== 'active') continue;
    return award(tx, context, job, candidate.bid);
  }
  return failWithoutBids(tx, context, job);
}

/** Pending bids whose agents are still active, as the selection compares them. */
async function eligibleBids(tx: Tx, jobId: string) {
  const bids = await bidsOf(tx, jobId, ['pending']);
  const candidates = [];
  for (const bid of bids) {
    const agent = await findAgent(tx, bid.agent_id);
    if (agent?.status === 'active') candidates.push(candidateOf(bid, agent));
  }
  return candidates;
}

export function candidateOf(bid: BidRow, agent: AgentRow) {
  return {
    bid,
    agent,
    amount: micro(bid.amount_micro),
    estimatedSeconds: bid.estimated_seconds,
    reputation: agent.reputation_score,
    seq: Number(bid.seq),
  };
}

/** Ends a job nobody can do, and gives the whole budget back. */
export async function failWithoutBids(tx: Tx, context: MarketContext, job: JobRow): Promise<void> {
  const at = context.clock.real();
  await loseBids(tx, await bidsOf(tx, job.id, ['pending']), at);
  const refunded = await releaseHold(tx, job, at);
  await moveJob(tx, context, job, 'no_bids', {
    at,
    patch: { error_code: 'no_bids', error_message: 'The bid window closed and nobody stood ready to do the job' },
    payload: { error_code: 'no_bids', refunded_usdc: usdcNumber(refunded) },
  });
}
