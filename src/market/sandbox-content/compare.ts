/** How checkers compare an answer with the truth, and word the difference without giving the truth away. */
import type { CheckFailure } from './define-test.ts';

export function failure(check: string, message: string, hint: string): CheckFailure {
  return { check, message, hint };
}

type Row = Readonly<Record<string, unknown>>;

/** Compares rows in order, field by field. `noun` names a row in messages; `hint` is the repair for a wrong value. */
export function compareRows(
  expected: readonly Row[],
  actual: readonly Row[],
  { noun, hint }: { noun: string; hint: string },
): CheckFailure | null {
  if (actual.length !== expected.length) {
    const much = actual.length < expected.length ? 'too few' : 'too many';
    return failure(
      'count',
      `${actual.length} ${noun}s is ${much}.`,
      `Include every ${noun} the task asks for, once. ${hint}`,
    );
  }
  for (const [index, row] of expected.entries()) {
    const given = actual[index] ?? {};
    const wrong = Object.keys(row).find((field) => given[field] !== row[field]);
    if (wrong !== undefined) {
      return failure('value', `The ${noun} at index ${index} has a wrong "${wrong}".`, hint);
    }
  }
  return null;
}

/** An answer that lists one finding per id, in any order. */
interface ById<E, A> {
  expected: readonly E[];
  actual: readonly A[];
  id(entry: E | A): string;
  noun: string;
  /** The name of the first field of `actual` that is wrong, or null. */
  wrongField(expected: E, actual: A): string | null;
  hint: string;
}

/** Compares by id, whatever the order: ids must be known, unique and complete, then each entry's fields right. */
export function compareById<E, A>({ expected, actual, id, noun, wrongField, hint }: ById<E, A>): CheckFailure | null {
  const wanted = new Map(expected.map((entry) => [id(entry), entry]));
  const seen = new Set<string>();
  for (const [index, entry] of actual.entries()) {
    const key = id(entry);
    const truth = wanted.get(key);
    if (truth === undefined) {
      return failure('unexpected_entry', `The ${noun} at index ${index} does not belong in the answer.`, hint);
    }
    if (seen.has(key)) {
      return failure(
        'duplicate_entry',
        `The ${noun} at index ${index} repeats an earlier one.`,
        `List each ${noun} once.`,
      );
    }
    seen.add(key);
    const wrong = wrongField(truth, entry);
    if (wrong !== null) {
      return failure('value', `The ${noun} at index ${index} has a wrong "${wrong}".`, hint);
    }
  }
  if (seen.size < wanted.size) {
    return failure('missing_entry', `${wanted.size - seen.size} ${noun}(s) are missing.`, hint);
  }
  return null;
}

/** Equal within a tolerance that forgives rounding the last asked-for decimal either way. */
export function closeTo(actual: number, expected: number, tolerance: number): boolean {
  return Math.abs(actual - expected) <= tolerance + 1e-9;
}
