import { type QueryExecutorProvider, sql } from 'kysely';

/** A step from one schema of the marketplace to the next. Released ones are never edited. */
export interface Migration {
  /** Runs inside the transaction that also notes that it has run. */
  up(db: QueryExecutorProvider): Promise<void>;
}

/**
 * Runs statements in the order they are written. Each ends with a semicolon at the end of a line. They are plain SQL, and
 * not built, because what they are must not change with the library that would build them.
 */
export async function runStatements(db: QueryExecutorProvider, text: string): Promise<void> {
  for (const statement of text.split(/;\n/)) {
    if (statement.trim()) await sql.raw(statement).execute(db);
  }
}
