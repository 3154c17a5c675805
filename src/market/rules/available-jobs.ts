import type { ExpressionBuilder } from 'kysely';
import type { Tx } from '../storage/database.ts';
import type { Schema } from '../storage/schema.ts';
import type { JobRow } from './find-job.ts';

/** How to page through jobs: those posted before `before`, or the newest. */
interface Part {
  readonly before?: number | undefined;
  readonly limit: number;
  /** Only jobs with this tag. */
  readonly capability?: string | undefined;
}

/** The jobs an agent has won and must act on, newest first. */
export async function assignedJobs(tx: Tx, agentId: string, { before, limit, capability }: Part): Promise<JobRow[]> {
  let rows = tx
    .selectFrom('jobs')
    .selectAll()
    .where('winner_agent_id', '=', agentId)
    .where('status', 'in', ['assigned', 'executing']);
  if (before !== undefined) rows = rows.where('seq', '<', before);
  if (capability !== undefined) rows = rows.where((e) => e.exists(tagged(e, capability)));
  return rows.orderBy('seq', 'desc').limit(limit).execute();
}

/**
 * The jobs an agent may bid on, newest first: open ones with one of its tags, its own left out. Each tag is read from its
 * own stretch of the index and no further than a page, so the cost does not grow with the number of jobs.
 */
export async function openJobs(tx: Tx, agentId: string, { before, limit, capability }: Part): Promise<JobRow[]> {
  const tags = await tx.selectFrom('agent_tags').select('tag').where('agent_id', '=', agentId).execute();
  const own = tags.map(({ tag }) => tag);
  // The tag asked for, where the agent has it, leads straight to its jobs; else it only narrows what the others find.
  const stretches = capability !== undefined && own.includes(capability) ? [capability] : own;
  const found = new Set<number>();
  for (const tag of stretches) {
    let rows = tx
      .selectFrom('job_tags')
      .innerJoin('jobs', 'jobs.seq', 'job_tags.seq')
      .select('job_tags.seq')
      .where('job_tags.tag', '=', tag)
      .where('job_tags.is_open', '=', 1)
      .where('jobs.requester_id', '<>', agentId);
    if (before !== undefined) rows = rows.where('job_tags.seq', '<', before);
    if (capability !== undefined && tag !== capability) rows = rows.where((e) => e.exists(tagged(e, capability)));
    for (const { seq } of await rows.orderBy('job_tags.seq', 'desc').limit(limit).execute()) found.add(Number(seq));
  }
  const newest = [...found].sort((a, b) => b - a).slice(0, limit);
  if (newest.length === 0) return [];
  return tx
    .selectFrom('jobs')
    .selectAll()
    .where('seq', 'in', newest)
    .where('status', '=', 'bidding')
    .orderBy('seq', 'desc')
    .execute();
}

function tagged(e: ExpressionBuilder<Schema, 'jobs'>, tag: string) {
  return e
    .selectFrom('job_tags as other')
    .select('other.tag')
    .whereRef('other.job_id', '=', 'jobs.id')
    .where('other.tag', '=', tag);
}
