import type { Auth } from '#contract/define-operation.ts';
import { sha256Hex } from '#kit/hash.ts';
import { type Owner, ownerOf } from '../rules/owner-tokens.ts';
import { refuse } from '../rules/refuse.ts';
import type { AgentRow } from '../storage/agents.ts';
import { findAgent } from '../storage/agents.ts';
import type { Database } from '../storage/database.ts';

/** Who calls: an agent by its key, or a person by a token. */
export type Caller =
  | { readonly agent: AgentRow; readonly keyId: string; readonly owner?: undefined }
  | { readonly owner: Owner; readonly agent?: undefined; readonly keyId?: undefined };

/**
 * Finds out who calls. An empty X-API-Key counts as none: public SDK 0.2.0 sends one beside a Bearer token. Where both
 * would do, a key goes first. Keys and tokens are looked up by their SHA-256, so the comparison takes the same time for
 * every wrong one.
 */
export async function authenticate(
  db: Database,
  auth: Auth,
  headers: Headers,
  now: number,
): Promise<Caller | undefined> {
  if (auth === 'none') return undefined;
  const key = headers.get('x-api-key')?.trim() ?? '';
  const bearer = headers.get('authorization')?.match(/^Bearer\s+(\S+)$/i)?.[1];
  if (auth === 'owner' || (auth === 'agent_or_owner' && !key && bearer)) {
    if (!bearer) refuse('invalid_token', 'This needs the token of an owner: Authorization: Bearer …');
    const owner = await ownerOf(db, bearer, now);
    return owner ? { owner } : refuse('invalid_token', 'The owner token is unknown, was revoked, or has expired');
  }
  if (!key) refuse('missing_api_key', 'Missing X-API-Key header');
  const row = await db.selectFrom('api_keys').selectAll().where('hash', '=', sha256Hex(key)).executeTakeFirst();
  if (!row) refuse('invalid_api_key', 'The API key is not one of this marketplace');
  if (row.revoked_at !== null || (row.expires_at !== null && Number(row.expires_at) <= now)) {
    refuse('api_key_revoked', 'The API key was revoked, has expired, or was rotated more than 60 s ago');
  }
  const agent = await findAgent(db, row.agent_id);
  if (!agent || agent.status === 'deleted') refuse('api_key_revoked', 'The agent of this API key was deleted');
  return { agent, keyId: row.id };
}
