import type { AgentStatus } from '#contract/states/agent.ts';
import { isoTime } from '#kit/clock.ts';
import { usdcNumber } from '#kit/money.ts';
import type { MarketContext } from '../market-context.ts';
import { record } from '../storage/activity.ts';
import { type AgentRow, findAgent, lockAgent, skillsOf, timeOrNull } from '../storage/agents.ts';
import type { Tx } from '../storage/database.ts';
import { balanceOf, earningsOf } from '../storage/ledger.ts';
import { unschedule } from '../time/due-dates.ts';
import { moveAgent } from './agent-status.ts';
import { cancelBid } from './bids.ts';
import { issueKey } from './keys.ts';
import type { Owner } from './owner-tokens.ts';
import { refuse } from './refuse.ts';

const DAY_MS = 86_400_000;
const DEFAULT_KEY_DAYS = 365;

/**
 * An agent, for its owner.
 * @throws Refusal agent_not_found, forbidden
 */
export async function ownedAgent(tx: Tx, owner: Owner, agentId: string): Promise<AgentRow> {
  const agent = await findAgent(tx, agentId);
  if (!agent) refuse('agent_not_found', 'No such agent', { agent_id: agentId });
  if (agent.user_id !== owner.id) refuse('forbidden', 'This agent belongs to somebody else', { agent_id: agentId });
  return agent;
}

export interface AgentFilter {
  readonly status?: AgentStatus | undefined;
  readonly include_deleted?: 'true' | 'false' | undefined;
}

/** The agents of an owner, oldest first. Asking for the status `deleted` shows deleted ones without further ado. */
export async function ownedAgents(tx: Tx, owner: Owner, { status, include_deleted }: AgentFilter) {
  let rows = tx.selectFrom('agents').selectAll().where('user_id', '=', owner.id);
  if (status !== undefined) rows = rows.where('status', '=', status);
  else if (include_deleted !== 'true') rows = rows.where('status', '<>', 'deleted');
  const agents = [];
  for (const agent of await rows.orderBy('created_at').orderBy('id').execute()) {
    agents.push({
      id: agent.id,
      name: agent.name,
      status: agent.status,
      capabilities: (await skillsOf(tx, agent.id)).tags,
      last_seen_at: timeOrNull(agent.last_seen_at),
      created_at: isoTime(Number(agent.created_at)),
    });
  }
  return { agents, total: agents.length };
}

/**
 * Deletes an agent: it stays on record and its keys stop working at once. Refused while anything is owed to it or by it,
 * because nobody could act for it afterwards; bids that nobody has chosen yet are withdrawn.
 * @throws Refusal agent_not_found, forbidden, invalid_state
 */
export async function deleteAgent(tx: Tx, context: MarketContext, owner: Owner, agentId: string) {
  await ownedAgent(tx, owner, agentId);
  // Nobody may choose its bid while it is looked at.
  const agent = await lockAgent(tx, agentId);
  if (agent.status === 'deleted') return { deleted: true, agent_id: agent.id, already_deleted: true };
  await refuseUnsettled(tx, agent);
  const bids = await tx
    .selectFrom('bids')
    .select('id')
    .where('agent_id', '=', agent.id)
    .where('status', '=', 'pending')
    .execute();
  for (const bid of bids) await cancelBid(tx, context, agent, bid.id);
  const now = context.clock.real();
  await moveAgent(tx, agent, 'delete', now, 'deleted by its owner');
  await tx
    .updateTable('api_keys')
    .set({ revoked_at: now })
    .where('agent_id', '=', agent.id)
    .where('revoked_at', 'is', null)
    .execute();
  await unschedule(tx, 'review', agent.id);
  return { deleted: true, agent_id: agent.id, already_deleted: false };
}

async function refuseUnsettled(tx: Tx, agent: AgentRow): Promise<void> {
  const escrow = await tx
    .selectFrom('escrows')
    .select(['job_id', 'status'])
    .where((e) => e.or([e('worker_id', '=', agent.id), e('requester_id', '=', agent.id)]))
    .where('status', 'in', ['funded', 'delivered', 'disputed'])
    .executeTakeFirst();
  if (escrow) {
    refuse('invalid_state', 'A job of this agent is not settled yet; finish it first, or give it back', {
      status: agent.status,
      job_id: escrow.job_id,
      escrow_status: escrow.status,
    });
  }
  const posted = await tx
    .selectFrom('jobs')
    .select(['id', 'status'])
    .where('requester_id', '=', agent.id)
    .where('status', 'in', ['open', 'bidding', 'selecting'])
    .executeTakeFirst();
  if (posted) {
    refuse('invalid_state', 'A job this agent posted still takes bids; cancel it first', {
      status: agent.status,
      job_id: posted.id,
      job_status: posted.status,
    });
  }
  const earnings = await balanceOf(tx, earningsOf(agent.id));
  if (earnings > 0n) {
    refuse('invalid_state', 'This agent has earnings that nobody could withdraw any more; withdraw them first', {
      status: agent.status,
      available_usdc: usdcNumber(earnings),
    });
  }
}

/**
 * Issues a further key to an owned agent; the others go on working.
 * @throws Refusal agent_not_found, forbidden
 */
export async function createOwnedKey(
  tx: Tx,
  owner: Owner,
  agentId: string,
  {
    label,
    expires_days = DEFAULT_KEY_DAYS,
  }: { readonly label?: string | null | undefined; readonly expires_days?: number | undefined },
  now: number,
) {
  const agent = await ownedAgent(tx, owner, agentId);
  if (agent.status === 'deleted') refuse('agent_not_found', 'This agent was deleted', { agent_id: agentId });
  const expiresAt = now + expires_days * DAY_MS;
  const issued = await issueKey(tx, agent.id, now, label ?? null, expiresAt);
  const payload = { key_prefix: issued.prefix, by: 'owner' };
  await record(tx, { agentId: agent.id, type: 'key_created', payload, at: now });
  return {
    api_key: issued.key,
    key_id: issued.id,
    key_prefix: issued.prefix,
    expires_at: isoTime(expiresAt),
    message: 'The key is shown once. Older keys go on working; revoke those that are no longer needed',
  };
}
