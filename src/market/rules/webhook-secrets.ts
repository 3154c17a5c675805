import { randomToken } from '#kit/hash.ts';
import { MAX_SECRETS_IN_FORCE } from '#kit/webhook-signature.ts';
import { record } from '../storage/activity.ts';
import type { AgentRow } from '../storage/agents.ts';
import type { Tx } from '../storage/database.ts';
import { newId } from '../storage/ids.ts';

/** How long a replaced secret keeps signing, so that a receiver can be given the new one without missing a message. */
export const SECRET_OVERLAP_MS = 24 * 3_600_000;

export interface RotatedSecret {
  readonly secret: string;
  readonly previousValidUntil: number;
}

/** Gives an agent a new webhook secret. Until the overlap ends, messages carry a signature for each secret in force. */
export async function rotateWebhookSecret(
  tx: Tx,
  agent: AgentRow,
  now: number,
  overlapMs = SECRET_OVERLAP_MS,
): Promise<RotatedSecret> {
  const secret = randomToken('whsec_');
  const notAfter = now + overlapMs;
  await tx.deleteFrom('retired_webhook_secrets').where('not_after', '<=', now).execute();
  if (overlapMs > 0) {
    await tx
      .insertInto('retired_webhook_secrets')
      .values({ id: newId(), agent_id: agent.id, secret: agent.webhook_secret, not_after: notAfter })
      .execute();
  }
  await tx.updateTable('agents').set({ webhook_secret: secret, updated_at: now }).where('id', '=', agent.id).execute();
  await record(tx, { agentId: agent.id, type: 'webhook_secret_rotated', at: now });
  return { secret, previousValidUntil: notAfter };
}

/** What a message of this agent is signed with now, the present secret first; of many rotations in a row, the latest. */
export async function signingSecrets(tx: Tx, agent: AgentRow, now: number): Promise<string[]> {
  const retired = await tx
    .selectFrom('retired_webhook_secrets')
    .select('secret')
    .where('agent_id', '=', agent.id)
    .where('not_after', '>', now)
    .orderBy('not_after', 'desc')
    .limit(MAX_SECRETS_IN_FORCE - 1)
    .execute();
  return [agent.webhook_secret, ...retired.map((row) => row.secret)];
}
