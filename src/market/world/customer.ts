import type { Rng } from '#kit/rng.ts';
import type { CheckFailure } from '../sandbox-content/define-test.ts';
import type { Temper } from './world-settings.ts';

/** What a customer does about a delivery. */
export type Reaction =
  | { readonly do: 'rate'; readonly rating: number }
  | { readonly do: 'accept' }
  | { readonly do: 'request_changes'; readonly feedback: string }
  /** Says nothing; the day's auto-confirm decides. */
  | { readonly do: 'stay_silent' };

const rate = (rating: number): Reaction => ({ do: 'rate', rating });
const SILENT: Reaction = { do: 'stay_silent' };

/** How a right delivery is taken: so many times out of 20 each. A strict customer is unjust now and then. */
const CONTENT: Readonly<Record<Temper, readonly (readonly [number, Reaction])[]>> = {
  lenient: [
    [16, rate(5)],
    [3, rate(4)],
    [1, { do: 'accept' }],
  ],
  fair: [
    [11, rate(5)],
    [6, rate(4)],
    [1, { do: 'accept' }],
    [2, SILENT],
  ],
  strict: [
    [5, rate(5)],
    [8, rate(4)],
    [4, rate(3)],
    [2, SILENT],
    [1, rate(2)],
  ],
};

/** How often a wrong delivery may be mended, and the rating that ends the patience. From 2 down a judge decides. */
const PATIENCE: Readonly<Record<Temper, { readonly changes: number; readonly lastRating: number }>> = {
  lenient: { changes: 2, lastRating: 3 },
  fair: { changes: 1, lastRating: 2 },
  strict: { changes: 1, lastRating: 1 },
};

/**
 * A customer's reaction. `failure` is what the check found, `revision` how often changes were asked for already.
 * @example reactionOf({ temper: 'fair', failure: null, revision: 0, rng })
 */
export function reactionOf({
  temper,
  failure,
  revision,
  rng,
}: {
  readonly temper: Temper;
  readonly failure: CheckFailure | null;
  readonly revision: number;
  readonly rng: Rng;
}): Reaction {
  if (!failure) return drawn(CONTENT[temper], rng);
  const { changes, lastRating } = PATIENCE[temper];
  // A strict customer gives every second one no chance to mend anything.
  const impatient = temper === 'strict' && rng.next() < 0.5;
  if (revision >= changes || impatient) return rate(lastRating);
  return { do: 'request_changes', feedback: `${failure.message} ${failure.hint}` };
}

function drawn(table: readonly (readonly [number, Reaction])[], rng: Rng): Reaction {
  let left = rng.int(1, 20);
  for (const [times, reaction] of table) {
    left -= times;
    if (left <= 0) return reaction;
  }
  return SILENT;
}
