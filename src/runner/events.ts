import type { VerdictAnswer as Verdict } from '#contract/verdict.ts';
import type { JobView } from './handlers/job-view.ts';
import type { TaskOutcome } from './state/task-record.ts';

/** What happens in a runner, for feeds, metrics and tests. Listeners must not throw and cannot change anything. */
export type RunnerEvent =
  | { readonly type: 'mode'; readonly mode: RunnerMode }
  | { readonly type: 'polled'; readonly ms: number }
  | { readonly type: 'poll_failed'; readonly error: string; readonly failures: number; readonly delayMs: number }
  | { readonly type: 'bid'; readonly jobId: string; readonly usdc: number; readonly title: string | null }
  | { readonly type: 'accepted'; readonly jobId: string }
  | { readonly type: 'started'; readonly job: JobView; readonly go: number; readonly running: number }
  | { readonly type: 'progress'; readonly jobId: string; readonly percent: number; readonly message?: string }
  | { readonly type: 'stored'; readonly job: JobView; readonly failed: boolean; readonly ms: number }
  | { readonly type: 'verdict'; readonly job: JobView; readonly verdict: Verdict }
  | { readonly type: 'handler_failed'; readonly job: JobView; readonly code: string; readonly message: string }
  | { readonly type: 'settled'; readonly job: JobView; readonly outcome: TaskOutcome; readonly note?: string }
  | { readonly type: 'parked'; readonly job: JobView; readonly reason: string }
  | { readonly type: 'draining' };

/** `waiting`: tests are passed, or the agent is under review, paused or suspended. */
export type RunnerMode = 'starting' | 'sandbox' | 'waiting' | 'active';

export type RunnerListener = (event: RunnerEvent) => void;
