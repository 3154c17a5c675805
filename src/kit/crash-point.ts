/**
 * Named places at which a test may kill this process, to see what the next one makes of what is left. The names stand
 * in the code where the danger is, so a harness can try every one of them; a kill at a random moment almost never hits
 * the microsecond that matters.
 *
 * Without `SOTA_CRASH` every point is a comparison and nothing else. `SOTA_CRASH=after-intent:2` kills at the second
 * pass of that point. A name that does not exist never kills: a harness takes the names from {@link crashPoints}.
 */
export const crashPoints = [
  /** A request was decided on, nothing is written. */
  'before-intent',
  /** A durable file has its content but not its name. */
  'put-written',
  /** A durable file has its name, which is not synced yet. */
  'put-linked',
  /** The intent is on disk, nothing was sent. */
  'after-intent',
  'before-send',
  /** The marketplace has answered, nothing of it is on disk. */
  'after-send',
  /** The credentials that came with the answer are on disk, the outcome is not. */
  'after-persist',
  'before-out',
  /** The outcome is on disk, the caller does not know it. */
  'after-out',
  /** The answer is about to be handed to the operating system. */
  'before-answer',
  /** The operating system has the answer. */
  'before-seen',
  'after-seen',
  /** What an earlier process left without an outcome was found, at the start or by the call that repeats it. */
  'before-recover',
  'after-recover',
] as const;

export type CrashPoint = (typeof crashPoints)[number];

/** Dies here, if this is the pass the environment names. */
export const crashPoint = armedBy<CrashPoint>('SOTA_CRASH');

/**
 * Points of a program with a variable of its own, which is read at the first of them.
 * @example export const crashPoint = armedBy<RunnerCrashPoint>('SOTA_RUNNER_CRASH');
 */
export function armedBy<Name extends string>(variable: string): (name: Name) => void {
  let armed: { readonly name: string; left: number } | undefined | null = null;
  return (name) => {
    if (armed === null) armed = read(process.env[variable]);
    if (armed?.name !== name) return;
    armed.left -= 1;
    if (armed.left === 0) process.kill(process.pid, 'SIGKILL');
  };
}

function read(text: string | undefined): { name: string; left: number } | undefined {
  const match = /^([a-z-]+)(?::([1-9]\d{0,6}))?$/.exec(text?.trim() ?? '');
  return match?.[1] === undefined ? undefined : { name: match[1], left: Number(match[2] ?? 1) };
}
