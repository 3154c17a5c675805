/** Eight real processes spend from one state directory at once, 1,000 times: never over a limit. */
import { expect, test } from 'vitest';
import { type RaceFigures, runCapsRace } from '../support/caps-race.ts';

const TRIALS = Number(process.env.SOTA_RACE_TRIALS ?? 1000);
const SEED = process.env.SOTA_RACE_SEED ?? 'caps';
const PROCESSES = 8;
/** After so many trials every process is a new one, and there is a line to look at. */
const BATCH = 100;

test('limits hold against processes, kills, clocks and deleted ledgers', { timeout: 2 * 60 * 60_000 }, async () => {
  const started = performance.now();
  const batches: RaceFigures[] = [];
  for (let done = 0; done < TRIALS; done += BATCH) {
    const figures = await runCapsRace(Math.min(BATCH, TRIALS - done), PROCESSES, `${SEED}/${done}`);
    batches.push(figures);
    const { trials, sent, overTheCap } = figures;
    console.error(`trials ${done + trials} of ${TRIALS}, sent ${sent}, over the cap ${overTheCap}`);
  }
  const sum = (of: (figures: RaceFigures) => number) => batches.reduce((total, figures) => total + of(figures), 0);
  const shown = {
    trials: sum(({ trials }) => trials),
    processes: PROCESSES,
    wishes: sum(({ wishes }) => wishes),
    sent: sum(({ sent }) => sent),
    refused: sum(({ refused }) => refused),
    killed: sum(({ killed }) => killed),
    ledgersDeleted: sum(({ ledgersDeleted }) => ledgersDeleted),
    sentAfterDeletion: sum(({ sentAfterDeletion }) => sentAfterDeletion),
    overTheCap: sum(({ overTheCap }) => overTheCap),
    meanUse: sum(({ meanUse }) => meanUse) / batches.length,
  };
  console.error(JSON.stringify({ seed: SEED, ...shown, seconds: Math.round((performance.now() - started) / 1000) }));
  expect(batches.flatMap(({ trouble }) => trouble)).toEqual([]);
  expect(shown).toMatchObject({ overTheCap: 0, sentAfterDeletion: 0, meanUse: 1 });
});
