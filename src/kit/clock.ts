/** Time as an injected dependency, so that retries, due-dates and heartbeats can be tested without waiting. */
export interface Clock {
  /** Milliseconds since 1970-01-01 UTC. */
  now(): number;
  /** Calls `run` once after `ms`; the returned function cancels. Never keeps the process alive. */
  after(ms: number, run: () => void): () => void;
}

/** Node caps a timer at 2^31-1 ms and fires at once beyond it; longer waits are re-armed by their owner. */
const MAX_TIMER_MS = 2_147_483_647;

/** The machine's own clock. Its timers are unref'd: a waiting timer must not hold a finished process. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after(ms, run) {
    const timer = setTimeout(run, Math.min(Math.max(0, ms), MAX_TIMER_MS));
    timer.unref();
    return () => clearTimeout(timer);
  },
};

/** ISO-8601 UTC with milliseconds, the format of every time on the wire. */
export function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}

/**
 * Resolves after `ms`, or rejects with the signal's reason as soon as it aborts.
 * @example await sleep(250, { clock: systemClock, signal })
 */
export function sleep(
  ms: number,
  { clock = systemClock, signal }: { clock?: Clock; signal?: AbortSignal } = {},
): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const onAbort = () => {
      cancel();
      reject(signal?.reason);
    };
    const cancel = clock.after(ms, () => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    });
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}
