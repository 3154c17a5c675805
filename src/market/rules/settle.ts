import type { MarketContext } from '../market-context.ts';
import { findAgent } from '../storage/agents.ts';
import type { Tx } from '../storage/database.ts';
import type { DueDate } from '../time/due-dates.ts';
import { moveAgent } from './agent-status.ts';
import { retireKey } from './keys.ts';
import { expireTest } from './sandbox.ts';
import { settleJobDue } from './settle-job.ts';
import { beginDelivery } from './webhook-delivery.ts';

/**
 * Applies what fell due. The state may have moved on since it was scheduled, so each case looks before it acts.
 */
export async function settle(tx: Tx, context: MarketContext, due: DueDate): Promise<void> {
  switch (due.kind) {
    case 'review':
      return review(tx, context, due);
    case 'test_deadline':
      return expireTest(tx, due.subject);
    case 'webhook':
      return beginDelivery(tx, context, due.subject);
    case 'key_grace':
      return retireKey(tx, due.subject, context.clock.real());
    case 'world_post':
    case 'world_bid':
    case 'world_work':
    case 'world_customer':
    case 'world_judge':
    case 'world_prune':
    case 'world_script':
      return context.audience?.act(tx, due);
    default:
      return settleJobDue(tx, context, due);
  }
}

async function review(tx: Tx, context: MarketContext, due: DueDate): Promise<void> {
  const agent = await findAgent(tx, due.subject);
  if (agent?.status !== 'pending_review') return;
  const { decision } = context.settings.reviewer;
  if (decision === 'reject')
    await moveAgent(tx, agent, 'reject', context.clock.real(), 'The local reviewer is set to reject');
  else await moveAgent(tx, agent, 'approve', context.clock.real());
}
