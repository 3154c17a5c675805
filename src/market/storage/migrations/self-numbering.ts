import type { ColumnDefinitionBuilder, Kysely } from 'kysely';
import { isPostgres } from '../engines/postgres.ts';

/**
 * A self-numbering primary key, in the words of the engine at hand. SQLite takes `integer` for it and nothing else, and
 * means 64 bits; PostgreSQL would mean 32.
 * @example table.addColumn('id', numbering.type, numbering.column)
 */
export function selfNumbering(db: Kysely<unknown>): {
  type: 'integer' | 'bigint';
  column: (column: ColumnDefinitionBuilder) => ColumnDefinitionBuilder;
} {
  return isPostgres(db)
    ? { type: 'bigint', column: (column) => column.primaryKey().generatedByDefaultAsIdentity() }
    : { type: 'integer', column: (column) => column.primaryKey().autoIncrement() };
}
