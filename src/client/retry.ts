import { type Clock, sleep } from '#kit/clock.ts';
import type { AttemptResult } from './http.ts';
import { delayBefore, type RetryBudget, type RetryProfile, type Rng } from './retry-timing.ts';

export interface RetryOptions {
  readonly profile: RetryProfile;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly budget: RetryBudget;
  /** Whether the request may be sent again after an attempt that may have taken effect. */
  readonly repeatable: boolean;
  /** The same request was sent before these attempts and may have taken effect. */
  readonly mayHaveHappened?: boolean;
  readonly signal?: AbortSignal | undefined;
  readonly onAttempt?: ((attempt: number, reason: string) => void) | undefined;
  /** Asked once, after a 401: true when another key is at hand and the request should be sent again with it. */
  readonly renewKey?: (refused: AttemptResult) => Promise<boolean>;
}

export interface RetryResult {
  readonly last: AttemptResult;
  readonly attempts: number;
  /** True when an attempt before the last one may have taken effect. */
  readonly earlierMayHaveHappened: boolean;
  /** Set when waiting as long as asked for would have taken too long. */
  readonly retryAfterMs?: number;
}

/** An attempt with less time than this would only make the outcome unknown. */
const MIN_ATTEMPT_MS = 50;

/**
 * Sends until there is an answer that repeating cannot change, or until attempts, time, budget or the caller say stop.
 * A request that is not repeatable is never sent again once it may have taken effect, whatever the server suggests.
 */
export async function sendWithRetries(
  send: (attempt: number, timeoutMs: number) => Promise<AttemptResult>,
  options: RetryOptions,
): Promise<RetryResult> {
  const { profile, clock, rng, budget, signal } = options;
  const deadline = clock.now() + profile.deadlineMs;
  let earlierMayHaveHappened = options.mayHaveHappened ?? false;
  let renewed = false;
  let retries = 0;
  for (let attempt = 1; ; attempt++) {
    const left = deadline - clock.now();
    const last = await send(attempt, Math.max(MIN_ATTEMPT_MS, Math.min(profile.attemptTimeoutMs, left)));
    const result = { last, attempts: attempt, earlierMayHaveHappened };
    if (last.outcome === 'answered') {
      budget.succeeded();
      return result;
    }
    if (signal?.aborted) return result;
    if (last.status === 401 && !renewed && options.renewKey) {
      renewed = true;
      if (await options.renewKey(last)) {
        options.onAttempt?.(attempt + 1, 'another API key is in use');
        continue;
      }
    }
    if (last.outcome === 'unknown' && !options.repeatable) return result;
    if (!(last.shouldRetry ?? last.worthRepeating) || attempt >= profile.maxAttempts) return result;
    const delay = delayBefore(retries++, profile, rng, last.retryAfterMs);
    if (clock.now() + delay + MIN_ATTEMPT_MS > deadline) {
      return { ...result, ...(last.retryAfterMs === undefined ? {} : { retryAfterMs: last.retryAfterMs }) };
    }
    if (!budget.spend(last.outcome === 'not_executed' ? 'throttled' : 'transient')) return result;
    if (last.outcome === 'unknown') earlierMayHaveHappened = true;
    options.onAttempt?.(attempt + 1, last.reason);
    try {
      await sleep(delay, { clock, ...(signal ? { signal } : {}) });
    } catch {
      return result;
    }
  }
}
