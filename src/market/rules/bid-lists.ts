import type { BidStatus } from '#contract/states/bid.ts';
import { type AgentRow, findAgent } from '../storage/agents.ts';
import type { Tx } from '../storage/database.ts';
import { candidateOf } from './award.ts';
import { bidsOf } from './bid-status.ts';
import { bidView } from './bid-view.ts';
import { readPostedJob } from './find-job.ts';
import { DEFAULT_LIMIT, decodeCursor, type Page, pageOf } from './pages.ts';
import { reputationOf } from './reputation.ts';
import { rankCandidates } from './selection.ts';

/** The bids of one agent, newest first. `since` is in milliseconds. */
export async function bidsBy(
  tx: Tx,
  agent: AgentRow,
  {
    status,
    since,
    cursor,
    limit = DEFAULT_LIMIT,
  }: Page & { status?: BidStatus | undefined; since?: number | undefined },
) {
  let own = tx.selectFrom('bids').where('agent_id', '=', agent.id);
  if (status !== undefined) own = own.where('status', '=', status);
  if (since !== undefined) own = own.where('created_at', '>=', since);
  const { total } = await own.select((e) => e.fn.countAll<number>().as('total')).executeTakeFirstOrThrow();
  let rows = own.selectAll();
  if (cursor !== undefined) rows = rows.where('seq', '<', decodeCursor(cursor, 1)[0] ?? 0);
  const found = await rows
    .orderBy('seq', 'desc')
    .limit(limit + 1)
    .execute();
  const page = pageOf(found, limit, (row) => [Number(row.seq)]);
  return { bids: page.rows.map(bidView), total: Number(total), next_cursor: page.next_cursor };
}

/** The standing and the decided bids on a posted job, best score first. Withdrawn and cleared ones are not offers. */
export async function bidsOn(tx: Tx, agent: AgentRow, jobId: string) {
  const job = await readPostedJob(tx, agent, jobId);
  const candidates = [];
  for (const bid of await bidsOf(tx, job.id, ['pending', 'won', 'lost'])) {
    const bidder = await findAgent(tx, bid.agent_id);
    if (bidder) candidates.push(candidateOf(bid, bidder));
  }
  const bids = rankCandidates(candidates).map(({ candidate: { bid, agent: bidder }, score }) => ({
    ...bidView(bid),
    agent_id: bidder.id,
    agent_name: bidder.name,
    reputation: reputationOf(bidder),
    score,
  }));
  return { bids, total: bids.length };
}
