import type { Updateable } from 'kysely';
import { legalEvents, nextState } from '#contract/states/define-machine.ts';
import { type JobEvent, type JobStatus, jobMachine } from '#contract/states/job.ts';
import type { WebhookEventType } from '#contract/webhook-events.ts';
import type { MarketContext } from '../market-context.ts';
import { record } from '../storage/activity.ts';
import type { Tx } from '../storage/database.ts';
import type { JobTable } from '../storage/schema.ts';
import { watchWork } from './deadlines.ts';
import type { JobRow } from './find-job.ts';
import { refuse } from './refuse.ts';

export interface JobMove {
  readonly at: number;
  /** Columns that change together with the status. */
  readonly patch?: Omit<Updateable<JobTable>, 'status' | 'id' | 'seq'>;
  /** What the activity log says besides `from` and `to`. */
  readonly payload?: Readonly<Record<string, unknown>>;
}

/** What each move sends to the webhooks of both sides. An award is told to the winner alone, see award.ts. */
const announced: Readonly<Partial<Record<JobEvent, WebhookEventType>>> = {
  accept: 'job.executing',
  deliver: 'job.completed',
  request_changes: 'job.changes_requested',
  dispute: 'job.disputed',
  fail: 'job.failed',
  no_bids: 'job.failed',
  cancel: 'job.failed',
};

/**
 * Moves a job along its state machine and tells the requester and the worker, the one before the move and the one
 * after it. The only place where a status of a job is written, and therefore the one where what depends on the status is
 * kept in step: the deadlines of the work, and whoever plays a part of the world.
 * @returns the job as it is now
 * @throws Refusal invalid_state, with the status and the moves that are legal in it
 */
export async function moveJob(
  tx: Tx,
  context: MarketContext,
  job: JobRow,
  event: JobEvent,
  move: JobMove,
): Promise<JobRow> {
  const from = job.status as JobStatus;
  const to = nextState(jobMachine, from, event);
  if (!to) refuseMove(job, `A job that is ${from} cannot ${event.replaceAll('_', ' ')}`);
  const patch = { ...move.patch, status: to };
  const { numUpdatedRows } = await tx
    .updateTable('jobs')
    .set(patch)
    .where('id', '=', job.id)
    .where('status', '=', from)
    .executeTakeFirst();
  if (numUpdatedRows !== 1n) throw new Error(`Job ${job.id} was moved by somebody else meanwhile`);
  const moved = { ...job, ...patch } as JobRow;
  await listOpen(tx, job, moved);
  const parties = new Set([job.requester_id, job.winner_agent_id, moved.winner_agent_id]);
  const webhook = announced[event];
  for (const agentId of parties) {
    if (agentId === null) continue;
    await record(tx, {
      agentId,
      type: 'job_status',
      level: to === 'failed' || to === 'disputed' ? 'warn' : 'info',
      jobId: job.id,
      payload: { from, to, ...move.payload },
      at: move.at,
      ...(webhook ? { event: webhook } : {}),
    });
  }
  await watchWork(tx, job, moved, move.at);
  await context.audience?.jobMoved(tx, moved, event);
  return moved;
}

/** Keeps the lists of open jobs by tag in step. */
async function listOpen(tx: Tx, before: JobRow, job: JobRow): Promise<void> {
  const [was, is] = [before.status === 'bidding', job.status === 'bidding'];
  if (was === is) return;
  await tx
    .updateTable('job_tags')
    .set({ is_open: is ? 1 : 0 })
    .where('job_id', '=', job.id)
    .execute();
}

/** @throws Refusal invalid_state */
export function refuseMove(job: JobRow, message: string, context: Readonly<Record<string, unknown>> = {}): never {
  const status = job.status as JobStatus;
  refuse('invalid_state', message, { job_id: job.id, status, allowed: legalEvents(jobMachine, status), ...context });
}
