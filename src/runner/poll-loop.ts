import { SotaError } from '#contract/errors/sota-error.ts';
import type { Clock } from '#kit/clock.ts';

export interface PollLoopOptions {
  /** One look. What it throws slows the loop down. */
  readonly poll: () => Promise<void>;
  readonly intervalMs: number;
  readonly clock: Clock;
  /** In [0, 1). */
  readonly rng: () => number;
  /** Told about every look that failed, with how many have in a row and when the next is. */
  readonly onError: (error: unknown, failures: number, delayMs: number) => void;
}

export interface PollLoop {
  start(): void;
  /** Looks now, or once more soon after the look under way: what woke us may have happened after its request left. */
  wake(): void;
  /** No look starts any more; resolves when the one under way has ended. */
  stop(): Promise<void>;
}

const MAX_BACKOFF_MS = 30_000;
const JITTER = 0.1;
/** Events come in volleys, and what the first of them led to must not wait for looks on behalf of the others. */
const WAKE_GAP_MS = 25;

/**
 * Looks at a steady pace. Two looks never overlap, since the next is planned when one has ended; the pace is jittered
 * so that a thousand runners started together drift apart; errors slow it down to 30 s, and a Retry-After is kept.
 */
export function createPollLoop({ poll, intervalMs, clock, rng, onError }: PollLoopOptions): PollLoop {
  let stopped = true;
  let failures = 0;
  let again = false;
  let endedAt = Number.NEGATIVE_INFINITY;
  let current: Promise<void> | undefined;
  let cancel: () => void = () => undefined;

  const look = (): void => {
    if (stopped) return;
    if (current) {
      again = true;
      return;
    }
    cancel();
    again = false;
    current = poll()
      .then(
        () => {
          failures = 0;
          return intervalMs * (1 - JITTER + 2 * JITTER * rng());
        },
        (error: unknown) => {
          failures += 1;
          const delay = delayAfter(error, failures);
          onError(error, failures, delay);
          return delay;
        },
      )
      .then((delay) => {
        current = undefined;
        endedAt = clock.now();
        if (stopped) return;
        // A wake during a failed look waits like everything else: waking must not become a way round the backoff.
        cancel = clock.after(again && failures === 0 ? WAKE_GAP_MS : delay, look);
      });
  };

  /** At once, or as soon as the look before is long enough ago. */
  const lookSoon = (): void => {
    const rest = endedAt + WAKE_GAP_MS - clock.now();
    if (current || rest <= 0) return void look();
    cancel();
    // No longer than the gap, also where somebody has put the clock back.
    if (!stopped) cancel = clock.after(Math.min(rest, WAKE_GAP_MS), look);
  };

  function delayAfter(error: unknown, count: number): number {
    const ceiling = Math.min(Math.max(MAX_BACKOFF_MS, intervalMs), intervalMs * 2 ** Math.min(count, 16));
    const jittered = ceiling * (0.5 + 0.5 * rng());
    const asked = error instanceof SotaError ? (error.retryAfterSeconds ?? 0) * 1000 : 0;
    return Math.max(jittered, asked * (1 + JITTER * rng()));
  }

  return {
    start() {
      if (!stopped) return;
      stopped = false;
      look();
    },
    wake() {
      if (failures === 0) lookSoon();
    },
    async stop() {
      stopped = true;
      cancel();
      await current;
    },
  };
}
