import { expect, it } from 'vitest';
import { lastingPlace } from '../support/engine.ts';
import { killRounds } from '../support/load/kill-rounds.ts';

/** A slice of `npm run test:long -- market-kill`. */
it('what was acknowledged survives the killing of the process, and nothing happens twice', {
  timeout: 180_000,
}, async () => {
  const report = await killRounds({ place: await lastingPlace(), kills: 4, agents: 4, seed: 'slice' });
  expect(report.violations).toEqual([]);
  expect(report.acknowledged).toBeGreaterThan(20);
});
