import type { HeldBack } from '#client/intents.ts';
import type { Settled } from '#client/types.ts';
import type { NextCall, Recovery } from '#contract/errors/sota-error.ts';

/** The part every answer of a mutating tool has. */
export interface ActEnvelope {
  readonly outcome: Settled<unknown>['outcome'];
  readonly recovery?: Recovery;
  /** Present from the second attempt on: the first ones were not answered. */
  readonly attempts?: number;
  /** One sentence, where the outcome alone could be misread. */
  readonly note?: string;
}

const notes: Partial<Record<Settled<unknown>['outcome'], string>> = {
  replayed: 'This was done by an earlier call or attempt; nothing was done twice.',
  joined: 'An equal call was already under way; both got this one result.',
  previous_resolved:
    'An earlier call was still unanswered and is settled now; this is its result. The present call was NOT sent: repeat it if it is still wanted.',
  possible_duplicate:
    'The same was done a short while ago, so nothing was sent. Repeat it on purpose with the `after` argument given in recovery.',
};

/**
 * The envelope of an answered mutation.
 * @example { ...envelope(settled), job_id: settled.data.job_id, ...suggest(calls) }
 */
export function envelope(settled: Settled<unknown>): ActEnvelope {
  const note = notes[settled.outcome];
  return {
    outcome: settled.outcome,
    ...(settled.recovery && { recovery: settled.recovery }),
    ...(settled.attempts > 1 && { attempts: settled.attempts }),
    ...(note && { note }),
  };
}

/**
 * The answer where nothing of this call was sent: what became of the earlier one, under a name of its own so that it is
 * not taken for this one's.
 */
export function heldBackEnvelope({ outcome, previous, recovery }: HeldBack): ActEnvelope & {
  readonly previous: HeldBack['previous'];
} {
  const note = notes[outcome];
  return { outcome, recovery, ...(note && { note }), previous };
}

/** `next` as a field, left out where there is nothing to suggest. */
export function suggest(calls: readonly NextCall[]): { next?: NextCall[] } {
  return calls.length ? { next: [...calls] } : {};
}

/** The fields that have a value: null and undefined say nothing a model can use. */
export function present<T extends Record<string, unknown>>(fields: T): Present<T> {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== null && value !== undefined),
  ) as Present<T>;
}

/** Of a field nobody knows nothing is known without its null either. */
type Present<T> = { [K in keyof T]?: unknown extends T[K] ? T[K] : NonNullable<T[K]> };
