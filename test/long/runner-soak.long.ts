/** A day of the harness's time with a hundred jobs at once: flat memory, steady timers, every promise kept. */
import { expect, it } from 'vitest';
import { soakRunner } from '../support/runner-soak.ts';

it('24 hours, 100 jobs at once', { timeout: 120 * 60_000 }, async () => {
  const report = await soakRunner({ hours: 24, jobs: 100, minutes: [10, 180], graceMs: 20 * 60_000 });
  // The first hours fill caches and let the compiler settle.
  const steady = report.heapMb.slice(2);
  const middle = steady.toSorted((a, b) => a - b)[steady.length >> 1] ?? Number.NaN;
  const spread = [Math.min(...steady) / middle - 1, Math.max(...steady) / middle - 1].map(percent);
  console.error(`runner-soak: ${JSON.stringify({ ...report, missed: report.missed.length, spread })}`);
  expect(report.missed).toEqual([]);
  expect(report.atOnce).toMatchObject({ most: 100 });
  expect(report.atOnce.fewest).toBeGreaterThan(90);
  for (const size of steady) expect(Math.abs(size / middle - 1)).toBeLessThanOrEqual(0.1);
  expect(report.looks.longest).toBeLessThanOrEqual(4.3);
  expect(report.beats.longest).toBeLessThanOrEqual(31);
  expect(Math.abs(report.looks.last / report.looks.first - 1)).toBeLessThan(0.02);
  expect(Math.abs(report.beats.last / report.beats.first - 1)).toBeLessThan(0.001);
  expect(report.drainGap).toBeLessThanOrEqual(60);
});

const percent = (share: number) => `${(share * 100).toFixed(1)} %`;
