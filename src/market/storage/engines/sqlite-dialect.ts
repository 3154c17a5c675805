import { type SelectModifierNode, type SqliteDatabase, SqliteDialect, SqliteQueryCompiler } from 'kysely';

/**
 * SQLite in the words the rules are written in. Rules lock the rows they are going to change (`FOR NO KEY UPDATE`,
 * `SKIP LOCKED`), because on PostgreSQL others write at the same time. SQLite has no such words and needs none: it lets
 * one transaction write at a time, so here they compile to nothing.
 */
export class MarketSqliteDialect extends SqliteDialect {
  constructor(database: SqliteDatabase) {
    super({ database });
  }

  override createQueryCompiler(): SqliteQueryCompiler {
    return new WithoutRowLocks();
  }
}

const ROW_LOCKS: ReadonlySet<string> = new Set([
  'ForUpdate',
  'ForNoKeyUpdate',
  'ForShare',
  'ForKeyShare',
  'SkipLocked',
  'NoWait',
]);

class WithoutRowLocks extends SqliteQueryCompiler {
  protected override visitSelectModifier(node: SelectModifierNode): void {
    if (node.modifier === undefined || !ROW_LOCKS.has(node.modifier)) super.visitSelectModifier(node);
  }
}
