import { randomToken, sha256Hex } from '#kit/hash.ts';
import { type AgentRow, lockAgent } from '../storage/agents.ts';
import type { Tx } from '../storage/database.ts';
import { newId } from '../storage/ids.ts';
import type { Owner } from './owner-tokens.ts';
import { refuse } from './refuse.ts';
import { emailKey } from './sign-in.ts';

/**
 * Links that sign a person in once: one kind is made by an agent for its owner, the other goes to an e-mail address. Both
 * lead to the same page. Opening it changes nothing, since mail scanners and chat previews open links too; the button on
 * it does.
 */
export const LOGIN_LINK_MS = 10 * 60_000;
const LOGIN_LINK_INTERVAL_MS = 60_000;
const MAGIC_LINK_MS = 15 * 60_000;

export interface LoginLink {
  readonly token: string;
  readonly expiresAt: number;
}

/** @throws Refusal rate_limited */
export async function createLoginLink(tx: Tx, agent: AgentRow, now: number): Promise<LoginLink> {
  // Two calls at once would each find no recent link.
  await lockAgent(tx, agent.id);
  const recent = await tx
    .selectFrom('login_links')
    .select('created_at')
    .where('agent_id', '=', agent.id)
    .where('created_at', '>', now - LOGIN_LINK_INTERVAL_MS)
    .orderBy('created_at', 'desc')
    .executeTakeFirst();
  if (recent) {
    const wait = Math.ceil((Number(recent.created_at) + LOGIN_LINK_INTERVAL_MS - now) / 1000);
    refuse('rate_limited', `One login link per minute; the next one in ${wait} s`, { retry_after: wait });
  }
  const token = randomToken('login_');
  const expiresAt = now + LOGIN_LINK_MS;
  await tx
    .insertInto('login_links')
    .values({
      token_hash: sha256Hex(token),
      user_id: agent.user_id,
      agent_id: agent.id,
      created_at: now,
      expires_at: expiresAt,
      used_at: null,
    })
    .execute();
  return { token, expiresAt };
}

/**
 * Writes a link to the owner of an address, where there is one. The mail stays on this machine: whoever runs the
 * marketplace reads it in the outbox.
 * @param linkTo makes the address of the page out of the token
 * @returns whether a mail was written; the caller must not tell
 */
export async function sendMagicLink(
  tx: Tx,
  address: string,
  linkTo: (token: string) => string,
  now: number,
): Promise<boolean> {
  await tx.deleteFrom('outbox').where('expires_at', '<=', now).execute();
  await tx.deleteFrom('magic_links').where('expires_at', '<=', now).execute();
  const user = await tx.selectFrom('users').selectAll().where('email', '=', emailKey(address)).executeTakeFirst();
  if (!user) return false;
  const token = randomToken('login_');
  const times = { created_at: now, expires_at: now + MAGIC_LINK_MS };
  await tx
    .insertInto('magic_links')
    .values({ token_hash: sha256Hex(token), user_id: user.id, ...times, used_at: null })
    .execute();
  await tx
    .insertInto('outbox')
    .values({
      id: newId(),
      recipient: user.email,
      subject: 'Your login link for the local SOTA marketplace',
      body: `Open this link within 15 minutes. It works once.\n\n${linkTo(token)}\n`,
      ...times,
    })
    .execute();
  return true;
}

/** Whom a link signs in, while it works. */
export async function liveLink(tx: Tx, token: string, now: number): Promise<Owner | undefined> {
  for (const table of ['login_links', 'magic_links'] as const) {
    const owner = await tx
      .selectFrom(table)
      .innerJoin('users', 'users.id', `${table}.user_id`)
      .select(['users.id', 'users.email'])
      .where(`${table}.token_hash`, '=', sha256Hex(token))
      .where(`${table}.used_at`, 'is', null)
      .where(`${table}.expires_at`, '>', now)
      .executeTakeFirst();
    if (owner) return owner;
  }
  return undefined;
}

/** Uses a link up. Of two who press the button at once, one is signed in. */
export async function takeLink(tx: Tx, token: string, now: number): Promise<Owner | undefined> {
  const owner = await liveLink(tx, token, now);
  if (!owner) return undefined;
  let taken = 0n;
  for (const table of ['login_links', 'magic_links'] as const) {
    const { numUpdatedRows } = await tx
      .updateTable(table)
      .set({ used_at: now })
      .where('token_hash', '=', sha256Hex(token))
      .where('used_at', 'is', null)
      .executeTakeFirst();
    taken += numUpdatedRows;
  }
  return taken === 1n ? owner : undefined;
}
