import type { MarketContext } from '../market-context.ts';
import { record } from '../storage/activity.ts';
import type { AgentRow } from '../storage/agents.ts';
import type { Tx } from '../storage/database.ts';
import { extendExecution, startReleaseClocks } from './deadlines.ts';
import { moveEscrow, openEscrow } from './escrow.ts';
import { type JobRow, wonJob } from './find-job.ts';
import { moveJob, refuseMove } from './job-status.ts';
import { refuse } from './refuse.ts';

/**
 * The winner takes the job on. A second time it is refused with the status, which says that it was accepted before.
 * @throws Refusal not_winner, invalid_state
 */
export async function acceptAssignment(tx: Tx, context: MarketContext, agent: AgentRow, jobId: string) {
  const job = await wonJob(tx, agent, jobId);
  const at = context.clock.real();
  const moved = await moveJob(tx, context, job, 'accept', { at, patch: { accepted_at: at } });
  return { job_id: jobId, status: moved.status };
}

export interface Progress {
  readonly percent: number;
  readonly level?: 'info' | 'warn' | 'error' | undefined;
  readonly message?: string | null | undefined;
}

/**
 * Tells both sides how far the work is, and keeps the execution time-out away. Zero percent with a message is a line of log and does not turn the clock back
 * (public SDK 0.2.0).
 * @throws Refusal not_winner, invalid_state
 */
export async function reportProgress(
  tx: Tx,
  context: MarketContext,
  agent: AgentRow,
  jobId: string,
  { percent, level = 'info', message }: Progress,
) {
  const job = await wonJob(tx, agent, jobId);
  if (job.status !== 'executing') refuseMove(job, `Progress is reported while a job is executing, not ${job.status}`);
  const isLogLine = percent === 0 && message != null;
  if (!isLogLine) await tx.updateTable('jobs').set({ progress_percent: percent }).where('id', '=', jobId).execute();
  await extendExecution(tx, job, context.clock.real());
  const payload = { percent, ...(message == null ? {} : { message }) };
  for (const agentId of [agent.id, job.requester_id]) {
    await record(tx, { agentId, type: 'progress', level, jobId, payload, at: context.clock.real() });
  }
  return { status: 'ok' };
}

/**
 * The job, if it takes a delivery from this agent now.
 * @throws Refusal not_winner, not_accepted, already_delivered, invalid_state
 */
export async function deliverableJob(tx: Tx, agent: AgentRow, jobId: string): Promise<JobRow> {
  const job = await wonJob(tx, agent, jobId);
  if (job.status === 'assigned') {
    refuse('not_accepted', 'Accept the assignment first: POST /api/v1/agents/jobs/{job_id}/accept', { job_id: jobId });
  }
  refuseDelivered(job);
  if (job.status !== 'executing') refuseMove(job, `A job that is ${job.status} takes no delivery`);
  return job;
}

export function refuseDelivered(job: JobRow): void {
  if (job.status !== 'completed' && job.status !== 'disputed') return;
  refuse('already_delivered', 'A result was delivered already; it is replaced only after changes are requested', {
    job_id: job.id,
    status: job.status,
    result_hash: job.result_hash,
    revision: job.revision,
  });
}

/** Stores a checked result and starts the requester's day. */
export async function deliverResult(
  tx: Tx,
  context: MarketContext,
  job: JobRow,
  { result, hash }: { readonly result: string; readonly hash: string },
) {
  const at = context.clock.real();
  const confirmAt = await startReleaseClocks(tx, context, job.id);
  await moveEscrow(tx, await openEscrow(tx, job), 'deliver', { result_hash: hash });
  await moveJob(tx, context, job, 'deliver', {
    at,
    patch: { result, result_hash: hash, delivered_at: at, auto_confirm_at: confirmAt, progress_percent: 100 },
    payload: { result_hash: hash, revision: job.revision },
  });
  return { status: 'delivered', job_id: job.id, result_hash: hash, revision: job.revision };
}
