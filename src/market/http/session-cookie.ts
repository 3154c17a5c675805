import { type Owner, ownerOf } from '../rules/owner-tokens.ts';
import type { Database, Tx } from '../storage/database.ts';

/**
 * The browser of a signed-in owner holds an owner token in a cookie. Only the pages read it, never the API: a cookie
 * goes along with requests its owner did not mean to make, a Bearer token does not.
 */
const NAME = 'sota_owner';
/** Not `Secure`: the marketplace speaks plain HTTP, and a browser would drop the cookie. It ends with the browser. */
const ATTRIBUTES = 'Path=/; HttpOnly; SameSite=Strict';

export const sessionCookie = (token: string): Record<string, string> => ({
  'Set-Cookie': `${NAME}=${token}; ${ATTRIBUTES}`,
});
export const clearedCookie: Readonly<Record<string, string>> = { 'Set-Cookie': `${NAME}=; ${ATTRIBUTES}; Max-Age=0` };

export function sessionToken(headers: Headers): string | undefined {
  const pairs = (headers.get('cookie') ?? '').split(';').map((pair) => pair.trim().split('='));
  return pairs.find(([name, value]) => name === NAME && value)?.[1];
}

/** Who is signed in in this browser. */
export async function browserOwner(db: Database | Tx, headers: Headers, now: number): Promise<Owner | undefined> {
  const token = sessionToken(headers);
  return token === undefined ? undefined : ownerOf(db, token, now);
}
