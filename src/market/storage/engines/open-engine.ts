import type { SqliteDatabase } from 'kysely';

/**
 * An embedded SQLite engine behind the small interface Kysely drives. Two are offered: the one inside Node (22.13 and
 * later) and a WebAssembly build for Node 20. Both run in write-ahead mode with a full sync at every commit, so an
 * acknowledged write survives a killed process.
 */
export interface Engine {
  readonly name: 'node:sqlite' | 'node-sqlite3-wasm';
  readonly database: SqliteDatabase;
}

/** Settings both engines start with. Exclusive locking because one process owns the file and WASM has no shared memory. */
export const PRAGMAS = [
  'PRAGMA locking_mode = EXCLUSIVE',
  'PRAGMA journal_mode = WAL',
  'PRAGMA synchronous = FULL',
  'PRAGMA foreign_keys = ON',
];

/**
 * Opens a database file, or `:memory:`, with the best engine this Node has.
 * @throws Error with the engine's own message where the file cannot be opened.
 */
export async function openEngine(file: string): Promise<Engine> {
  const forced = process.env.SOTA_SQLITE_ENGINE;
  if (forced !== 'wasm' && (await hasNodeSqlite())) return (await import('./node-sqlite.ts')).openNodeSqlite(file);
  return (await import('./wasm-sqlite.ts')).openWasmSqlite(file);
}

async function hasNodeSqlite(): Promise<boolean> {
  const { builtinModules } = await import('node:module');
  // Node lists the module without its prefix-only name, so the version decides: unflagged since 22.13.
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  return builtinModules.includes('sqlite') || major > 22 || (major === 22 && minor >= 13);
}
