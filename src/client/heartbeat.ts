import { SotaError } from '#contract/errors/sota-error.ts';
import { type Clock, isoTime, systemClock } from '#kit/clock.ts';
import type { Logger } from '#kit/log.ts';
import type { HeartbeatState } from './types.ts';

export interface HeartbeatOptions {
  /** One beat. Resolves false where there is no key yet, which is no failure. */
  readonly beat: () => Promise<boolean>;
  readonly log: Logger;
  readonly clock?: Clock;
  readonly intervalMs?: number;
}

export interface Heartbeat {
  /** Beats now and from now on. Does nothing while it runs. */
  start(): void;
  /** Beats now, whether it was running, waiting or had stopped. */
  restart(): void;
  stop(): void;
  state(): HeartbeatState;
}

export const INTERVAL_MS = 30_000;
/** The marketplace calls an agent offline after 90 s of silence: three more tries fit before that. */
const FIRST_RETRY_MS = 5_000;
const MAX_RETRY_MS = 300_000;

/**
 * Says that the agent is alive. Beats never overlap: the next is planned when one has ended. Failures are retried
 * quickly at first and ever more slowly; a refused key stops it, because repeating would never help and look like an
 * attack.
 */
export function createHeartbeat({
  beat,
  log,
  clock = systemClock,
  intervalMs = INTERVAL_MS,
}: HeartbeatOptions): Heartbeat {
  let running = false;
  let run = 0;
  let last: Promise<void> = Promise.resolve();
  let cancel: () => void = () => undefined;
  let lastSuccessAt: string | undefined;
  let consecutiveFailures = 0;
  let stoppedBecause: string | undefined;

  async function tick(own: number): Promise<void> {
    let delay = intervalMs;
    try {
      const sent = await beat();
      if (own !== run) return;
      if (sent) {
        if (consecutiveFailures > 0) log.info('the heartbeat is answered again', { after: consecutiveFailures });
        lastSuccessAt = isoTime(clock.now());
        consecutiveFailures = 0;
      }
    } catch (error) {
      if (own !== run) return;
      consecutiveFailures++;
      if (error instanceof SotaError && error.httpStatus === 401) {
        running = false;
        stoppedBecause = error.message;
        log.error('the heartbeat has stopped: the marketplace does not accept the API key', { fix: error.fix });
        return;
      }
      delay = Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** (consecutiveFailures - 1));
      if (consecutiveFailures === 1) log.warn('a heartbeat was not answered', { error });
    }
    cancel = clock.after(delay, () => follow(own));
  }

  /** After the beat under way, if there is one. */
  const follow = (own: number) => {
    last = last.then(() => (own === run ? tick(own) : undefined));
  };
  const stop = () => {
    running = false;
    run++;
    cancel();
  };
  const restart = () => {
    stop();
    running = true;
    stoppedBecause = undefined;
    consecutiveFailures = 0;
    follow(run);
  };
  return {
    start() {
      if (!running) restart();
    },
    restart,
    stop,
    state: () => ({
      running,
      consecutiveFailures,
      ...(lastSuccessAt === undefined ? {} : { lastSuccessAt }),
      ...(stoppedBecause === undefined ? {} : { stoppedBecause }),
    }),
  };
}
