import { describe, expect, it } from 'vitest';
import { createPollLoop } from '#runner/poll-loop.ts';
import { createFakeClock } from '#runner/sdk/fake-clock.ts';

const INTERVAL_MS = 3_000;

/** A loop whose looks take `ms` and end as `outcome` says. */
function loopWith({ ms = 0, rng = () => 0.5, outcome = () => {} }: Partial<Plan> = {}) {
  const clock = createFakeClock(() => false);
  const from = clock.now();
  const starts: number[] = [];
  const delays: number[] = [];
  let atOnce = 0;
  let most = 0;
  const loop = createPollLoop({
    intervalMs: INTERVAL_MS,
    clock,
    rng,
    onError: (_error, _failures, delay) => delays.push(delay),
    async poll() {
      starts.push(clock.now() - from);
      atOnce += 1;
      most = Math.max(most, atOnce);
      if (ms > 0) await new Promise<void>((resolve) => clock.after(ms, resolve));
      atOnce -= 1;
      outcome();
    },
  });
  return { clock, loop, starts, delays, most: () => most };
}

interface Plan {
  readonly ms: number;
  readonly rng: () => number;
  readonly outcome: () => void;
}

describe('looking', () => {
  it('keeps its pace within ten percent, and never overlaps itself', async () => {
    for (const [chance, gap] of [
      [0, 2_700],
      [0.5, 3_000],
      [0.999, 3_299],
    ] as const) {
      const { clock, loop, starts, most } = loopWith({ ms: 5_000, rng: () => chance });
      loop.start();
      await clock.advance(40_000);
      expect(most()).toBe(1);
      const gaps = starts.slice(1).map((at, index) => at - starts[index]!);
      for (const found of gaps) expect(Math.abs(found - 5_000 - gap)).toBeLessThan(1);
      await Promise.all([loop.stop(), clock.advance(10_000)]);
    }
  });

  it('slows down to 30 s while it fails, and is back at its pace at once', async () => {
    let broken = true;
    const outcome = () => {
      if (broken) throw new Error('nobody there');
    };
    const { clock, loop, starts, delays } = loopWith({ outcome, rng: () => 1 });
    loop.start();
    await clock.advance(200_000);
    expect(delays.slice(0, 5)).toEqual([6_000, 12_000, 24_000, 30_000, 30_000]);
    const tried = starts.length;
    loop.wake();
    await clock.advance(0);
    expect(starts).toHaveLength(tried);
    broken = false;
    await clock.advance(30_000);
    expect(starts.at(-1)! - starts.at(-2)!).toBeLessThanOrEqual(3_300);
    await loop.stop();
  });

  it('looks at once when it is woken, and once more for a wake during a look', async () => {
    const { clock, loop, starts } = loopWith({ ms: 100 });
    loop.start();
    await clock.advance(1_000);
    loop.wake();
    expect(starts).toEqual([0, 1_000]);
    await clock.advance(50);
    for (let i = 0; i < 5; i += 1) loop.wake();
    await clock.advance(1_000);
    // A volley is one more look, a moment after the one under way.
    expect(starts).toEqual([0, 1_000, 1_125]);
    await loop.stop();
  });

  it('stops for good', async () => {
    const { clock, loop, starts } = loopWith();
    loop.start();
    await clock.advance(3_500);
    await loop.stop();
    loop.wake();
    await clock.advance(60_000);
    expect(starts).toHaveLength(2);
  });
});
