import { canonicalJson } from '#kit/canonical-json.ts';
import { sha256Base64Url, sha256Hex } from '#kit/hash.ts';

export interface KeyParts {
  readonly origin: string;
  readonly agentId: string;
  readonly operation: string;
  readonly slot: string;
  readonly epoch: string;
  /** Hash of the canonical arguments. */
  readonly fp: string;
  readonly generation: number;
}

/**
 * The Idempotency-Key of one generation: 49 characters of [A-Za-z0-9_-], nothing personal in it.
 *
 * No part is random, on purpose: when the journal is lost, the same intent gets the same key again and the marketplace
 * replays its answer and says so. A random key would pay a second time.
 */
export function deriveKey({ origin, agentId, operation, slot, epoch, fp, generation }: KeyParts): string {
  const identity = ['sota-mcp/1', origin, agentId, operation, slot, epoch, fp, generation];
  return `sota1-${sha256Base64Url(canonicalJson(identity))}`;
}

/** Names the agent's part of the journal. By agent, not by API key: an open intent outlives a rotation. */
export function scopeOf(origin: string, agentId: string): string {
  return sha256Hex(`${origin}\n${agentId}`).slice(0, 16);
}
