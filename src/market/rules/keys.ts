import { randomToken, sha256Hex } from '#kit/hash.ts';
import type { Tx } from '../storage/database.ts';
import { newId } from '../storage/ids.ts';
import { schedule } from '../time/due-dates.ts';

/** How long a rotated key keeps working. Skill 1.1.1. */
export const KEY_GRACE_MS = 60_000;

export interface IssuedKey {
  readonly id: string;
  /** The key itself; it exists only in this answer. */
  readonly key: string;
  readonly prefix: string;
}

/** Issues an API key. Only its SHA-256 is stored: 192 random bits need no slow hash. */
export async function issueKey(
  tx: Tx,
  agentId: string,
  now: number,
  label: string | null = null,
  expiresAt: number | null = null,
): Promise<IssuedKey> {
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
      expires_at: expiresAt,
      revoked_at: null,
      last_used_at: null,
    })
    .execute();
  return issued;
}

/**
 * Gives every live key of an agent except `keepId` at most `graceMs` to live; zero revokes at once. From its last moment
 * on a key is refused, whether or not the due-date that marks it as revoked has been settled yet.
 */
export async function retireKeys(tx: Tx, agentId: string, keepId: string, now: number, graceMs: number): Promise<void> {
  const live = await tx
    .selectFrom('api_keys')
    .select(['id', 'expires_at'])
    .where('agent_id', '=', agentId)
    .where('id', '<>', keepId)
    .where('revoked_at', 'is', null)
    .execute();
  for (const { id, expires_at } of live) {
    const end = now + graceMs;
    if (graceMs <= 0) await tx.updateTable('api_keys').set({ revoked_at: now }).where('id', '=', id).execute();
    else if (expires_at === null || Number(expires_at) > end) {
      await tx.updateTable('api_keys').set({ expires_at: end }).where('id', '=', id).execute();
      await schedule(tx, { kind: 'key_grace', subject: id, clock: 'real', due_at: end });
    }
  }
}

/** The grace of a rotated key is over. */
export async function retireKey(tx: Tx, keyId: string, now: number): Promise<void> {
  await tx
    .updateTable('api_keys')
    .set((e) => ({ revoked_at: e.ref('expires_at') }))
    .where('id', '=', keyId)
    .where('revoked_at', 'is', null)
    .where('expires_at', '<=', now)
    .execute();
}
