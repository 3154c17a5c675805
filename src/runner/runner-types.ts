import type { HeartbeatState, Session } from '#client/types.ts';
import type { SotaError } from '#contract/errors/sota-error.ts';
import type { Clock } from '#kit/clock.ts';
import type { Logger } from '#kit/log.ts';
import type { RunnerListener, RunnerMode } from './events.ts';
import type { HandlerContext, HandlerHost } from './handlers/handler-host.ts';
import type { JobView } from './handlers/job-view.ts';
import type { StateFolder } from './state/state-folder.ts';
import type { TaskRecord } from './state/task-record.ts';
import type { Shop } from './work-task.ts';

export interface RunnerOptions {
  readonly session: Session;
  readonly handlers: HandlerHost;
  readonly state: StateFolder;
  readonly pollIntervalMs?: number;
  readonly heartbeatIntervalMs?: number;
  /** Assignments worked on at once. */
  readonly concurrency?: number;
  /** How long a drain waits for what is running before it interrupts. */
  readonly graceMs?: number;
  /** Ask for the review as soon as all tests have passed. Default true. */
  readonly requestReview?: boolean;
  readonly onDrain?: Shop['onDrain'];
  readonly tools?: HandlerContext['tools'];
  readonly clock?: Clock;
  readonly rng?: () => number;
  readonly log?: Logger;
}

export interface RunnerStatus {
  readonly agentId: string;
  readonly mode: RunnerMode;
  readonly agentStatus: string | undefined;
  readonly quiet: boolean;
  readonly draining: boolean;
  readonly running: readonly { readonly job: JobView; readonly startedAt: number }[];
  readonly outbox: readonly TaskRecord[];
  readonly parked: readonly TaskRecord[];
  readonly heartbeat: HeartbeatState;
  readonly lastPollAt: number | undefined;
}

/** Why a runner ended; the command turns it into an exit code. */
export type RunnerEnd =
  | { readonly kind: 'drained' }
  /** Something is left for the next start: results not handed over, jobs not finished. */
  | { readonly kind: 'left_over'; readonly count: number }
  | { readonly kind: 'unauthorized'; readonly error: SotaError };

export interface Runner {
  readonly agentId: string;
  start(): void;
  /** Looks at once. */
  wake(): void;
  /** Quiet: finishes what was accepted, takes nothing new. */
  setQuiet(quiet: boolean): void;
  /** New handler code: what was given up because of the old one is tried again. */
  reloaded(): void;
  /** A person agrees: the parked job of that id starts again. False where there is none. */
  resume(jobId: string): Promise<boolean>;
  /** Runs one job through the handlers, delivering nothing. */
  invoke(job: JobView, options: InvokeOptions): Promise<unknown>;
  on(listener: RunnerListener): () => void;
  status(): RunnerStatus;
  /** Resolves after the first look when nothing of it is running any more. */
  oneRound(): Promise<void>;
  /** Ends in an orderly way; repeated calls are one. */
  drain(): Promise<RunnerEnd>;
  /** Resolves when the runner has to end for a reason of its own. */
  readonly failed: Promise<RunnerEnd>;
}

export interface InvokeOptions {
  readonly signal: AbortSignal;
  readonly deadline: number;
  onProgress?(percent: number, message?: string): void;
  onLog?(message: string, level: 'info' | 'warn' | 'error'): void;
}
