/** Eight real processes spend from one state directory at once, 1,000 times: never over a limit. */
import { expect, test } from 'vitest';
import { runCapsRace } from '../support/caps-race.ts';

const TRIALS = Number(process.env.SOTA_RACE_TRIALS ?? 1000);
const PROCESSES = 8;

test('limits hold against processes, kills, clocks and deleted ledgers', async () => {
  const seed = process.env.SOTA_RACE_SEED ?? 'caps';
  const started = performance.now();
  const figures = await runCapsRace(TRIALS, PROCESSES, seed);
  const { trouble, ...shown } = figures;
  console.error(JSON.stringify({ seed, ...shown, seconds: Math.round((performance.now() - started) / 1000) }, null, 2));
  expect(trouble).toEqual([]);
  expect(figures).toMatchObject({ overTheCap: 0, sentAfterDeletion: 0, meanUse: 1 });
});
