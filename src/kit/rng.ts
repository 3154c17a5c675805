/**
 * Reproducible randomness. Everything the marketplace makes up (test instances, jobs, rivals, faults) comes from one of
 * these, so that a seed replays a whole career and a failing test can be run again. Not for secrets: see `randomToken`.
 */
import { createHash } from 'node:crypto';

export interface Rng {
  /** The next number in [0, 1), a multiple of 2^-32. */
  next(): number;
  /** A whole number from `min` to `max`, both included. Throws RangeError unless both are whole and min ≤ max. */
  int(min: number, max: number): number;
  /** One of `items`, each equally likely. Throws RangeError on an empty list. */
  pick<T>(items: readonly T[]): T;
  /** A shuffled copy (Fisher-Yates); the list given is not touched. */
  shuffle<T>(items: readonly T[]): T[];
  /**
   * An independent generator that depends on this one's seed and the label alone, never on how much was drawn before.
   * Give each consumer its own fork, and adding a draw in one place moves nothing elsewhere.
   */
  fork(label: string): Rng;
}

/**
 * A generator whose whole future is decided by `seed`: sfc32 (Doty-Humphrey's small fast counter, 128 bits of state)
 * keyed by SHA-256, so that neighbouring seeds share nothing.
 * @example seededRng('agent-7').fork('code-review').int(1, 6)
 */
export function seededRng(seed: string | number): Rng {
  const digest = createHash('sha256').update(String(seed)).digest();
  const next = sfc32(digest.readUInt32LE(0), digest.readUInt32LE(4), digest.readUInt32LE(8), digest.readUInt32LE(12));

  const int = (min: number, max: number): number => {
    if (!Number.isSafeInteger(min) || !Number.isSafeInteger(max) || max < min) {
      throw new RangeError(`No whole number from ${min} to ${max}`);
    }
    return min + Math.floor(next() * (max - min + 1));
  };

  return {
    next,
    int,
    pick<T>(items: readonly T[]): T {
      if (items.length === 0) throw new RangeError('Nothing to pick from');
      return items[int(0, items.length - 1)] as T;
    },
    shuffle<T>(items: readonly T[]): T[] {
      const copy = [...items];
      for (let last = copy.length - 1; last > 0; last -= 1) {
        const other = int(0, last);
        const moved = copy[last] as T;
        copy[last] = copy[other] as T;
        copy[other] = moved;
      }
      return copy;
    },
    // The digest, not the seed text, is the parent: no choice of label and seed can then spell another pair's name.
    fork: (label) => seededRng(`${digest.toString('hex')}/${label}`),
  };
}

function sfc32(a: number, b: number, c: number, counter: number): () => number {
  return () => {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return (sum >>> 0) / 2 ** 32;
  };
}
