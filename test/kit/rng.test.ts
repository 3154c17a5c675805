import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seededRng } from '../../src/kit/rng.ts';

const draw = (seed: string | number, count = 20) => {
  const rng = seededRng(seed);
  return Array.from({ length: count }, () => rng.next());
};

describe('seededRng', () => {
  it('replays the same numbers from the same seed, and others from another', () => {
    expect(draw('a')).toEqual(draw('a'));
    expect(draw('a')).not.toEqual(draw('b'));
    expect(new Set([...draw(1), ...draw(2)]).size).toBe(40);
  });

  it('keeps giving the same numbers from one release to the next', () => {
    expect(draw('sota', 3)).toMatchInlineSnapshot(`
      [
        0.6513245012611151,
        0.0031430264934897423,
        0.8435761379078031,
      ]
    `);
  });

  it('stays in [0, 1) and spreads evenly', () => {
    const counts = new Array<number>(10).fill(0);
    for (const value of draw('spread', 10_000)) {
      expect(value).toBeGreaterThanOrEqual(0);
      expect(value).toBeLessThan(1);
      counts[Math.floor(value * 10)]! += 1;
    }
    for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(150);
  });

  it('reaches both ends of a range of whole numbers and nothing outside', () => {
    const rng = seededRng('die');
    const seen = new Set(Array.from({ length: 500 }, () => rng.int(1, 6)));
    expect([...seen].sort()).toEqual([1, 2, 3, 4, 5, 6]);
    expect(rng.int(7, 7)).toBe(7);
    for (const [min, max] of [
      [2, 1],
      [0.5, 2],
      [0, Number.NaN],
    ] as const) {
      expect(() => rng.int(min, max)).toThrow(RangeError);
    }
  });

  it('shuffles into a permutation and leaves the original alone', () => {
    fc.assert(
      fc.property(fc.array(fc.integer()), fc.string(), (items, seed) => {
        const before = [...items];
        const shuffled = seededRng(seed).shuffle(items);
        expect(items).toEqual(before);
        expect([...shuffled].sort()).toEqual([...items].sort());
      }),
    );
    const cards = Array.from({ length: 52 }, (_, index) => index);
    expect(seededRng('deck').shuffle(cards)).not.toEqual(cards);
  });

  it('forks by label alone, whatever was drawn before', () => {
    const fresh = seededRng('root');
    const used = seededRng('root');
    used.next();
    expect(used.fork('jobs').next()).toBe(fresh.fork('jobs').next());
    expect(fresh.fork('jobs').next()).not.toBe(fresh.fork('bids').next());
    expect(fresh.fork('a').fork('b').next()).not.toBe(fresh.fork('a/b').next());
  });

  it('refuses to pick from nothing', () => {
    expect(() => seededRng(1).pick([])).toThrow(RangeError);
  });
});
