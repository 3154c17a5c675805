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

let armed: { readonly name: string; left: number } | undefined | null = null;

/** Dies here, if this is the pass the environment names. */
export function crashPoint(name: RunnerCrashPoint): void {
  if (armed === null) armed = read(process.env.SOTA_RUNNER_CRASH);
  if (armed?.name !== name) return;
  armed.left -= 1;
  if (armed.left === 0) process.kill(process.pid, 'SIGKILL');
}

function read(text: string | undefined): { name: string; left: number } | undefined {
  const match = /^([a-z-]+)(?::([1-9]\d{0,6}))?$/.exec(text?.trim() ?? '');
  return match?.[1] === undefined ? undefined : { name: match[1], left: Number(match[2] ?? 1) };
}
