import { usdcNumber } from '#kit/money.ts';
import type { MarketContext } from '../market-context.ts';
import { record } from '../storage/activity.ts';
import type { Tx } from '../storage/database.ts';
import { fromJson, micro } from '../storage/rows.ts';
import { schedule } from '../time/due-dates.ts';
import type { JobRow } from './find-job.ts';
import { type JobMove, moveJob } from './job-status.ts';

/**
 * Opens the bid window of a new job, or again of one that goes back to bidding, and tells the agents it may suit.
 * The window runs on real time: bidders are processes that look every minute or so.
 */
export async function openWindow(
  tx: Tx,
  context: MarketContext,
  job: JobRow,
  event: 'open_bidding' | 'requeue',
  move: JobMove,
): Promise<JobRow> {
  const closesAt = move.at + job.bid_window_seconds * 1000;
  const opened = await moveJob(tx, context, job, event, {
    ...move,
    patch: { ...move.patch, bid_window_closes_at: closesAt },
  });
  await schedule(tx, { kind: 'bid_window', subject: job.id, clock: 'real', due_at: closesAt });
  await announce(tx, context, opened);
  return opened;
}

/** Active agents with a tag of the job, whose minimum fee it can pay; never its own requester. */
async function announce(tx: Tx, context: MarketContext, job: JobRow): Promise<void> {
  const agents = await tx
    .selectFrom('agents')
    .select('id')
    .where('status', '=', 'active')
    .where('id', '<>', job.requester_id)
    .where('min_fee_micro', '<=', job.budget_micro)
    .where((e) =>
      e.exists(
        e
          .selectFrom('agent_tags')
          .innerJoin('job_tags', 'job_tags.tag', 'agent_tags.tag')
          .select('agent_tags.tag')
          .whereRef('agent_tags.agent_id', '=', 'agents.id')
          .where('job_tags.job_id', '=', job.id),
      ),
    )
    .orderBy('created_at')
    .orderBy('id')
    .execute();
  const payload = {
    title: job.title,
    tags: fromJson<string[]>(job.tags),
    budget_usdc: usdcNumber(micro(job.budget_micro)),
    retry_count: job.retry_count,
  };
  const at = context.clock.real();
  for (const { id } of agents) {
    await record(tx, { agentId: id, type: 'job_available', jobId: job.id, payload, at, event: 'job.available' });
  }
}
