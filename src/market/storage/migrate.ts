import { sql } from 'kysely';
import type { Database, Tx } from './database.ts';
import { isPostgres } from './engines/postgres.ts';
import { lockName } from './locks.ts';
import { marketplace } from './migrations/0001-marketplace.ts';
import { deadlinesAndIndexes } from './migrations/0002-deadlines-and-indexes.ts';
import { ownerAndWebhooks } from './migrations/0003-owner-and-webhooks.ts';
import { dueDatesInOrder } from './migrations/0004-due-dates-in-order.ts';
import type { Migration } from './migrations/migration.ts';

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

/**
 * Brings the schema to a given migration, all of it or nothing. Processes that start together take turns.
 *
 * What a database has been through stands in a table named as Kysely's migrator names it, so that databases are read which
 * that one made. It is not used, since it brings builders of statements that are all written out here.
 * @throws Error where the database was written by a later version, or is beyond that schema
 */
export async function migrate(db: Database, upTo: string): Promise<void> {
  const past = await schemasIn(db);
  const later = past.find((name) => !schemas.includes(name));
  if (later) throw new Error(`It was written by a later version of sota-mcp (schema ${later}): use that version`);
  const beyond = past.find((name) => name > upTo);
  if (beyond) throw new Error(`It is at schema ${beyond} already, and schemas only go forward; take a new database`);
  // The usual case, which needs no lock.
  if (past.at(-1) === upTo) return;
  await db.transaction().execute(async (tx) => {
    if (isPostgres(tx)) await lockName(tx, 'sota migrate');
    await goForward(tx, upTo);
  });
}

async function goForward(tx: Tx, upTo: string): Promise<void> {
  await sql`create table if not exists kysely_migration (
    name varchar(255) not null primary key,
    timestamp varchar(255) not null
  )`.execute(tx);
  // Read again: whoever had the turn before may have done it all.
  const past = await schemasIn(tx);
  for (const [name, migration] of Object.entries(migrations)) {
    if (past.includes(name) || name > upTo) continue;
    await migration.up(tx);
    await sql`insert into kysely_migration values (${name}, cast(current_timestamp as varchar(255)))`.execute(tx);
  }
}

/** The migrations a database has been through. */
async function schemasIn(db: Database | Tx): Promise<string[]> {
  if (!(await tablesIn(db)).includes('kysely_migration')) return [];
  const { rows } = await sql<{ name: string }>`select name from kysely_migration order by name`.execute(db);
  return rows.map(({ name }) => name);
}

/** The tables a database has, whatever schema it is at. */
export async function tablesIn(db: Database | Tx): Promise<string[]> {
  const query = isPostgres(db)
    ? sql<{ name: string }>`select tablename as name from pg_tables where schemaname = any (current_schemas(false))`
    : sql<{ name: string }>`select name from sqlite_master where type = 'table'`;
  const { rows } = await query.execute(db);
  return rows.map(({ name }) => name);
}
