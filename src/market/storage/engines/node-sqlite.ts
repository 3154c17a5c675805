import type { Engine } from './open-engine.ts';
import { PRAGMAS } from './open-engine.ts';

interface NodeStatement {
  all(...parameters: unknown[]): unknown[];
  run(...parameters: unknown[]): { changes: number | bigint; lastInsertRowid: number | bigint };
  iterate(...parameters: unknown[]): IterableIterator<unknown>;
  columns?(): unknown[];
}
interface NodeDatabase {
  prepare(sql: string): NodeStatement;
  exec(sql: string): void;
  close(): void;
}

/** SQLite as built into Node. Statements are kept prepared: the marketplace has a fixed, small set of them. */
export async function openNodeSqlite(file: string): Promise<Engine> {
  // The name is put together so that bundlers leave it to the running Node, which may lack it.
  const specifier = ['node', 'sqlite'].join(':');
  const { DatabaseSync } = (await import(specifier)) as { DatabaseSync: new (path: string) => NodeDatabase };
  const database = new DatabaseSync(file);
  for (const pragma of PRAGMAS) database.prepare(pragma).all();
  const prepared = new Map<string, NodeStatement>();
  return {
    name: 'node:sqlite',
    database: {
      close: () => database.close(),
      prepare(sql) {
        const statement = prepared.get(sql) ?? database.prepare(sql);
        prepared.set(sql, statement);
        return {
          reader: isReader(sql),
          all: (parameters) => statement.all(...parameters),
          run: (parameters) => statement.run(...parameters),
          iterate: (parameters) => statement.iterate(...parameters),
        };
      },
    },
  };
}

/** Whether a statement returns rows. The marketplace's own statements start in one of these ways or say RETURNING. */
export function isReader(sql: string): boolean {
  return /^\s*(select|with|pragma|explain|values)\b/i.test(sql) || /\breturning\b/i.test(sql);
}
