// 20,000 requests generated from the OpenAPI document: no 500, no silence, no change on a refusal (SOTA_FUZZ_REQUESTS, SOTA_FUZZ_SEED).
import { expect, it } from 'vitest';
import { runFuzz } from '../market/fuzz/run-fuzz.ts';

const requests = Number(process.env.SOTA_FUZZ_REQUESTS ?? 20_000);
const seed = Number(process.env.SOTA_FUZZ_SEED ?? 1);

it(`${requests} requests with seed ${seed}`, async () => {
  const report = await runFuzz({ requests, seed });
  expect(report.requests).toBe(requests);
  const statuses = Object.entries(report.byStatus).map(([status, count]) => `${status}: ${count}`);
  console.error(
    `schema-fuzz: ${report.requests} requests, ${report.operations} operations, ${report.succeeded.size} of them answered 200 at least once; ${statuses.join(', ')}`,
  );
});
