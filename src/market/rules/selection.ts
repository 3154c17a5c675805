import type { Micro } from '#kit/money.ts';

/**
 * How the marketplace chooses a winner by itself. How the live one weighs price, reputation and speed is not public;
 * here the best price, the best reputation possible and the fastest promise count 50, 30 and 20 of 100 points:
 *
 *   price       lowest amount ÷ this amount
 *   reputation  score ÷ 100
 *   speed       shortest estimate ÷ this estimate
 *
 * Points are whole millionths, computed without floats, so that equal bids are exactly equal and the earlier one wins.
 */
export const SELECTION_WEIGHTS = { price: 50n, reputation: 30n, speed: 20n } as const;

const WHOLE = 1_000_000n;

export interface Candidate {
  readonly amount: Micro;
  readonly estimatedSeconds: number;
  /** 0 to 100. */
  readonly reputation: number;
  /** Order of arrival. */
  readonly seq: number;
}

export interface Scored<C extends Candidate> {
  readonly candidate: C;
  /** 0 to 100, up to six decimals. */
  readonly score: number;
}

/**
 * Every candidate with its score, best first; among equals the one that came first.
 * @example rankCandidates(bids)[0]?.candidate // the winner
 */
export function rankCandidates<C extends Candidate>(candidates: readonly C[]): Scored<C>[] {
  const lowest = least(candidates.map((candidate) => candidate.amount));
  const shortest = least(candidates.map((candidate) => BigInt(candidate.estimatedSeconds)));
  return candidates
    .map((candidate) => ({ candidate, points: pointsOf(candidate, lowest, shortest) }))
    .sort((a, b) => (a.points === b.points ? a.candidate.seq - b.candidate.seq : a.points > b.points ? -1 : 1))
    .map(({ candidate, points }) => ({ candidate, score: Number(points) / Number(WHOLE) }));
}

function pointsOf({ amount, estimatedSeconds, reputation }: Candidate, lowest: Micro, shortest: bigint): bigint {
  const trust = BigInt(Math.round(Math.min(100, Math.max(0, reputation)) * 10_000));
  return (
    (SELECTION_WEIGHTS.price * WHOLE * lowest) / amount +
    SELECTION_WEIGHTS.reputation * trust +
    (SELECTION_WEIGHTS.speed * WHOLE * shortest) / BigInt(estimatedSeconds)
  );
}

function least(values: readonly bigint[]): bigint {
  return values.reduce((a, b) => (b < a ? b : a), values[0] ?? 0n);
}
