// The intent journal against a marketplace that counts: thousands of random histories of lost answers and dying processes
import { test } from 'vitest';
import { checkJournalModel } from '../support/journal-model.ts';

const RUNS = 1_500;

test.each([1, 2, 3, 4, 5])('seed %i: client and marketplace agree in the end', async (seed) => {
  await checkJournalModel({ numRuns: RUNS, seed, maxLength: 25 });
  console.log(`journal model: seed ${seed}, ${RUNS} histories, no disagreement`);
});
