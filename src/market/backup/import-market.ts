import { createHash } from 'node:crypto';
import { sql } from 'kysely';
import type { z } from 'zod';
import { checkInvariants } from '../rules/ledger-invariants.ts';
import { type Database, openDatabase, type Storage, type Tx } from '../storage/database.ts';
import { isPostgres } from '../storage/engines/postgres.ts';
import { schemas, tablesIn } from '../storage/migrate.ts';
import { numberedTables, type TableName, tableNames } from '../storage/tables.ts';
import { BACKUP_VERSION, BackupError, type BackupHeader, endSchema, headerSchema, rowSchema } from './backup-format.ts';

/** Rows that go in by one statement; databases limit how many values one may have. */
const BATCH = 200;

/**
 * Puts a backup into a database that holds no marketplace yet, all or nothing: the end of the file must be there, its
 * hash must fit, and the books must be in order. A backup of an earlier schema is migrated to the present one.
 * @throws BackupError
 */
export async function importMarket(storage: Storage, lines: AsyncIterable<string>): Promise<{ rows: number }> {
  const source = lines[Symbol.asyncIterator]();
  const first = await source.next();
  const header = readHeader(first.done ? '' : first.value);
  const { db, close } = await openDatabase(storage, header.schema);
  let rows: number;
  try {
    const tables = await tablesOf(db);
    rows = await db.transaction().execute(async (tx) => {
      await clearEmptyMarket(tx, tables);
      const count = await putBack(tx, first.value, source);
      await continueNumbers(tx);
      const violations = await checkInvariants(tx);
      if (violations.length > 0)
        throw new BackupError(`The books of the backup are not in order: ${violations.join('; ')}`);
      return count;
    });
  } finally {
    await close();
  }
  // Opened once more, it is brought to the present schema.
  await (await openDatabase(storage)).close();
  return { rows };
}

function readHeader(line: string): BackupHeader {
  const header = parseLine(headerSchema, line, 'This is not a backup of a marketplace');
  if (header.version > BACKUP_VERSION || !schemas.includes(header.schema)) {
    throw new BackupError(
      `The backup was written by a later version of sota-mcp (schema ${header.schema}): use that version`,
    );
  }
  return header;
}

/** A database that was only opened has its taxonomy and its clock; a marketplace with agents or money is not overwritten. */
async function clearEmptyMarket(tx: Tx, tables: readonly TableName[]): Promise<void> {
  for (const table of ['users', 'jobs', 'accounts'] as const) {
    const row = await tx.selectFrom(table).select(sql`1`.as('one')).limit(1).executeTakeFirst();
    if (row) throw new BackupError('The database holds a marketplace already; import into a new one');
  }
  for (const table of tables.toReversed()) {
    await sql`delete from ${sql.table(table)}`.execute(tx);
  }
}

/** Those of the schema the database is at. */
async function tablesOf(db: Database): Promise<TableName[]> {
  const present = await tablesIn(db);
  return tableNames.filter((name) => present.includes(name));
}

/** @returns how many rows there were */
async function putBack(tx: Tx, header: string, source: AsyncIterator<string>): Promise<number> {
  const hash = createHash('sha256').update(`${header}\n`);
  let batch: { table: TableName; rows: Record<string, unknown>[] } = { table: 'meta', rows: [] };
  let count = 0;
  const flush = async (next: TableName) => {
    if (batch.rows.length > 0) await insert(tx, batch.table, batch.rows);
    batch = { table: next, rows: [] };
  };
  for (;;) {
    const { value: line, done } = await source.next();
    if (done) throw new BackupError('The backup is cut off: its last line is missing');
    if (line.startsWith('{"end"')) {
      await flush('meta');
      const end = parseLine(endSchema, line, 'The last line of the backup is damaged');
      if (end.rows !== count || end.sha256 !== hash.digest('hex'))
        throw new BackupError('The backup was damaged or changed');
      return count;
    }
    hash.update(`${line}\n`);
    count += 1;
    const { table, row } = parseLine(rowSchema, line, `Line ${count + 1} of the backup is damaged`);
    const known = tableNames.find((name) => name === table);
    if (!known) throw new BackupError(`Line ${count + 1} of the backup is for an unknown table`);
    if (known !== batch.table || batch.rows.length === BATCH) await flush(known);
    batch.rows.push(row);
  }
}

async function insert(tx: Tx, table: TableName, rows: readonly Record<string, unknown>[]): Promise<void> {
  try {
    await tx
      .insertInto(table)
      .values(rows as never)
      .execute();
  } catch (error) {
    throw new BackupError(`The rows of ${table} do not fit: ${error instanceof Error ? error.message : error}`, {
      cause: error,
    });
  }
}

function parseLine<T>(schema: z.ZodType<T>, line: string, complaint: string): T {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    throw new BackupError(complaint, { cause: error });
  }
  const result = schema.safeParse(value);
  if (!result.success) throw new BackupError(complaint, { cause: result.error });
  return result.data;
}

/** Numbers given out from now on come after those that were put back. SQLite sees to that by itself. */
async function continueNumbers(tx: Tx): Promise<void> {
  if (!isPostgres(tx)) return;
  for (const [table, column] of Object.entries(numberedTables)) {
    await sql`select setval(pg_get_serial_sequence(${table}, ${column}), (select coalesce(max(${sql.ref(column)}), 0) + 1 from ${sql.table(table)}), false)`.execute(
      tx,
    );
  }
}
