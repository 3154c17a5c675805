import { sql } from 'kysely';
import type { Tx } from './database.ts';
import { isPostgres } from './engines/postgres.ts';

/**
 * Takes a name for the rest of the transaction, unless another process has it. It is given back by the commit, after
 * the effects are there for all to see, or by the end of the process, so nothing can stay locked. On SQLite it is always
 * free: its one process lets one transaction run at a time.
 */
export async function tryLockName(tx: Tx, name: string): Promise<boolean> {
  if (!isPostgres(tx)) return true;
  const { rows } = await sql<{ taken: boolean }>`
    select pg_try_advisory_xact_lock(hashtextextended(${name}, 0)) as taken`.execute(tx);
  return rows[0]?.taken === true;
}

/** Waits until nobody has the name, then has it for the rest of the transaction. */
export async function lockName(tx: Tx, name: string): Promise<void> {
  if (isPostgres(tx)) await sql`select pg_advisory_xact_lock(hashtextextended(${name}, 0))`.execute(tx);
}

/** Everything this transaction reads is of one moment, whatever others write meanwhile. Must be its first statement. */
export async function readOneMoment(tx: Tx): Promise<void> {
  if (isPostgres(tx)) await sql`set transaction isolation level repeatable read`.execute(tx);
}

/** How long this transaction waits for a row that another one has before it gives up with a conflict. */
export async function limitLockWait(tx: Tx, ms: number): Promise<void> {
  if (isPostgres(tx)) await sql`select set_config('lock_timeout', ${`${ms}ms`}, true)`.execute(tx);
}
