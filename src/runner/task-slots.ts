import { setMaxListeners } from 'node:events';
import type { Clock } from '#kit/clock.ts';
import type { JobView } from './handlers/job-view.ts';
import { taskKey } from './handlers/job-view.ts';
import type { StopReason, TaskControl } from './work-task.ts';

/** A task under way. */
export interface Running extends TaskControl {
  readonly key: string;
  readonly job: JobView;
  readonly startedAt: number;
  stop(reason: StopReason): void;
}

export interface TaskSlots {
  readonly size: number;
  has(key: string): boolean;
  all(): readonly Running[];
  /** Runs `work` in a slot; several for one key are one. The promise never rejects. */
  start(job: JobView, deadline: number, work: (running: Running) => Promise<void>): void;
  /** Resolves when nothing runs. */
  idle(): Promise<void>;
  /** Ends all sending; what has no answer stays in the outbox. */
  stopSending(): void;
}

/** How long a job may take where nobody said. */
export const DEFAULT_JOB_MS = 15 * 60_000;

/** Handlers are told to stop this long before their deadline, so that what they have can still be delivered. */
const STOP_LEAD_MS = 5_000;
const MAX_LEAD_SHARE = 0.2;

/**
 * @param onEnd told about every task that ended; `error` only for what is a mistake of the runner itself
 */
export function createTaskSlots(clock: Clock, onEnd: (running: Running, error?: unknown) => void): TaskSlots {
  const running = new Map<string, { task: Running; ended: Promise<void> }>();
  const sending = new AbortController();
  // One listener per delivery under way is no leak, however many slots there are.
  setMaxListeners(0, sending.signal);

  return {
    get size() {
      return running.size;
    },
    has: (key) => running.has(key),
    all: () => [...running.values()].map(({ task }) => task),
    start(job, deadline, work) {
      const key = taskKey(job);
      if (running.has(key)) return;
      const controller = new AbortController();
      let stopped: StopReason | undefined;
      const stop = (reason: StopReason) => {
        stopped ??= reason;
        controller.abort(new Error(reason));
      };
      const startedAt = clock.now();
      const total = deadline - startedAt;
      const lead = Math.min(STOP_LEAD_MS, total * MAX_LEAD_SHARE);
      const cancel = clock.after(Math.max(0, total - lead), () => stop('deadline'));
      const task: Running = {
        key,
        job,
        deadline,
        startedAt,
        stop,
        signal: controller.signal,
        sending: sending.signal,
        get stopped() {
          return stopped;
        },
      };
      const ended = work(task)
        .then(
          () => undefined,
          (error: unknown) => error,
        )
        .then((error) => {
          cancel();
          running.delete(key);
          onEnd(task, error);
        });
      running.set(key, { task, ended });
    },
    async idle() {
      while (running.size > 0) await Promise.all([...running.values()].map(({ ended }) => ended));
    },
    stopSending: () => sending.abort(new Error('stopping')),
  };
}
