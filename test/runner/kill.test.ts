import { expect, it } from 'vitest';
import { killRunner } from '../support/runner-kills.ts';

it('delivers every job once, however often it is killed (a slice of the long suite)', {
  timeout: 120_000,
}, async () => {
  const report = await killRunner({ jobs: 12, kills: 9, seed: 'slice', faults: 0.05 });
  expect(report).toMatchObject({ jobs: 12, open: [], rerunAfterStored: [], notOnce: [], unstored: [], violations: [] });
  expect(report.delivered + report.failed).toBe(12);
  expect(report.assignments).toBeGreaterThanOrEqual(12);
  expect(report.runs).toBeGreaterThanOrEqual(report.delivered);
});
