import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { inject, onTestFinished } from 'vitest';
import type { Place } from '#market/open-place.ts';
import { TEMPLATE } from './postgres.ts';

/**
 * The database a test runs on. The same tests run on both engines: SQLite in memory, or a database of its own on the
 * server that postgres-setup.ts started (SOTA_TEST_ENGINE=postgres; `npm test` does both).
 */
export type EngineName = 'sqlite' | 'postgres';

export interface PostgresForTests {
  /** Address of the server's own database; absent where there is no server. */
  readonly url?: string;
  /** Why there is none. */
  readonly missing?: string;
}

declare module 'vitest' {
  export interface ProvidedContext {
    postgres: PostgresForTests;
  }
}

export function engineUnderTest(): EngineName {
  return process.env.SOTA_TEST_ENGINE === 'postgres' && inject('postgres').url !== undefined ? 'postgres' : 'sqlite';
}

export interface TestPlace {
  readonly place: Place;
  /** Throws the database away; whoever opened it has closed it. */
  discard(): Promise<void>;
}

/** A database of its own that lives as long as the marketplace that opens it, which closes it properly. */
export async function passingPlace(): Promise<TestPlace> {
  return engineUnderTest() === 'postgres' ? reusedPlace() : { place: { data: ':memory:' }, discard: async () => {} };
}

/** A database of its own that outlives the marketplace, for restarts; thrown away when the test ends. */
export async function lastingPlace(): Promise<Place> {
  return untilTheEnd(engineUnderTest() === 'postgres' ? await postgresPlace() : folderPlace());
}

/** One without so much as a schema. */
export async function emptyPlace(): Promise<Place> {
  return untilTheEnd(engineUnderTest() === 'postgres' ? await postgresPlace('template0') : folderPlace());
}

/** A data folder, whatever the engine under test. */
export function emptyFolder(): Place {
  return untilTheEnd(folderPlace());
}

function untilTheEnd({ place, discard }: TestPlace): Place {
  onTestFinished(discard);
  return place;
}

function folderPlace(): TestPlace {
  const data = mkdtempSync(join(tmpdir(), 'sota-test-'));
  return { place: { data }, discard: async () => rmSync(data, { recursive: true, force: true }) };
}

async function postgresPlace(template = TEMPLATE): Promise<TestPlace> {
  const server = inject('postgres').url ?? '';
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  await onServer(server, `create database ${name} template ${template}`);
  return {
    place: { databaseUrl: server.replace(/\/[^/?]*\?/, `/${name}?`) },
    discard: () => onServer(server, `drop database if exists ${name} with (force)`),
  };
}

/** Databases of this test file that are empty again: emptying one takes a fraction of the time of making one. */
const emptied: TestPlace[] = [];

async function reusedPlace(): Promise<TestPlace> {
  const { place, discard } = emptied.pop() ?? (await postgresPlace());
  return {
    place,
    async discard() {
      await onServer('databaseUrl' in place ? place.databaseUrl : '', EMPTY);
      emptied.push({ place, discard });
    },
  };
}

/** As the template is: every table there and empty, numbers from 1. Deleting from small tables beats `truncate`. */
const EMPTY = `do $$ declare name text; begin
  set session_replication_role = replica;
  for name in select tablename from pg_tables where schemaname = 'public' and tablename not like 'kysely%' loop
    execute format('delete from %I', name);
  end loop;
  for name in select sequencename from pg_sequences where schemaname = 'public' loop
    perform setval(format('%I', name), 1, false);
  end loop;
end $$`;

async function onServer(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
