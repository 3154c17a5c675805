/** A runner killed 500 times, at every named point and at random, over a failing network: every job is delivered once. */
import { expect, it } from 'vitest';
import { runnerCrashPoints } from '#runner/crash-point.ts';
import { killRunner } from '../support/runner-kills.ts';

it('500 kills, 1,000 jobs', { timeout: 60 * 60_000 }, async () => {
  const report = await killRunner({ jobs: 1_000, kills: 500, seed: 'long', faults: 0.03 });
  console.error(`runner-kill: ${JSON.stringify({ ...report, open: report.open.length })}`);
  expect(report).toMatchObject({
    kills: 500,
    jobs: 1_000,
    open: [],
    rerunAfterStored: [],
    notOnce: [],
    unstored: [],
    violations: [],
  });
  expect(report.delivered + report.failed).toBe(1_000);
  expect(Object.keys(report.died).sort()).toEqual([...runnerCrashPoints, 'drain', 'random'].sort());
  expect(report.maxDrainGapMs).toBeLessThan(60_000);
});
