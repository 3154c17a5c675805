import { expect, it } from 'vitest';
import { runFuzz } from './run-fuzz.ts';

/** A slice of test/long/schema-fuzz.long.ts. */
it('five hundred generated requests: no 500, no silence, no change on a refusal', { timeout: 120_000 }, async () => {
  const report = await runFuzz({ requests: 500, seed: 20_261_120 });
  expect(report.requests).toBe(500);
  // Refusals alone would prove little: enough of the requests must get through.
  expect(report.byStatus[200]).toBeGreaterThan(100);
  expect(report.succeeded.size).toBeGreaterThan(report.operations / 2);
});
