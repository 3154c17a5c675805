// kill -9 of the marketplace at random moments under load: 200 times on SQLite, 50 times on PostgreSQL with two processes.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type KillReport, killRounds } from '../support/load/kill-rounds.ts';
import { type PostgresServer, startPostgres, whyNoPostgres } from '../support/postgres.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const SEED = process.env.SOTA_KILL_SEED ?? String(Date.now());
const kills = (usual: number) => Number(process.env.SOTA_KILLS ?? usual);

function expectSound(engine: string, report: KillReport, wanted: number): void {
  const { violations, ...counts } = report;
  console.error(`market-kill, ${engine}, seed ${SEED}: ${JSON.stringify(counts)}, ${violations.length} violations`);
  expect(violations).toEqual([]);
  expect(report.kills).toBeGreaterThanOrEqual(wanted);
}

it('on SQLite', { timeout: 3_600_000 }, async () => {
  const place = { data: temporaryDirectory() };
  const wanted = kills(200);
  expectSound('SQLite', await killRounds({ place, kills: wanted, seed: SEED }), wanted);
});

describe.skipIf(whyNoPostgres() !== undefined)('on PostgreSQL', () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server.stop());

  it('with two processes, one of which is killed while the other goes on', { timeout: 3_600_000 }, async () => {
    const place = { databaseUrl: await server.createDatabase('kill') };
    const wanted = kills(50);
    expectSound('PostgreSQL', await killRounds({ place, kills: wanted, processes: 2, seed: SEED }), wanted);
  });
});
