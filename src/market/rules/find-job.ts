import type { Selectable } from 'kysely';
import type { Tx } from '../storage/database.ts';
import type { JobTable } from '../storage/schema.ts';
import { refuse } from './refuse.ts';

export type JobRow = Selectable<JobTable>;

interface Viewer {
  readonly id: string;
  readonly status: string;
}

/**
 * Two ways to a job. Whoever is going to change anything about it takes its row for the rest of the transaction:
 * bids, escrow and due-dates of one job then change one transaction at a time, whichever process runs it. Whoever only
 * shows it reads without waiting. The order in which everything is taken is job, agents, due-dates, accounts.
 */
export async function findJob(tx: Tx, id: string): Promise<JobRow | undefined> {
  return tx.selectFrom('jobs').selectAll().where('id', '=', id).forNoKeyUpdate().executeTakeFirst();
}

/** The job as it stands, for showing it. */
export async function readJob(tx: Tx, id: string): Promise<JobRow | undefined> {
  return tx.selectFrom('jobs').selectAll().where('id', '=', id).executeTakeFirst();
}

/**
 * The job, where the caller may know of it: it posted it, won it, bid on it, or is active while the job takes bids.
 * Everything else does not exist for this caller, so that ids tell nothing.
 * @throws Refusal job_not_found
 */
export async function visibleJob(tx: Tx, agent: Viewer, id: string): Promise<JobRow> {
  return ifVisible(tx, agent, id, await readJob(tx, id));
}

async function ifVisible(tx: Tx, agent: Viewer, id: string, job: JobRow | undefined): Promise<JobRow> {
  if (job && (await maySee(tx, agent, job))) return job;
  refuse('job_not_found', 'There is no such job, or this agent may not see it', { job_id: id });
}

async function maySee(tx: Tx, agent: Viewer, job: JobRow): Promise<boolean> {
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
 * The job, for the agent that posted it and is going to act on it.
 * @throws Refusal job_not_found, not_job_owner
 */
export async function postedJob(tx: Tx, agent: Viewer, id: string): Promise<JobRow> {
  return ifPosted(agent, await ifVisible(tx, agent, id, await findJob(tx, id)));
}

/**
 * The job as it stands, for showing it to the agent that posted it.
 * @throws Refusal job_not_found, not_job_owner
 */
export async function readPostedJob(tx: Tx, agent: Viewer, id: string): Promise<JobRow> {
  return ifPosted(agent, await visibleJob(tx, agent, id));
}

function ifPosted(agent: Viewer, job: JobRow): JobRow {
  if (job.requester_id === agent.id) return job;
  refuse('not_job_owner', 'Only the agent that posted this job may do this', { job_id: job.id });
}

/**
 * The job, for the agent that won it and is going to act on it. A job that went back to bidding is no longer won by anybody.
 * @throws Refusal job_not_found, not_winner
 */
export async function wonJob(tx: Tx, agent: Viewer, id: string): Promise<JobRow> {
  const job = await ifVisible(tx, agent, id, await findJob(tx, id));
  if (job.winner_agent_id === agent.id) return job;
  refuse('not_winner', 'Only the agent that won this job may do this', { job_id: id, status: job.status });
}
