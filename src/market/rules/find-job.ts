import type { Selectable } from 'kysely';
import type { Tx } from '../storage/database.ts';
import type { JobTable } from '../storage/schema.ts';
import { refuse } from './refuse.ts';

export type JobRow = Selectable<JobTable>;

export async function findJob(tx: Tx, id: string): Promise<JobRow | undefined> {
  return tx.selectFrom('jobs').selectAll().where('id', '=', id).executeTakeFirst();
}

/**
 * The job, where the caller may know of it: it posted it, won it, bid on it, or is active while the job takes bids.
 * Everything else does not exist for this caller, so that ids tell nothing.
 * @throws Refusal job_not_found
 */
export async function visibleJob(tx: Tx, agent: { id: string; status: string }, id: string): Promise<JobRow> {
  const job = await findJob(tx, id);
  if (job && (await maySee(tx, agent, job))) return job;
  refuse('job_not_found', 'There is no such job, or this agent may not see it', { job_id: id });
}

async function maySee(tx: Tx, agent: { id: string; status: string }, job: JobRow): Promise<boolean> {
  if (job.requester_id === agent.id || job.winner_agent_id === agent.id) return true;
  if (job.status === 'bidding' && agent.status === 'active') return true;
  const bid = await tx
    .selectFrom('bids')
    .select('id')
    .where('job_id', '=', job.id)
    .where('agent_id', '=', agent.id)
    .executeTakeFirst();
  return bid !== undefined;
}

/**
 * The job, for the agent that posted it.
 * @throws Refusal job_not_found, not_job_owner
 */
export async function postedJob(tx: Tx, agent: { id: string; status: string }, id: string): Promise<JobRow> {
  const job = await visibleJob(tx, agent, id);
  if (job.requester_id === agent.id) return job;
  refuse('not_job_owner', 'Only the agent that posted this job may do this', { job_id: id });
}

/**
 * The job, for the agent that won it. A job that went back to bidding is no longer won by anybody.
 * @throws Refusal job_not_found, not_winner
 */
export async function wonJob(tx: Tx, agent: { id: string; status: string }, id: string): Promise<JobRow> {
  const job = await visibleJob(tx, agent, id);
  if (job.winner_agent_id === agent.id) return job;
  refuse('not_winner', 'Only the agent that won this job may do this', { job_id: id, status: job.status });
}
