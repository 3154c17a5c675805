import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Candidate, rankCandidates } from '#market/rules/selection.ts';

const bid = (seq: number, usdc: number, estimatedSeconds: number, reputation = 50): Candidate => ({
  seq,
  amount: BigInt(Math.round(usdc * 1_000_000)),
  estimatedSeconds,
  reputation,
});
const winner = (...bids: Candidate[]): number | undefined => rankCandidates(bids)[0]?.candidate.seq;

describe('the best bid', () => {
  it.each<[string, Candidate[], number]>([
    ['the only one', [bid(1, 5, 600)], 1],
    ['the cheaper one, all else equal', [bid(1, 3, 60), bid(2, 2, 60)], 2],
    ['the better known one, all else equal', [bid(1, 2, 60, 40), bid(2, 2, 60, 90)], 2],
    ['the faster one, all else equal', [bid(1, 2, 120), bid(2, 2, 60)], 2],
    ['the earlier one where nothing differs', [bid(7, 2, 60), bid(3, 2, 60)], 3],
    ['price before speed: a third off beats twice as fast', [bid(1, 3, 60), bid(2, 2, 120)], 2],
    ['speed before a small discount: four times as fast beats a tenth off', [bid(1, 2, 60), bid(2, 1.8, 240)], 1],
    ['trust before a small discount: 90 points beat 50 and a tenth off', [bid(1, 2, 60, 90), bid(2, 1.8, 60, 50)], 1],
    ['price before trust: half the price beats 100 points against 40', [bid(1, 2, 60, 100), bid(2, 1, 60, 40)], 2],
  ])('is %s', (_what, bids, expected) => {
    expect(winner(...bids)).toBe(expected);
    expect(winner(...[...bids].reverse())).toBe(expected);
  });

  it('weighs price, reputation and speed as documented: 50, 30 and 20 of 100 points', () => {
    const [first, second] = rankCandidates([bid(1, 1, 60, 100), bid(2, 2, 240, 50)]);
    expect(first?.score).toBe(100);
    expect(second?.score).toBe(50 / 2 + 30 / 2 + 20 / 4);
  });

  it('is nobody among nobody', () => expect(rankCandidates([])).toEqual([]));
});

const candidates = fc
  .array(
    fc.record({
      amount: fc.bigInt(1n, 10n ** 15n),
      estimatedSeconds: fc.integer({ min: 1, max: 2_592_000 }),
      reputation: fc.integer({ min: 0, max: 100 }),
    }),
    { minLength: 1, maxLength: 8 },
  )
  .map((list) => list.map((candidate, seq) => ({ ...candidate, seq })));
const order = (list: readonly Candidate[]) => rankCandidates(list).map(({ candidate }) => candidate.seq);

describe('whatever the bids are', () => {
  it('the ranking holds every bid once, best score first, and no score leaves 0 to 100', () => {
    fc.assert(
      fc.property(candidates, (list) => {
        const ranked = rankCandidates(list);
        expect(ranked.map(({ candidate }) => candidate.seq).sort((a, b) => a - b)).toEqual(list.map(({ seq }) => seq));
        for (const [i, { score }] of ranked.entries()) {
          expect(score).toBeGreaterThan(0);
          expect(score).toBeLessThanOrEqual(ranked[i - 1]?.score ?? 100);
        }
      }),
    );
  });

  it('the order in which they are read does not matter', () => {
    fc.assert(
      fc.property(candidates, fc.nat(), (list, turn) => {
        const at = turn % list.length;
        expect(order([...list.slice(at), ...list.slice(0, at)])).toEqual(order(list));
      }),
    );
  });

  it('a winner that gets cheaper, faster or better known still wins', () => {
    fc.assert(
      fc.property(candidates, fc.constantFrom('amount', 'estimatedSeconds', 'reputation'), (list, what) => {
        const best = rankCandidates(list)[0]!.candidate;
        const better = {
          ...best,
          ...(what === 'amount' && { amount: best.amount / 2n || 1n }),
          ...(what === 'estimatedSeconds' && { estimatedSeconds: Math.ceil(best.estimatedSeconds / 2) }),
          ...(what === 'reputation' && { reputation: 100 }),
        };
        expect(order(list.map((candidate) => (candidate === best ? better : candidate)))[0]).toBe(best.seq);
      }),
    );
  });

  it('nobody wins who is dearer, slower and less known than another', () => {
    fc.assert(
      fc.property(candidates, (list) => {
        const best = rankCandidates(list)[0]!.candidate;
        const beaten = list.some(
          (other) =>
            other.amount < best.amount &&
            other.estimatedSeconds < best.estimatedSeconds &&
            other.reputation > best.reputation,
        );
        expect(beaten).toBe(false);
      }),
    );
  });
});
