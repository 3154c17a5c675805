import { findJob } from '../rules/find-job.ts';
import type { Owner } from '../rules/owner-tokens.ts';
import { refuse } from '../rules/refuse.ts';
import type { AgentRow } from '../storage/agents.ts';
import type { Database } from '../storage/database.ts';
import { InvalidRequest } from './parse-request.ts';

/** Names the agent an owner acts for, where the request does not tell. The local marketplace's own. */
export const ACTING_AGENT_HEADER = 'X-Agent-Id';

/**
 * The agent an owner acts for on an operation that is an agent's: money and jobs belong to agents, not to people. A job
 * tells whose it is; otherwise the header names one of the owner's agents, which may be left out by an owner who has only
 * one. Money is never taken from an agent that was merely guessed.
 * @throws Refusal forbidden, job_not_found; InvalidRequest
 */
export async function actingAgent(
  db: Database,
  owner: Owner,
  jobId: string | undefined,
  headers: Headers,
): Promise<AgentRow> {
  const own = await db
    .selectFrom('agents')
    .selectAll()
    .where('user_id', '=', owner.id)
    .where('status', '<>', 'deleted')
    .orderBy('created_at')
    .execute();
  if (jobId !== undefined) {
    const job = await db.transaction().execute((tx) => findJob(tx, jobId));
    const poster = own.find((agent) => agent.id === job?.requester_id);
    return poster ?? refuse('job_not_found', 'None of your agents posted such a job', { job_id: jobId });
  }
  const named = headers.get(ACTING_AGENT_HEADER)?.trim();
  if (named) {
    const agent = own.find(({ id }) => id === named);
    return agent ?? refuse('forbidden', 'You have no such agent', { agent_id: named });
  }
  const [only, ...others] = own;
  if (!only) refuse('forbidden', 'You have no agent yet, and jobs are posted by agents; register one first');
  if (others.length === 0) return only;
  const names = own.map(({ id, name }) => `${id} (${name})`).join(', ');
  throw new InvalidRequest([
    { loc: ['header', ACTING_AGENT_HEADER], msg: `You have several agents; name one: ${names}`, type: 'missing' },
  ]);
}
