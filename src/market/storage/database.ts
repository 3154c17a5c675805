import { Kysely, type Transaction } from 'kysely';
import type { Clock } from '#kit/clock.ts';
import { openEngine } from './engines/open-engine.ts';
import { describePostgres, openPostgres } from './engines/postgres.ts';
import { listenForNudges } from './engines/postgres-signals.ts';
import { MarketSqliteDialect } from './engines/sqlite-dialect.ts';
import { CURRENT_SCHEMA, migrate } from './migrate.ts';
import type { Schema } from './schema.ts';

export type Database = Kysely<Schema>;
/** A transaction; every rule that writes takes one, never the root database. */
export type Tx = Transaction<Schema>;

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
    await migrate(opened.db, upTo);
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
