import type { Operation } from '#contract/define-operation.ts';
import type { RetryProfile } from './retry-timing.ts';

export type ProfileName = 'read' | 'tool' | 'beat' | 'delivery';
export type RetryProfiles = Readonly<Record<ProfileName, RetryProfile>>;

const RETRY_AFTER_CAP_MS = 120_000;

/**
 * `tool` ends well below the 60 s after which MCP clients give up, so that the answer still reaches the model.
 * `delivery` is for a worker that nobody waits for.
 */
export const retryProfiles: RetryProfiles = {
  read: {
    attemptTimeoutMs: 8_000,
    maxAttempts: 4,
    deadlineMs: 20_000,
    backoffBaseMs: 150,
    backoffCapMs: 2_000,
    retryAfterCapMs: RETRY_AFTER_CAP_MS,
  },
  tool: {
    attemptTimeoutMs: 10_000,
    maxAttempts: 5,
    deadlineMs: 40_000,
    backoffBaseMs: 250,
    backoffCapMs: 4_000,
    retryAfterCapMs: RETRY_AFTER_CAP_MS,
  },
  beat: {
    attemptTimeoutMs: 5_000,
    maxAttempts: 2,
    deadlineMs: 6_000,
    backoffBaseMs: 500,
    backoffCapMs: 500,
    retryAfterCapMs: RETRY_AFTER_CAP_MS,
  },
  delivery: {
    attemptTimeoutMs: 30_000,
    maxAttempts: 1_000,
    deadlineMs: 600_000,
    backoffBaseMs: 500,
    backoffCapMs: 30_000,
    retryAfterCapMs: 600_000,
  },
};

const BEATS: ReadonlySet<string> = new Set(['heartbeat', 'report_progress']);

/** Operations of which only the latest counts: sending one twice is the same as sending it once. */
export const newestWins: ReadonlySet<string> = new Set(['report_progress']);

export function profileFor(operation: Operation): ProfileName {
  if (BEATS.has(operation.id)) return 'beat';
  return operation.method === 'GET' ? 'read' : 'tool';
}
