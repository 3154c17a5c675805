import type { Answer, DrivenServer } from './driven-server.ts';
import type { Intention } from './scenarios.ts';

/** An answer that settles what became of an intention. */
export interface Settlement {
  readonly data: Readonly<Record<string, unknown>>;
  readonly refused: boolean;
  readonly calls: number;
}

export interface Accidents {
  /** Runs ahead of every call. @returns the crash point its process is to start with */
  before?(nth: number): Promise<string | undefined>;
  /** After a call whose process was so armed. */
  after?(armed: string): Promise<void>;
}

const MAX_CALLS = 25;
const PAUSE_MS = 40;

/**
 * What a host and its model do with a call that was not answered, answered with "unknown", or held back until an earlier
 * one was told about: the same call again, until there is an answer.
 */
export async function persist(
  server: DrivenServer,
  { tool, args }: Intention,
  accidents: Accidents = {},
): Promise<Settlement | undefined> {
  for (let calls = 1; calls <= MAX_CALLS; calls += 1) {
    const armed = await accidents.before?.(calls);
    const answer = await server.call(tool, args, armed);
    if (armed) await accidents.after?.(armed);
    const settled = settle(answer);
    if (settled) return { ...settled, calls };
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS * calls));
  }
  return undefined;
}

function settle(answer: Answer): Omit<Settlement, 'calls'> | undefined {
  if (answer.kind === 'died') return undefined;
  const { isError, data } = answer;
  // Nothing of this call was sent: what is told is the end of an earlier one.
  if (data.outcome === 'previous_resolved') return undefined;
  if (!isError) return { data, refused: false };
  const error = data.error as { retryable?: boolean } | undefined;
  const open = data.outcome === 'unknown' || error?.retryable === true || data.protocol_error !== undefined;
  return open ? undefined : { data, refused: true };
}
