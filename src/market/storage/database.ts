import { Kysely, type Migration, Migrator, SqliteDialect, type Transaction } from 'kysely';
import { openEngine } from './engines/open-engine.ts';
import { marketplace } from './migrations/0001-marketplace.ts';
import { ownerAndWebhooks } from './migrations/0003-owner-and-webhooks.ts';
import type { Schema } from './schema.ts';

export type Database = Kysely<Schema>;
/** A transaction; every rule that writes takes one, never the root database. */
export type Tx = Transaction<Schema>;

/** Released migrations are never edited: a new schema is a new entry. */
const migrations: Readonly<Record<string, Migration>> = {
  '0001-marketplace': marketplace,
  '0003-owner-and-webhooks': ownerAndWebhooks,
};

export interface OpenDatabase {
  readonly db: Database;
  readonly engine: string;
  close(): Promise<void>;
}

/**
 * Opens (or creates) the marketplace's database and brings its schema up to date.
 * @param file a path, or `:memory:`
 */
export async function openDatabase(file: string): Promise<OpenDatabase> {
  const engine = await openEngine(file);
  const db = new Kysely<Schema>({ dialect: new SqliteDialect({ database: engine.database }) });
  const migrator = new Migrator({ db, provider: { getMigrations: async () => ({ ...migrations }) } });
  const { error } = await migrator.migrateToLatest();
  if (error) {
    await db.destroy();
    throw error;
  }
  return { db, engine: engine.name, close: () => db.destroy() };
}
