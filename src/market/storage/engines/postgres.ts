import { CompiledQuery, PostgresAdapter, PostgresDialect, sql } from 'kysely';
import type { Client, ClientConfig, Pool } from 'pg';
import type { Database } from '../database.ts';
import { loadPostgresDriver } from './postgres-driver.ts';

/**
 * PostgreSQL, for marketplaces that several processes or machines serve together.
 *
 * Transactions run at READ COMMITTED: a rule locks the rows it is about to change and reads them again under the lock.
 * What two transactions can still do to each other ends in one of CONFLICTS, and whoever runs them repeats the loser.
 */
export interface PostgresEngine {
  readonly dialect: PostgresDialect;
  /** One more connection, not yet open, beside those of the dialect. */
  newClient(): Client;
}

/** Nobody waits longer than this for a row; a transaction that hangs is ended, so that its locks are. */
const LOCK_TIMEOUT_MS = 10_000;
const IDLE_IN_TRANSACTION_MS = 30_000;
const CONNECT_TIMEOUT_MS = 10_000;
const POOL_SIZE = 10;
const OLDEST_VERSION = 120_000;

/**
 * Transactions that lost against another one and left nothing behind: serialization failure, deadlock, lock not
 * available. A unique violation is one too: somebody else was first, and the rule, run again, sees it and says so.
 */
const CONFLICTS: ReadonlySet<unknown> = new Set(['40001', '40P01', '55P03', '23505']);

export function isPostgresConflict(error: unknown): boolean {
  return error instanceof Error && CONFLICTS.has((error as { code?: unknown }).code);
}

/** Asked of the dialect itself: names of classes do not survive minification. */
export function isPostgres(db: { getExecutor(): { readonly adapter: unknown } }): boolean {
  return db.getExecutor().adapter instanceof PostgresAdapter;
}

/** Number of the type `bigint`, also the type of `count(*)`. The driver hands it over as text. */
const INT8 = 20;

function readInt8(text: string): number | bigint {
  const number = Number(text);
  return Number.isSafeInteger(number) ? number : BigInt(text);
}

/**
 * @param databaseUrl postgres://user:password@host:port/database, or any other form libpq-style drivers take
 * @throws PostgresDriverError
 */
export function openPostgres(databaseUrl: string): PostgresEngine {
  const pg = loadPostgresDriver();
  const clientConfig: ClientConfig = {
    connectionString: databaseUrl,
    application_name: 'sota-mcp market',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    types: {
      getTypeParser: ((oid: number, format: 'text') =>
        oid === INT8 ? readInt8 : pg.types.getTypeParser(oid, format)) as typeof pg.types.getTypeParser,
    },
  };
  const pool: Pool = new pg.Pool({ ...clientConfig, max: POOL_SIZE });
  // The pool replaces a connection that breaks while idle; an event nobody listens to would end the process.
  pool.on('error', () => {});
  const dialect = new PostgresDialect({
    pool,
    async onCreateConnection(connection) {
      await connection.executeQuery(CompiledQuery.raw(`set lock_timeout = ${LOCK_TIMEOUT_MS}`));
      await connection.executeQuery(
        CompiledQuery.raw(`set idle_in_transaction_session_timeout = ${IDLE_IN_TRANSACTION_MS}`),
      );
    },
  });
  return { dialect, newClient: () => new pg.Client(clientConfig) };
}

/**
 * Makes sure that the server will do, and says what it is.
 * @throws Error where it is too old or the database cannot hold every text
 */
export async function describePostgres(db: Database): Promise<string> {
  const { rows } = await sql<{ number: number; version: string; encoding: string }>`
    select current_setting('server_version_num')::int as number, current_setting('server_version') as version,
      current_setting('server_encoding') as encoding`.execute(db);
  const [server] = rows;
  if (!server) throw new Error('The server does not say what it is');
  if (server.number < OLDEST_VERSION) throw new Error(`PostgreSQL ${server.version} is too old: 12 or later is needed`);
  if (server.encoding !== 'UTF8') throw new Error(`The database is encoded in ${server.encoding}: UTF8 is needed`);
  return `PostgreSQL ${server.version.split(' ')[0]}`;
}

/** Where a database is, without the password. */
export function withoutPassword(databaseUrl: string): string {
  if (!URL.canParse(databaseUrl)) return 'postgres://…';
  const url = new URL(databaseUrl);
  if (url.password) url.password = '…';
  for (const name of url.searchParams.keys()) if (/password/i.test(name)) url.searchParams.set(name, '…');
  return decodeURI(url.href);
}
