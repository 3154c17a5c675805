import { type Micro, parseUsdc, usdcNumber } from '#kit/money.ts';
import type { MarketContext } from '../market-context.ts';
import { record } from '../storage/activity.ts';
import { type AgentRow, skillsOf } from '../storage/agents.ts';
import type { Tx } from '../storage/database.ts';
import { newId } from '../storage/ids.ts';
import { fromJson, micro } from '../storage/rows.ts';
import { failWithoutBids } from './award.ts';
import { type BidRow, bidsOf, moveBid } from './bid-status.ts';
import { bidView } from './bid-view.ts';
import { findJob, type JobRow } from './find-job.ts';
import { refuse } from './refuse.ts';

export interface Offer {
  readonly job_id: string;
  readonly amount_usdc: number;
  readonly estimated_seconds: number;
}

/**
 * Bids, or changes the standing bid: the amount may be lowered, the estimate corrected, and the same values again are
 * the same bid. The bid keeps its id and its place among equals.
 * @throws Refusal agent_not_active, job_not_found, own_job, bid_window_closed, capability_mismatch,
 * bid_exceeds_budget, bid_cannot_increase
 */
export async function placeBid(tx: Tx, context: MarketContext, agent: AgentRow, offer: Offer) {
  if (agent.status !== 'active') {
    refuse(
      'agent_not_active',
      `Only an active agent can bid, and this one is ${agent.status}: ${wayOut(agent.status)}`,
      {
        status: agent.status,
      },
    );
  }
  const job = await findJob(tx, offer.job_id);
  if (!job) refuse('job_not_found', 'There is no such job', { job_id: offer.job_id });
  const amount = parseUsdc(offer.amount_usdc);
  const at = context.clock.real();
  const [standing] = (await bidsOf(tx, job.id, ['pending'])).filter((bid) => bid.agent_id === agent.id);
  const isRepeat =
    standing !== undefined &&
    micro(standing.amount_micro) === amount &&
    standing.estimated_seconds === offer.estimated_seconds;
  if (isRepeat) return accepted(standing);
  await checkOffer(tx, agent, job, amount, at);
  return accepted(
    standing
      ? await changeBid(tx, job, standing, amount, offer.estimated_seconds, at)
      : await newBid(tx, job, agent.id, amount, offer.estimated_seconds, at),
  );
}

function wayOut(status: string): string {
  if (status === 'sandbox') return 'pass the tests of GET /api/v1/agents/jobs first';
  if (status === 'testing_passed' || status === 'rejected') return 'POST /api/v1/agents/request-review';
  if (status === 'pending_review') return 'wait for the review';
  return 'only an admin can change that';
}

async function checkOffer(tx: Tx, agent: AgentRow, job: JobRow, amount: Micro, at: number): Promise<void> {
  if (job.requester_id === agent.id) refuse('own_job', 'An agent cannot bid on a job it posted', { job_id: job.id });
  // The clock decides, not the status: the scheduler may be a moment behind it.
  if (job.status !== 'bidding' || (job.bid_window_closes_at !== null && Number(job.bid_window_closes_at) <= at)) {
    refuse('bid_window_closed', 'The job takes no more bids', { job_id: job.id, status: job.status });
  }
  const jobTags = fromJson<string[]>(job.tags);
  const { tags } = await skillsOf(tx, agent.id);
  if (!jobTags.some((tag) => tags.includes(tag))) {
    refuse('capability_mismatch', 'None of the tags of the job is among the capabilities of the agent', {
      job_tags: jobTags,
      agent_tags: tags,
    });
  }
  const budget = micro(job.budget_micro);
  if (amount > budget) {
    refuse('bid_exceeds_budget', 'The bid is above the budget of the job', {
      amount_usdc: usdcNumber(amount),
      budget_usdc: usdcNumber(budget),
    });
  }
}

async function newBid(tx: Tx, job: JobRow, agentId: string, amount: Micro, seconds: number, at: number) {
  const id = newId('bid');
  await tx
    .insertInto('bids')
    .values({
      id,
      job_id: job.id,
      agent_id: agentId,
      amount_micro: amount,
      estimated_seconds: seconds,
      status: 'pending',
      created_at: at,
    })
    .execute();
  const payload = { bid_id: id, amount_usdc: usdcNumber(amount), estimated_seconds: seconds };
  await record(tx, { agentId, type: 'bid_placed', jobId: job.id, payload, at });
  await record(tx, { agentId: job.requester_id, type: 'bid_received', jobId: job.id, payload, at });
  return tx.selectFrom('bids').selectAll().where('id', '=', id).executeTakeFirstOrThrow();
}

async function changeBid(tx: Tx, job: JobRow, bid: BidRow, amount: Micro, seconds: number, at: number) {
  const before = micro(bid.amount_micro);
  if (amount > before) {
    refuse('bid_cannot_increase', 'A standing bid may be lowered, never raised; cancel it to bid afresh', {
      bid_id: bid.id,
      standing_usdc: usdcNumber(before),
      amount_usdc: usdcNumber(amount),
    });
  }
  const lowered = await moveBid(tx, bid, 'lower');
  const change = { amount_micro: amount, estimated_seconds: seconds };
  await tx.updateTable('bids').set(change).where('id', '=', bid.id).execute();
  const payload = {
    bid_id: bid.id,
    amount_usdc: usdcNumber(amount),
    before_usdc: usdcNumber(before),
    estimated_seconds: seconds,
  };
  for (const agentId of [bid.agent_id, job.requester_id]) {
    await record(tx, { agentId, type: 'bid_lowered', jobId: job.id, payload, at });
  }
  return { ...lowered, ...change };
}

function accepted(bid: BidRow) {
  const { id, status, ...rest } = bidView(bid);
  return { ...rest, status: 'bid_accepted', bid_id: id, id, bid_status: status };
}

/**
 * Withdraws a pending bid. A job that only waits for its requester's choice fails with its last bid, because there is
 * nothing left to choose.
 * @throws Refusal bid_not_found, bid_not_cancellable
 */
export async function cancelBid(tx: Tx, context: MarketContext, agent: AgentRow, bidId: string) {
  const own = () =>
    tx.selectFrom('bids').selectAll().where('id', '=', bidId).where('agent_id', '=', agent.id).executeTakeFirst();
  // The job first, as everywhere: the bid is read again once nobody else can decide on it.
  const job = await findJob(tx, (await own())?.job_id ?? '');
  const bid = await own();
  if (!job || !bid) refuse('bid_not_found', 'This agent has no such bid', { bid_id: bidId });
  if (bid.status === 'cancelled') return { cancelled: true, bid_id: bidId, already_cancelled: true };
  if (bid.status !== 'pending') {
    refuse('bid_not_cancellable', `Only a pending bid can be cancelled, and this one is ${bid.status}`, {
      bid_id: bidId,
      status: bid.status,
    });
  }
  const at = context.clock.real();
  await moveBid(tx, bid, 'cancel');
  for (const agentId of [agent.id, job.requester_id]) {
    await record(tx, { agentId, type: 'bid_cancelled', jobId: job.id, payload: { bid_id: bidId }, at });
  }
  if (job.status === 'selecting' && !(await bidsOf(tx, job.id, ['pending'])).length)
    await failWithoutBids(tx, context, job);
  return { cancelled: true, bid_id: bidId, already_cancelled: false };
}
