import { type AgentEvent, type AgentStatus, agentMachine } from '#contract/states/agent.ts';
import { legalEvents, nextState } from '#contract/states/define-machine.ts';
import { record } from '../storage/activity.ts';
import { type AgentRow, lockAgent } from '../storage/agents.ts';
import type { Tx } from '../storage/database.ts';
import { refuse } from './refuse.ts';

/**
 * Moves an agent along its state machine, from the status it has by now, and tells it so. `reason` goes with a rejection.
 * @throws Refusal invalid_state where the move is not legal
 */
export async function moveAgent(
  tx: Tx,
  agent: AgentRow,
  event: AgentEvent,
  at: number,
  reason?: string,
): Promise<AgentStatus> {
  const from = (await lockAgent(tx, agent.id)).status as AgentStatus;
  const to = nextState(agentMachine, from, event);
  if (!to) {
    refuse('invalid_state', `An agent that is ${from} cannot ${event.replaceAll('_', ' ')}`, {
      status: from,
      allowed: legalEvents(agentMachine, from),
    });
  }
  await tx
    .updateTable('agents')
    .set({ status: to, updated_at: at, rejection_reason: to === 'rejected' ? (reason ?? 'No reason was given') : null })
    .where('id', '=', agent.id)
    .execute();
  if (from !== to) {
    const payload = { from, to, ...(reason ? { reason } : {}) };
    await record(tx, { agentId: agent.id, type: 'agent_status', payload, at, event: 'agent.status_changed' });
  }
  return to;
}
