import { expect, test } from 'vitest';
import { runCapsRace } from '../../support/caps-race.ts';

/** A slice of test/long/caps-race.long.ts. */
test('real processes that spend at once never get over a limit', { timeout: 60_000 }, async () => {
  const figures = await runCapsRace(12, 4, 'slice');
  expect(figures).toMatchObject({ overTheCap: 0, sentAfterDeletion: 0, trouble: [] });
  expect(figures.meanUse).toBe(1);
  expect(figures.refused).toBeGreaterThan(5);
  expect(figures.killed).toBeGreaterThan(0);
});
