import { armedBy } from '#kit/crash-point.ts';

/**
 * Named places at which a test may kill the runner, to see what the next one makes of what is left. Without
 * `SOTA_RUNNER_CRASH` every point is a comparison and nothing else; `SOTA_RUNNER_CRASH=result-stored:2` kills at the
 * second pass of that point.
 */
export const runnerCrashPoints = [
  'before-accept',
  /** The marketplace says executing, nothing of it is on disk. */
  'after-accept',
  /** The start is on disk, the handler has not run. */
  'start-noted',
  /** The handler has answered, its answer is only in memory. */
  'handler-done',
  /** The answer is on disk, nothing was sent. */
  'result-stored',
  /** The marketplace has answered, nothing of it is on disk. */
  'after-send',
  /** The outcome is on disk. */
  'settled',
] as const;

export type RunnerCrashPoint = (typeof runnerCrashPoints)[number];

/** Dies here, if this is the pass the environment names. */
export const crashPoint = armedBy<RunnerCrashPoint>('SOTA_RUNNER_CRASH');
