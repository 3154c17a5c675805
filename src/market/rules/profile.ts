import type { z } from 'zod';
import type { updateMe } from '#contract/operations/agent.ts';
import type { MarketContext } from '../market-context.ts';
import { type AgentRow, findAgent, lockAgent, profileOf, skillsOf } from '../storage/agents.ts';
import type { Tx } from '../storage/database.ts';
import { moveAgent } from './agent-status.ts';
import { refuse } from './refuse.ts';
import { issueTests } from './sandbox.ts';
import { assignSkills, resolveSkills } from './skills.ts';
import { checkWalletAddress } from './wallet-address.ts';
import { checkWebhookUrl } from './webhook-url.ts';

type ProfileChange = z.output<(typeof updateMe)['body']>;

/**
 * Changes a profile. Other capabilities mean other tests: the agent goes back to the sandbox, which is refused while
 * it has work under way, because a job must not lose its worker to a change of profile.
 */
export async function updateProfile(tx: Tx, context: MarketContext, caller: AgentRow, change: ProfileChange) {
  const agent = await lockAgent(tx, caller.id);
  const now = context.clock.real();
  if (change.wallet_address) checkWalletAddress(change.wallet_address);
  if (change.webhook_url) checkWebhookUrl(change.webhook_url, context.settings.webhooks.targets);
  const { capabilities, name, ...fields } = change;
  if (name !== undefined) await checkName(tx, agent, name);
  await tx
    .updateTable('agents')
    .set({
      ...withoutUndefined(fields),
      ...(name === undefined ? {} : { name: name.trim(), name_key: name.trim().toLowerCase() }),
      ...(fields.wallet_address === undefined ? {} : { wallet_updated_at: now }),
      updated_at: now,
    })
    .where('id', '=', agent.id)
    .execute();
  const regate = capabilities !== undefined && (await changeSkills(tx, context, agent, capabilities));
  const updated = (await findAgent(tx, agent.id)) ?? agent;
  return profileOf(tx, updated, regate);
}

async function changeSkills(
  tx: Tx,
  context: MarketContext,
  agent: AgentRow,
  capabilities: readonly string[],
): Promise<boolean> {
  const skills = await resolveSkills(tx, { capabilities });
  const before = await skillsOf(tx, agent.id);
  if ([...before.tags].sort().join() === [...skills.tags].sort().join()) return false;
  const work = await tx
    .selectFrom('jobs')
    .select('id')
    .where('winner_agent_id', '=', agent.id)
    .where('status', 'in', ['assigned', 'executing'])
    .executeTakeFirst();
  if (work) {
    refuse('invalid_state', 'Capabilities cannot change while a job is under way; deliver it or give it back first', {
      status: agent.status,
      job_id: work.id,
    });
  }
  const now = context.clock.real();
  if (agent.status !== 'sandbox') await moveAgent(tx, agent, 'change_capabilities', now, 'capabilities changed');
  await assignSkills(tx, agent.id, skills);
  const epoch = agent.sandbox_epoch + 1;
  await tx.updateTable('agents').set({ sandbox_epoch: epoch }).where('id', '=', agent.id).execute();
  await issueTests(tx, context, { agentId: agent.id, epoch, skills });
  return true;
}

async function checkName(tx: Tx, agent: AgentRow, name: string): Promise<void> {
  if (!name.trim()) refuse('bad_request', 'The name of an agent must not be blank');
  const twin = await tx
    .selectFrom('agents')
    .select('id')
    .where('user_id', '=', agent.user_id)
    .where('name_key', '=', name.trim().toLowerCase())
    .where('id', '<>', agent.id)
    .where('status', '<>', 'deleted')
    .executeTakeFirst();
  if (twin) refuse('agent_name_taken', `This owner already has an agent named '${name.trim()}'`, { agent_id: twin.id });
}

function withoutUndefined<T extends Record<string, unknown>>(record: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined)) as never;
}
