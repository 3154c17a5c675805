import { sleep, systemClock } from '#kit/clock.ts';
import type { Database, Tx } from './database.ts';
import { isPostgresConflict } from './engines/postgres.ts';

const MAX_ATTEMPTS = 10;
const BACKOFF_BASE_MS = 5;
const BACKOFF_CAP_MS = 500;

/** A transaction lost against another one, was rolled back, and may be run again. */
export function isConflict(error: unknown): boolean {
  return isPostgresConflict(error);
}

/**
 * Runs something whose only effects are those of the transaction it runs, again whenever that transaction lost against
 * another one. Everything it decides must be read inside. Waits with full jitter in between.
 * @throws the last conflict, when it keeps losing
 */
export async function repeatOnConflict<T>(run: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await run();
    } catch (error) {
      if (!isConflict(error) || attempt === MAX_ATTEMPTS) throw error;
      await sleep(Math.random() * Math.min(BACKOFF_CAP_MS, BACKOFF_BASE_MS * 2 ** attempt), { clock: systemClock });
    }
  }
}

/**
 * Runs a transaction, repeated while it loses against others.
 * @example await inTransaction(db, (tx) => tx.deleteFrom('due_dates').execute())
 */
export function inTransaction<T>(db: Database, run: (tx: Tx) => Promise<T>): Promise<T> {
  return repeatOnConflict(() => db.transaction().execute(run));
}
