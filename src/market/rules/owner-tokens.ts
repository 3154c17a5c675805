import { randomToken, sha256Hex } from '#kit/hash.ts';
import type { Database, Tx } from '../storage/database.ts';

/** Long, because no public route renews a token: a person would have to sign in again. */
export const ACCESS_TOKEN_MS = 30 * 86_400_000;
const REFRESH_TOKEN_MS = 90 * 86_400_000;

/** A person who has signed in. */
export interface Owner {
  readonly id: string;
  readonly email: string;
}

export type TokenPair = {
  readonly access_token: string;
  readonly refresh_token: string;
};

/** Issues what an owner holds after signing in. Only hashes are stored: 192 random bits need no slow one. */
export async function issueOwnerTokens(tx: Tx, userId: string, now: number): Promise<TokenPair> {
  const pair = { access_token: randomToken('owner_'), refresh_token: randomToken('refresh_') };
  await storeOwnerTokens(tx, userId, pair, now);
  return pair;
}

/** Stores a pair; one that is stored already stays as it is, so that an answer can be given again. */
export async function storeOwnerTokens(tx: Tx, userId: string, pair: TokenPair, now: number): Promise<void> {
  await tx.deleteFrom('owner_tokens').where('expires_at', '<=', now).execute();
  for (const [kind, token, lifetime] of [
    ['access', pair.access_token, ACCESS_TOKEN_MS],
    ['refresh', pair.refresh_token, REFRESH_TOKEN_MS],
  ] as const) {
    await tx
      .insertInto('owner_tokens')
      .values({ hash: sha256Hex(token), user_id: userId, kind, created_at: now, expires_at: now + lifetime })
      .onConflict((conflict) => conflict.column('hash').doNothing())
      .execute();
  }
}

/** Who holds this token, if it is in force. Looked up by its hash, so the time it takes tells nothing about it. */
export async function ownerOf(
  db: Database | Tx,
  token: string,
  now: number,
  kind: 'access' | 'refresh' = 'access',
): Promise<Owner | undefined> {
  return db
    .selectFrom('owner_tokens')
    .innerJoin('users', 'users.id', 'owner_tokens.user_id')
    .select(['users.id', 'users.email'])
    .where('hash', '=', sha256Hex(token))
    .where('kind', '=', kind)
    .where('revoked_at', 'is', null)
    .where('expires_at', '>', now)
    .executeTakeFirst();
}

/** Ends a token. Tells whether this call did it: of two at once, one. */
export async function revokeOwnerToken(tx: Tx, token: string, now: number): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('owner_tokens')
    .set({ revoked_at: now })
    .where('hash', '=', sha256Hex(token))
    .where('revoked_at', 'is', null)
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}
