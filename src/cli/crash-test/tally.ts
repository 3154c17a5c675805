/** What a crash test counts. The last three must be zero. */
export interface Tally {
  /** Things that were to happen exactly once. */
  intentions: number;
  /** Processes killed, at named points and at random. */
  kill_points: number;
  /** Calls that found an equal one under way and shared its result. */
  joined: number;
  /** Effects nobody wanted. */
  duplicated: number;
  /** Intentions answered as done, or never answered, without an effect. */
  swallowed: number;
  /** Objects an answer named that the marketplace does not have. */
  lost: number;
}

export const emptyTally = (): Tally => ({
  intentions: 0,
  kill_points: 0,
  joined: 0,
  duplicated: 0,
  swallowed: 0,
  lost: 0,
});

export function addTally(sum: Tally, part: Tally): void {
  for (const name of Object.keys(sum) as (keyof Tally)[]) sum[name] += part[name];
}

/** Whether everything happened exactly once. */
export const isClean = ({ duplicated, swallowed, lost }: Tally): boolean => duplicated + swallowed + lost === 0;
