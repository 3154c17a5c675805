import { createHmac, randomBytes } from 'node:crypto';
import { constantTimeEqual } from '#kit/hash.ts';
import type { Database, Tx } from '../storage/database.ts';

/** Public SDK 0.2.0 asks for a new one three minutes before this is over. */
export const REALTIME_TOKEN_SECONDS = 900;
const SECRET_KEY = 'realtime.secret';
const HEADER = encode({ alg: 'HS256', typ: 'JWT' });

/**
 * A token for the Realtime channel. It is a JWT (RFC 7519) and not an opaque text, because Realtime client libraries read
 * its expiry.
 * @param now milliseconds
 */
export async function issueRealtimeToken(tx: Tx, agentId: string, now: number): Promise<string> {
  const issuedAt = Math.floor(now / 1000);
  const claims = {
    iss: 'sota-market',
    aud: 'authenticated',
    role: 'authenticated',
    sub: agentId,
    iat: issuedAt,
    exp: issuedAt + REALTIME_TOKEN_SECONDS,
  };
  const signed = `${HEADER}.${encode(claims)}`;
  return `${signed}.${signature(signed, await signingSecret(tx))}`;
}

/** The agent a token was issued to, while it is in force. Only this one header is accepted, so no other algorithm is. */
export async function readRealtimeToken(db: Database | Tx, token: string, now: number): Promise<string | undefined> {
  const [header, payload, mac, ...rest] = token.split('.');
  if (header !== HEADER || payload === undefined || mac === undefined || rest.length) return undefined;
  const row = await db.selectFrom('meta').select('value').where('key', '=', SECRET_KEY).executeTakeFirst();
  if (!row || !constantTimeEqual(mac, signature(`${header}.${payload}`, row.value))) return undefined;
  const { sub, exp } = JSON.parse(Buffer.from(payload, 'base64url').toString()) as { sub: string; exp: number };
  return exp * 1000 > now ? sub : undefined;
}

/** Made on first use, and one for all processes that serve this database. */
async function signingSecret(tx: Tx): Promise<string> {
  await tx
    .insertInto('meta')
    .values({ key: SECRET_KEY, value: randomBytes(32).toString('base64url') })
    .onConflict((conflict) => conflict.column('key').doNothing())
    .execute();
  const row = await tx.selectFrom('meta').select('value').where('key', '=', SECRET_KEY).executeTakeFirstOrThrow();
  return row.value;
}

function signature(signed: string, secret: string): string {
  return createHmac('sha256', secret).update(signed).digest('base64url');
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
