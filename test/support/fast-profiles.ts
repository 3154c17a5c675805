import type { RetryProfile } from '#client/retry-timing.ts';

/** The client's profiles with waits that tests need not sit through; attempts as in the real ones. */
const base: RetryProfile = {
  attemptTimeoutMs: 2_000,
  maxAttempts: 4,
  deadlineMs: 10_000,
  backoffBaseMs: 1,
  backoffCapMs: 4,
  retryAfterCapMs: 120_000,
};

export const fastProfiles = { read: base, tool: base, beat: { ...base, maxAttempts: 2 }, delivery: base };
