import { randomToken, sha256Hex } from '#kit/hash.ts';
import type { Tx } from '../storage/database.ts';
import { newId } from '../storage/ids.ts';

/** How long a rotated key keeps working. Skill 1.1.1. */
export const KEY_GRACE_MS = 60_000;

export interface IssuedKey {
  readonly id: string;
  /** The key itself; it exists only in this answer. */
  readonly key: string;
  readonly prefix: string;
}

/** Issues an API key. Only its SHA-256 is stored: 192 random bits need no slow hash. */
export async function issueKey(tx: Tx, agentId: string, now: number, label: string | null = null): Promise<IssuedKey> {
  const key = randomToken('sk_live_');
  const issued = { id: newId('key'), key, prefix: key.slice(0, 12) };
  await tx
    .insertInto('api_keys')
    .values({
      id: issued.id,
      agent_id: agentId,
      hash: sha256Hex(key),
      prefix: issued.prefix,
      label,
      created_at: now,
      expires_at: null,
      revoked_at: null,
      last_used_at: null,
    })
    .execute();
  return issued;
}

/** Gives every live key of an agent except `keepId` at most `graceMs` to live; zero revokes at once. */
export async function retireKeys(tx: Tx, agentId: string, keepId: string, now: number, graceMs: number): Promise<void> {
  let update = tx
    .updateTable('api_keys')
    .where('agent_id', '=', agentId)
    .where('id', '<>', keepId)
    .where('revoked_at', 'is', null);
  update =
    graceMs > 0
      ? update.where('expires_at', 'is', null).set({ expires_at: now + graceMs })
      : update.set({ revoked_at: now });
  await update.execute();
}
