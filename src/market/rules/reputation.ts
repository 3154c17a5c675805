import type { AgentRow } from '../storage/agents.ts';
import type { Tx } from '../storage/database.ts';

/** Points for what happened to a job, on a scale of 0 to 100 that starts at 50. Public SDK 0.2.0. */
export const REPUTATION_POINTS = { released: 5, judged_for_worker: 2, failed: -5, judged_against_worker: -5 } as const;

/** What an agent has earned in trust, as the API shows it. */
export function reputationOf(agent: AgentRow) {
  const average = agent.rating_count ? Math.round((agent.rating_sum / agent.rating_count) * 100) / 100 : null;
  return {
    score: agent.reputation_score,
    avg_rating: average,
    star_rating: average,
    total_ratings: agent.rating_count,
    jobs_completed: agent.jobs_completed,
  };
}

/** Adds points to an agent, within 0 to 100. */
export async function addReputation(tx: Tx, agentId: string, points: number): Promise<void> {
  const row = await tx
    .selectFrom('agents')
    .select('reputation_score')
    .where('id', '=', agentId)
    .forNoKeyUpdate()
    .executeTakeFirst();
  if (!row) return;
  const score = Math.min(100, Math.max(0, row.reputation_score + points));
  await tx.updateTable('agents').set({ reputation_score: score }).where('id', '=', agentId).execute();
}
