import { createHash } from 'node:crypto';
import { sql } from 'kysely';
import { isoTime } from '#kit/clock.ts';
import { checkInvariants } from '../rules/ledger-invariants.ts';
import type { OpenDatabase, Tx } from '../storage/database.ts';
import { CURRENT_SCHEMA } from '../storage/migrate.ts';
import { type TableName, tableKeys, tableNames } from '../storage/tables.ts';
import { BACKUP_FORMAT, BACKUP_VERSION } from './backup-format.ts';

const CHUNK = 500;

export interface ExportReport {
  readonly rows: number;
  /** What is wrong with the books; exported all the same, since a backup of a broken marketplace is wanted most. */
  readonly violations: readonly string[];
}

/**
 * Writes everything there is, as it was at one moment, line by line. The marketplace may go on meanwhile.
 * @param write resolves once more can be taken
 */
export async function exportMarket(
  { db, shared }: OpenDatabase,
  now: number,
  write: (line: string) => Promise<void>,
): Promise<ExportReport> {
  const hash = createHash('sha256');
  const put = (value: unknown) => {
    const line = `${JSON.stringify(value, exactly)}\n`;
    hash.update(line);
    return write(line);
  };
  const snapshot = shared ? db.transaction().setIsolationLevel('repeatable read') : db.transaction();
  return snapshot.execute(async (tx) => {
    const exported_at = isoTime(now);
    await put({ format: BACKUP_FORMAT, version: BACKUP_VERSION, schema: CURRENT_SCHEMA, exported_at });
    let rows = 0;
    for (const table of tableNames) {
      for await (const row of rowsOf(tx, table)) {
        await put({ table, row });
        rows += 1;
      }
    }
    const violations = await checkInvariants(tx);
    await write(`${JSON.stringify({ end: true, rows, sha256: hash.digest('hex') })}\n`);
    return { rows, violations };
  });
}

function exactly(_name: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value;
}

/** All rows of a table in the order of its key, a few at a time. */
async function* rowsOf(tx: Tx, table: TableName): AsyncGenerator<Record<string, unknown>> {
  const keys: readonly string[] = tableKeys[table];
  for (let last: Record<string, unknown> | undefined; ; ) {
    const after =
      last && sql`where (${sql.join(keys.map((key) => sql.ref(key)))}) > (${sql.join(keys.map((key) => last?.[key]))})`;
    const { rows } = await sql<Record<string, unknown>>`
      select * from ${sql.table(table)} ${after ?? sql``}
      order by ${sql.join(keys.map((key) => sql.ref(key)))} limit ${CHUNK}`.execute(tx);
    yield* rows;
    last = rows.at(-1);
    if (rows.length < CHUNK) return;
  }
}
