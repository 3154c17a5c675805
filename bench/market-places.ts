import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Place } from '#market/open-place.ts';
import { startPostgres, whyNoPostgres } from '../test/support/postgres.ts';

export interface BenchPlace {
  readonly engine: 'SQLite' | 'PostgreSQL';
  /** A new, empty place. */
  create(): Promise<Place>;
  close(): Promise<void>;
}

/** SQLite in a folder, and a PostgreSQL of our own that waits for the disk like a real one, where the machine has it. */
export async function benchPlaces(): Promise<{ places: BenchPlace[]; missing: string[] }> {
  const folders: string[] = [];
  const sqlite: BenchPlace = {
    engine: 'SQLite',
    async create() {
      const data = mkdtempSync(join(tmpdir(), 'sota-bench-'));
      folders.push(data);
      return { data };
    },
    async close() {
      for (const folder of folders) rmSync(folder, { recursive: true, force: true });
    },
  };
  const why = whyNoPostgres();
  if (why !== undefined) return { places: [sqlite], missing: [`PostgreSQL was not measured: ${why}.`] };
  const server = await startPostgres({ durable: true });
  let databases = 0;
  const postgres: BenchPlace = {
    engine: 'PostgreSQL',
    async create() {
      databases += 1;
      return { databaseUrl: await server.createDatabase(`bench_${databases}`) };
    },
    close: () => server.stop(),
  };
  return { places: [sqlite, postgres], missing: [] };
}
