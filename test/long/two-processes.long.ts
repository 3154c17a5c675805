// Two marketplace processes over one PostgreSQL under concurrent bids, awards, deliveries and withdrawals: 20,000 operations.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { twoProcesses } from '../support/load/two-processes.ts';
import { type PostgresServer, startPostgres, whyNoPostgres } from '../support/postgres.ts';

const SEED = process.env.SOTA_LOAD_SEED ?? String(Date.now());
const OPERATIONS = Number(process.env.SOTA_OPERATIONS ?? 20_000);

describe.skipIf(whyNoPostgres() !== undefined)('two processes over one database', () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server.stop());

  it('keep the books together, and each effect happens once', { timeout: 3_600_000 }, async () => {
    const databaseUrl = await server.createDatabase('two');
    const { violations, ...counts } = await twoProcesses({ databaseUrl, operations: OPERATIONS, seed: SEED });
    console.error(`two-processes, seed ${SEED}: ${JSON.stringify(counts)}, ${violations.length} violations`);
    expect(violations).toEqual([]);
    expect(counts.operations).toBeGreaterThanOrEqual(OPERATIONS);
  });
});
