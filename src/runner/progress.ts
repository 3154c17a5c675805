import type { SotaClient } from '#client/types.ts';
import { reportProgress } from '#contract/operations/worker.ts';
import type { Clock } from '#kit/clock.ts';

export interface ProgressReporter {
  report(percent: number, message?: string): void;
  /** Nothing is sent any more. */
  stop(): void;
}

const MIN_GAP_MS = 2_000;
const MAX_MESSAGE = 2_000;

/**
 * Tells the requester how far a job is, at most once in two seconds: of what a handler reports in between, the latest
 * is sent. A report that does not get through is lost, since the next one says more.
 */
export function createProgressReporter(client: SotaClient, clock: Clock, jobId: string): ProgressReporter {
  let latest: { percent: number; message?: string } | undefined;
  let waiting = false;
  let stopped = false;
  let cancel: () => void = () => undefined;

  function flush(): void {
    waiting = false;
    if (!latest || stopped) return;
    const body = { job_id: jobId, ...latest };
    latest = undefined;
    waiting = true;
    client
      .call(reportProgress, { body })
      .catch(() => undefined)
      .then(() => {
        if (!stopped) cancel = clock.after(MIN_GAP_MS, flush);
      });
  }

  return {
    report(percent, message) {
      const bounded = Number.isFinite(percent) ? Math.min(100, Math.max(0, Math.round(percent))) : 0;
      latest = {
        percent: bounded,
        ...(message === undefined ? {} : { message: String(message).slice(0, MAX_MESSAGE) }),
      };
      if (!waiting) flush();
    },
    stop() {
      stopped = true;
      cancel();
    },
  };
}
