import { Kysely, type Migration, Migrator, sql, type Transaction } from 'kysely';
import type { Clock } from '#kit/clock.ts';
import { openEngine } from './engines/open-engine.ts';
import { describePostgres, openPostgres } from './engines/postgres.ts';
import { listenForNudges } from './engines/postgres-signals.ts';
import { MarketSqliteDialect } from './engines/sqlite-dialect.ts';
import { lockName } from './locks.ts';
import { marketplace } from './migrations/0001-marketplace.ts';
import { deadlinesAndIndexes } from './migrations/0002-deadlines-and-indexes.ts';
import { ownerAndWebhooks } from './migrations/0003-owner-and-webhooks.ts';
import { dueDatesInOrder } from './migrations/0004-due-dates-in-order.ts';
import type { Schema } from './schema.ts';

export type Database = Kysely<Schema>;
/** A transaction; every rule that writes takes one, never the root database. */
export type Tx = Transaction<Schema>;

/** Released migrations are never edited: a new schema is a new entry. */
const migrations: Readonly<Record<string, Migration>> = {
  '0001-marketplace': marketplace,
  '0002-deadlines-and-indexes': deadlinesAndIndexes,
  '0003-owner-and-webhooks': ownerAndWebhooks,
  '0004-due-dates-in-order': dueDatesInOrder,
};

/** The schemas this program knows, in order. */
export const schemas: readonly string[] = Object.keys(migrations).sort();

/** The one it writes. */
export const CURRENT_SCHEMA = schemas.at(-1) ?? '';

/** Where a marketplace is kept: a SQLite file (or `:memory:`) of one process, or a PostgreSQL database of several. */
export type Storage = { readonly file: string } | { readonly databaseUrl: string };

export interface OpenDatabase {
  readonly db: Database;
  /** Which engine runs underneath, for people. */
  readonly engine: string;
  /** Other processes may be using the database too. */
  readonly shared: boolean;
  /** Calls back when another process has something for this one to look at. Returns how to stop. */
  listen(clock: Clock, onNudge: () => void): Promise<() => Promise<void>>;
  close(): Promise<void>;
}

/**
 * Opens (or creates) the marketplace's database and brings its schema up to date.
 * @param upTo for imports of older data: the schema to stop at
 * @throws Error where it cannot be opened, or was written by a later version of this program
 */
export async function openDatabase(storage: Storage, upTo: string = CURRENT_SCHEMA): Promise<OpenDatabase> {
  const opened = 'file' in storage ? await openSqlite(storage.file) : await openShared(storage.databaseUrl);
  try {
    await migrate(opened, upTo);
  } catch (error) {
    await opened.close();
    throw error;
  }
  return opened;
}

async function openSqlite(file: string): Promise<OpenDatabase> {
  const engine = await openEngine(file);
  const db = new Kysely<Schema>({ dialect: new MarketSqliteDialect(engine.database) });
  const listen = async () => async () => {};
  return { db, engine: engine.name, shared: false, listen, close: () => db.destroy() };
}

async function openShared(databaseUrl: string): Promise<OpenDatabase> {
  const { dialect, newClient } = openPostgres(databaseUrl);
  const db = new Kysely<Schema>({ dialect });
  try {
    return {
      db,
      engine: await describePostgres(db),
      shared: true,
      listen: (clock, onNudge) => listenForNudges(newClient, clock, onNudge),
      close: () => db.destroy(),
    };
  } catch (error) {
    await db.destroy();
    throw error;
  }
}

/** Brings the schema to a given migration. Processes that start together take turns. */
async function migrate({ db, shared }: OpenDatabase, upTo: string): Promise<void> {
  const migrator = migratorOf(db);
  const past = await schemasIn(db);
  const later = past.find((name) => !schemas.includes(name));
  if (later) throw new Error(`It was written by a later version of sota-mcp (schema ${later}): use that version`);
  const beyond = past.find((name) => name > upTo);
  if (beyond) throw new Error(`It is at schema ${beyond} already, and schemas only go forward; take a new database`);
  // The usual case. The migrator would read the whole catalogue of the database to find the same.
  if (past.at(-1) === upTo) return;
  const run = () => migrator.migrateTo(upTo);
  const { error } = shared
    ? await db.transaction().execute(async (tx) => {
        await lockName(tx, 'sota migrate');
        return run();
      })
    : await run();
  if (error) throw error;
}

function migratorOf(db: Database): Migrator {
  return new Migrator({ db, provider: { getMigrations: async () => ({ ...migrations }) } });
}

/** The migrations a database has been through. */
async function schemasIn(db: Database): Promise<string[]> {
  const read = () => sql<{ name: string }>`select name from kysely_migration order by name`.execute(db);
  try {
    return (await read()).rows.map((row) => row.name);
  } catch (error) {
    const tables = await db.introspection.getTables({ withInternalKyselyTables: true });
    if (tables.some((table) => table.name === 'kysely_migration')) throw error;
    return [];
  }
}
