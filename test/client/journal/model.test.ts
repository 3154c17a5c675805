import { test } from 'vitest';
import { checkJournalModel } from '../../support/journal-model.ts';

test('whatever is lost, and whenever the process dies, client and marketplace agree in the end', async () => {
  await checkJournalModel({ numRuns: 300, seed: 20261121 });
});
