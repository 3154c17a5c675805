import { rmSync } from 'node:fs';
import { isReader } from './node-sqlite.ts';
import type { Engine } from './open-engine.ts';
import { PRAGMAS } from './open-engine.ts';

interface WasmStatement {
  all(parameters?: unknown): unknown[];
  run(parameters?: unknown): { changes: number; lastInsertRowid: number | bigint };
  finalize(): void;
}
interface WasmDatabase {
  prepare(sql: string): WasmStatement;
  exec(sql: string): void;
  close(): void;
}

/**
 * SQLite compiled to WebAssembly, for Nodes without their own. Its file lock is a directory `<file>.lock` that a killed
 * process leaves behind for ever. The caller owns the data directory by an operating-system lock before it opens the
 * database, so a lock directory found here can only be a dead process's and is cleared.
 */
export async function openWasmSqlite(file: string): Promise<Engine> {
  if (file !== ':memory:') rmSync(`${file}.lock`, { recursive: true, force: true });
  const { Database } = (await import('node-sqlite3-wasm').then((module) => module.default ?? module)) as unknown as {
    Database: new (path: string) => WasmDatabase;
  };
  const database = new Database(file);
  for (const pragma of PRAGMAS) runOnce(database, pragma);
  const prepared = new Map<string, WasmStatement>();
  // A statement that failed cannot be reset by this build, so it leaves the cache and the next use prepares it anew.
  const guarded = <T>(sql: string, statement: WasmStatement, run: () => T): T => {
    try {
      return run();
    } catch (error) {
      prepared.delete(sql);
      discard(statement);
      throw error;
    }
  };
  return {
    name: 'node-sqlite3-wasm',
    database: {
      close() {
        for (const statement of prepared.values()) discard(statement);
        prepared.clear();
        database.close();
      },
      prepare(sql) {
        const statement = prepared.get(sql) ?? database.prepare(sql);
        prepared.set(sql, statement);
        return {
          reader: isReader(sql),
          all: (parameters) => guarded(sql, statement, () => statement.all([...parameters])),
          run: (parameters) => guarded(sql, statement, () => statement.run([...parameters])),
          iterate: (parameters) => guarded(sql, statement, () => statement.all([...parameters])).values(),
        };
      },
    },
  };
}

/** Finalizing a statement whose last step failed reports that failure once more; it was reported already. */
function discard(statement: WasmStatement): void {
  try {
    statement.finalize();
  } catch {}
}

function runOnce(database: WasmDatabase, sql: string): void {
  const statement = database.prepare(sql);
  try {
    statement.all();
  } finally {
    statement.finalize();
  }
}
