import type { AgentRow } from '../storage/agents.ts';
import type { Database, Tx } from '../storage/database.ts';

/** Signs of life that come faster than this are one: a write for each would cost more than the calls themselves. */
const GRAIN_MS = 1000;

/**
 * Notes that an agent gave a sign of life. Every authenticated call is one, also a call that is refused, so it is noted
 * before the request is looked at and outside its transaction. Returns the agent as it is now.
 */
export async function noteSeen(db: Database | Tx, agent: AgentRow, now: number): Promise<AgentRow> {
  const last = agent.last_seen_at === null ? undefined : Number(agent.last_seen_at);
  if (last !== undefined && now - last < GRAIN_MS) return agent;
  await db.updateTable('agents').set({ last_seen_at: now }).where('id', '=', agent.id).execute();
  return { ...agent, last_seen_at: now };
}
