/** When to try again: pure functions of profile, attempt, answer and a random number. All times in milliseconds. */

/** A number in [0, 1). */
export type Rng = () => number;

export interface RetryProfile {
  /** How long one attempt may take. */
  readonly attemptTimeoutMs: number;
  readonly maxAttempts: number;
  /** How long all attempts and the waits between them may take together. */
  readonly deadlineMs: number;
  readonly backoffBaseMs: number;
  readonly backoffCapMs: number;
  /** A longer Retry-After is taken for this long. */
  readonly retryAfterCapMs: number;
}

/**
 * Backoff with full jitter, or what the answer asked for if that is longer; up to a tenth is added to a wait that was
 * asked for, so that everyone who was told "60 s" does not come back in the same instant.
 * @param retry 0 for the first retry
 */
export function delayBefore(retry: number, profile: RetryProfile, rng: Rng, retryAfterMs?: number): number {
  const ceiling = Math.min(profile.backoffCapMs, profile.backoffBaseMs * 2 ** retry);
  const jitter = rng() * ceiling;
  if (retryAfterMs === undefined) return jitter;
  return Math.max(retryAfterMs, jitter) * (1 + 0.1 * rng());
}

/**
 * Reads a Retry-After header: seconds or an HTTP date. Undefined where there is none that makes sense.
 * @example parseRetryAfter('120', now, 60_000) // 60000
 */
export function parseRetryAfter(header: string | null | undefined, now: number, capMs: number): number | undefined {
  const text = header?.trim();
  if (!text) return undefined;
  // Fractions are outside RFC 9110 and common.
  const ms = /^\d{1,9}(?:\.\d+)?$/.test(text) ? Number(text) * 1000 : dateOf(text) - now;
  if (Number.isNaN(ms)) return undefined;
  return Math.min(Math.max(0, ms), capMs);
}

function dateOf(text: string): number {
  // Date.parse reads almost anything; an HTTP date starts with a weekday and ends with GMT.
  return /^[A-Z][a-z]{2,8},? .*GMT$/.test(text) ? Date.parse(text) : Number.NaN;
}

/** Reads X-Should-Retry, with which a server overrules what its status suggests. */
export function parseShouldRetry(header: string | null | undefined): boolean | undefined {
  const text = header?.trim().toLowerCase();
  return text === 'true' ? true : text === 'false' ? false : undefined;
}

/** Bounds how much of a process's traffic may be retries, so that a struggling marketplace is not kept down by us. */
export interface RetryBudget {
  /** Pays for one retry; false when the budget does not cover it and the retry must not happen. */
  spend(kind: 'transient' | 'throttled'): boolean;
  succeeded(): void;
}

const CAPACITY = 500;
const COST = { transient: 14, throttled: 5 } as const;

/** A token bucket: 500 tokens, 14 for a retry after trouble, 5 after being told to wait, one back per success. */
export function createRetryBudget(capacity = CAPACITY): RetryBudget {
  let tokens = capacity;
  return {
    spend(kind) {
      if (tokens < COST[kind]) return false;
      tokens -= COST[kind];
      return true;
    },
    succeeded() {
      tokens = Math.min(capacity, tokens + 1);
    },
  };
}
