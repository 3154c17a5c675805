import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { canonicalJson } from '#kit/canonical-json.ts';
import { sha256Hex } from '#kit/hash.ts';
import { refuse } from '../rules/refuse.ts';
import type { Database, Tx } from '../storage/database.ts';

/**
 * Idempotency-Key, after the Agentic Commerce Protocol: the first answer to a key is kept in the same transaction as
 * its effect and given again, with `Idempotent-Replayed: true`, to every repeat. While the first call runs, a repeat
 * gets 409 with Retry-After; the same key with another request gets 422. Server errors, 401, 403 and 429 are never
 * kept: they say nothing about the effect.
 *
 * Answers can hold secrets (a fresh API key). They are kept encrypted under a key made from the Idempotency-Key, of
 * which only a hash is stored, so the database alone gives nothing away.
 */
export interface KeyedCall {
  readonly scope: string;
  readonly route: string;
  readonly key: string;
  readonly fingerprint: string;
}

export interface KeptAnswer {
  readonly status: number;
  readonly body: unknown;
}

export const RETENTION_MS = 24 * 3_600_000;
/** A rotation's answer holds the new key; it is replayed only while the old key still works. */
export const ROTATION_RETENTION_MS = 60_000;
const FORGOTTEN_AT_ONCE = 20;
const KEY_PATTERN = /^[\x21-\x7e]{1,255}$/;

/** Reads the header; quoted (RFC 8941) and bare keys are the same key. */
export function readKey(header: string | null): string | undefined {
  if (header === null) return undefined;
  const key = header.trim().replace(/^"(.*)"$/, '$1');
  if (!KEY_PATTERN.test(key)) refuse('bad_request', 'Idempotency-Key must be 1 to 255 visible ASCII characters');
  return key;
}

/** What makes two requests the same: the route with its path, and the meaning of the body, not its spelling. */
export function fingerprintOf(path: string, body: unknown): string {
  return sha256Hex(`${path}\n${canonicalJson(body ?? null)}`);
}

/** The answer kept for this key, or undefined for a new one. */
export async function keptAnswer(db: Database | Tx, call: KeyedCall, now: number): Promise<KeptAnswer | undefined> {
  const row = await db
    .selectFrom('idempotency')
    .selectAll()
    .where('scope', '=', call.scope)
    .where('route', '=', call.route)
    .where('key_hash', '=', sha256Hex(call.key))
    .executeTakeFirst();
  if (!row || Number(row.expires_at) <= now) return undefined;
  if (row.fingerprint !== call.fingerprint) {
    refuse(
      'idempotency_conflict',
      'This Idempotency-Key was used with another request; use a new key for a new request',
    );
  }
  return { status: row.status, body: JSON.parse(open(row.body, call.key)) };
}

/** Keeps an answer, in the transaction of its effect. */
export async function keepAnswer(
  tx: Tx,
  call: KeyedCall,
  answer: KeptAnswer,
  now: number,
  retentionMs: number,
): Promise<void> {
  const { scope, route, fingerprint } = call;
  const kept = {
    fingerprint,
    status: answer.status,
    body: seal(JSON.stringify(answer.body), call.key),
    created_at: now,
    expires_at: now + retentionMs,
  };
  const { numInsertedOrUpdatedRows } = await tx
    .insertInto('idempotency')
    .values({ scope, route, key_hash: sha256Hex(call.key), ...kept })
    .onConflict((conflict) =>
      conflict.columns(['scope', 'route', 'key_hash']).doUpdateSet(kept).where('idempotency.expires_at', '<=', now),
    )
    .executeTakeFirst();
  // The last guard: whoever has a key holds its name, so nobody else can have kept an answer meanwhile.
  if (numInsertedOrUpdatedRows !== 1n) throw new Error('Another call with the same Idempotency-Key was answered first');
  await forgetExpired(tx, now);
}

/** A few with every answer that is kept, and never those another transaction is at: nobody waits for tidying up. */
async function forgetExpired(tx: Tx, now: number): Promise<void> {
  const expired = await tx
    .selectFrom('idempotency')
    .select(['scope', 'route', 'key_hash'])
    .where('expires_at', '<=', now)
    .orderBy('expires_at')
    .limit(FORGOTTEN_AT_ONCE)
    .forUpdate()
    .skipLocked()
    .execute();
  for (const { scope, route, key_hash } of expired) {
    await tx
      .deleteFrom('idempotency')
      .where('scope', '=', scope)
      .where('route', '=', route)
      .where('key_hash', '=', key_hash)
      .execute();
  }
}

export const IN_FLIGHT = [
  'idempotency_in_flight',
  'The first call with this Idempotency-Key is still running',
  { retry_after: 1 },
] as const;

/** What a call with a key takes for itself while it acts, across all processes. */
export function lockNameOf({ scope, route, key }: KeyedCall): string {
  return canonicalJson([scope, route, sha256Hex(key)]);
}

/**
 * Calls of this process that are running, so that a repeat is told to wait instead of preparing the same thing beside it.
 * That no two processes act on one key is run-call.ts's business.
 */
export class InFlight {
  readonly #running = new Set<string>();

  /** @throws Refusal idempotency_in_flight */
  enter(call: KeyedCall): () => void {
    const id = lockNameOf(call);
    if (this.#running.has(id)) refuse(...IN_FLIGHT);
    this.#running.add(id);
    return () => this.#running.delete(id);
  }
}

function seal(text: string, key: string): string {
  const iv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', sealingKey(key), iv);
  const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  return [iv, cipher.getAuthTag(), body].map((part) => part.toString('base64')).join('.');
}

function open(sealed: string, key: string): string {
  const [iv, tag, body] = sealed.split('.').map((part) => Buffer.from(part, 'base64'));
  if (!iv || !tag || !body) throw new Error('A kept answer is damaged');
  const decipher = createDecipheriv('aes-256-gcm', sealingKey(key), iv);
  decipher.setAuthTag(tag);
  return Buffer.concat([decipher.update(body), decipher.final()]).toString('utf8');
}

function sealingKey(key: string): Buffer {
  return Buffer.from(hkdfSync('sha256', key, 'sota-marketplace', 'idempotency answer', 32));
}
