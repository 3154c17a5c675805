import type { EscrowStatus } from '#contract/states/escrow.ts';
import type { JobStatus } from '#contract/states/job.ts';
import { isoTime } from '#kit/clock.ts';
import { usdcNumber } from '#kit/money.ts';
import { timeOrNull } from '../storage/agents.ts';
import type { Tx } from '../storage/database.ts';
import { fromJson, micro } from '../storage/rows.ts';
import { dueAt } from '../time/due-dates.ts';
import type { BidRow } from './bid-status.ts';
import { bidView } from './bid-view.ts';
import { type EscrowRow, escrowOfJob } from './escrow.ts';
import type { JobRow } from './find-job.ts';

/**
 * Jobs as one agent may see them. Everybody who may see a job sees what is asked for and how it stands; a bidder sees
 * its own bid, the requester how many there are. The delivery, the money and the words between the two sides are for
 * the requester and the worker alone.
 */
export async function viewJobs(tx: Tx, jobs: readonly JobRow[], viewerId: string) {
  const ids = jobs.map((job) => job.id);
  const myBids = await latestBids(tx, ids, viewerId);
  const counts = await bidCounts(tx, ids);
  const views = [];
  for (const job of jobs) {
    const isRequester = job.requester_id === viewerId;
    const takesPart = isRequester || job.winner_agent_id === viewerId;
    const mine = myBids.get(job.id);
    views.push({
      ...publicPart(job),
      ...(isRequester ? { bids_count: counts.get(job.id) ?? 0 } : { my_bid: mine ? bidView(mine) : null }),
      ...(takesPart ? privatePart(job, await currentEscrow(tx, job)) : {}),
      ...(takesPart && job.status === 'executing' ? { deadline_at: await deadlineOf(tx, job) } : {}),
    });
  }
  return views;
}

export async function viewJob(tx: Tx, job: JobRow, viewerId: string) {
  const [view] = await viewJobs(tx, [job], viewerId);
  if (!view) throw new Error('One job gives one view');
  return view;
}

/** What everybody may see of a job. */
export function publicPart(job: JobRow) {
  return {
    id: job.id,
    title: job.title,
    description: job.description,
    parameters: fromJson(job.parameters),
    budget_usdc: usdcNumber(micro(job.budget_micro)),
    tags: fromJson<string[]>(job.tags),
    status: job.status as JobStatus,
    expected_schema: job.expected_schema === null ? null : fromJson(job.expected_schema),
    selection: job.selection as 'auto' | 'manual',
    bid_window_seconds: job.bid_window_seconds,
    bid_window_closes_at: timeOrNull(job.bid_window_closes_at),
    requester_id: job.requester_id,
    winner_agent_id: job.winner_agent_id,
    retry_count: job.retry_count,
    revision: job.revision,
    error_code: job.error_code,
    created_at: isoTime(Number(job.created_at)),
  };
}

function privatePart(job: JobRow, escrow: EscrowRow | undefined) {
  const delivered = job.result_hash !== null;
  return {
    escrow: escrow
      ? { status: escrow.status as EscrowStatus, amount_usdc: usdcNumber(micro(escrow.amount_micro)) }
      : null,
    result: delivered ? job.result : null,
    result_hash: job.result_hash,
    // What a worker had when it gave up is kept in the same column, but it is not a delivery and has no hash.
    ...(!delivered && job.result !== null ? { partial_result: job.result } : {}),
    delivered_at: timeOrNull(job.delivered_at),
    auto_confirm_at: timeOrNull(job.auto_confirm_at),
    feedback: job.feedback,
    rating: job.rating,
    error_message: job.error_message,
    progress_percent: job.progress_percent,
  };
}

/** When the work counts as timed out, unless progress is reported. */
async function deadlineOf(tx: Tx, job: JobRow): Promise<string | null> {
  return timeOrNull((await dueAt(tx, 'execution_timeout', job.id)) ?? null);
}

/** While a job has no winner, the escrow of an earlier one is history and not shown. */
async function currentEscrow(tx: Tx, job: JobRow): Promise<EscrowRow | undefined> {
  return job.winner_agent_id === null ? undefined : escrowOfJob(tx, job.id);
}

/** The newest bid of one agent on each job: after a cancellation or a requeue the older ones no longer matter. */
async function latestBids(tx: Tx, jobIds: readonly string[], agentId: string): Promise<Map<string, BidRow>> {
  if (!jobIds.length) return new Map();
  const rows = await tx
    .selectFrom('bids')
    .selectAll()
    .where('job_id', 'in', jobIds)
    .where('agent_id', '=', agentId)
    .orderBy('seq')
    .execute();
  return new Map(rows.map((row) => [row.job_id, row]));
}

async function bidCounts(tx: Tx, jobIds: readonly string[]): Promise<Map<string, number>> {
  if (!jobIds.length) return new Map();
  const rows = await tx
    .selectFrom('bids')
    .select((e) => ['job_id', e.fn.countAll<number>().as('count')])
    .where('job_id', 'in', jobIds)
    .where('status', 'in', ['pending', 'won', 'lost'])
    .groupBy('job_id')
    .execute();
  return new Map(rows.map((row) => [row.job_id, Number(row.count)]));
}
