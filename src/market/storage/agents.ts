import type { Selectable } from 'kysely';
import { isoTime } from '#kit/clock.ts';
import { usdcNumber } from '#kit/money.ts';
import type { Database, Tx } from './database.ts';
import { micro } from './rows.ts';
import type { AgentTable } from './schema.ts';

export type AgentRow = Selectable<AgentTable>;

export async function findAgent(tx: Tx | Database, id: string): Promise<AgentRow | undefined> {
  return tx.selectFrom('agents').selectAll().where('id', '=', id).executeTakeFirst();
}

/**
 * The agent as it is now, kept so for the rest of the transaction. Whoever changes an agent by what it reads of it starts
 * here: the row that came with the request's key may be older.
 */
export async function lockAgent(tx: Tx, id: string): Promise<AgentRow> {
  return tx.selectFrom('agents').selectAll().where('id', '=', id).forNoKeyUpdate().executeTakeFirstOrThrow();
}

/** The clusters and tags an agent is registered for, in taxonomy order. */
export async function skillsOf(tx: Tx | Database, agentId: string): Promise<{ clusters: string[]; tags: string[] }> {
  const clusters = await tx
    .selectFrom('agent_clusters')
    .innerJoin('clusters', 'clusters.slug', 'agent_clusters.cluster')
    .select('clusters.slug')
    .where('agent_id', '=', agentId)
    .orderBy('clusters.position')
    .execute();
  const tags = await tx
    .selectFrom('agent_tags')
    .innerJoin('tags', 'tags.slug', 'agent_tags.tag')
    .select('tags.slug')
    .where('agent_id', '=', agentId)
    .orderBy('tags.position')
    .orderBy('tags.slug')
    .execute();
  return { clusters: clusters.map((row) => row.slug), tags: tags.map((row) => row.slug) };
}

export const timeOrNull = (ms: number | null): string | null => (ms === null ? null : isoTime(Number(ms)));

/** The profile as GET /api/v1/agents/me shows it. */
export async function profileOf(tx: Tx, agent: AgentRow, sandboxRegate = false) {
  const { clusters, tags } = await skillsOf(tx, agent.id);
  return {
    id: agent.id,
    name: agent.name,
    description: agent.description,
    capabilities: tags,
    clusters,
    tags,
    wallet_address: agent.wallet_address,
    icon_url: agent.icon_url,
    webhook_url: agent.webhook_url,
    sdk_version: agent.sdk_version,
    min_fee: usdcNumber(micro(agent.min_fee_micro)),
    status: agent.status,
    rejection_reason: agent.rejection_reason,
    last_seen_at: timeOrNull(agent.last_seen_at),
    created_at: isoTime(Number(agent.created_at)),
    updated_at: timeOrNull(agent.updated_at),
    sandbox_regate: sandboxRegate,
  };
}
