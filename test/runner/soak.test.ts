import { expect, it } from 'vitest';
import { soakRunner } from '../support/runner-soak.ts';

it('keeps its pace and its promises with all hands full (a slice of the long suite)', {
  timeout: 120_000,
}, async () => {
  const report = await soakRunner({ hours: 0.1, jobs: 8, minutes: [1, 3], graceMs: 70_000 });
  expect(report).toMatchObject({ missed: [], atOnce: { most: 8 } });
  expect(report.delivered).toBeGreaterThan(12);
  expect(report.looks.longest).toBeLessThanOrEqual(4.3);
  expect(report.beats.longest).toBeLessThanOrEqual(31);
  expect(report.drainGap).toBeLessThanOrEqual(60);
});
