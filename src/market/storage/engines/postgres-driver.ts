import { createRequire } from 'node:module';
import { join } from 'node:path';

/** Types alone: the package is installed by whoever wants PostgreSQL, and is no part of this one. */
export type PostgresDriver = typeof import('pg');

/** There is no driver, or none that will do; `message` says what to type. */
export class PostgresDriverError extends Error {
  override readonly name = 'PostgresDriverError';
}

const OLDEST_MAJOR = 8;

/**
 * Looks where packages beside this one lie, as `npx -p` and `npm install -g` leave them, then in the working folder, as
 * strict installers let nobody see what he did not ask for himself.
 * @throws PostgresDriverError
 */
export function loadPostgresDriver(): PostgresDriver {
  for (const from of [import.meta.url, join(process.cwd(), 'noop.js')]) {
    const load = createRequire(from);
    const path = pathOf(load);
    if (path === undefined) continue;
    try {
      const { version } = load('pg/package.json') as { readonly version?: unknown };
      if (Number.parseInt(String(version), 10) >= OLDEST_MAJOR) return load('pg') as PostgresDriver;
      throw unfit(`The package pg in ${path} has version ${version}, which is too old for sota-mcp`);
    } catch (error) {
      if (error instanceof PostgresDriverError) throw error;
      throw unfit(`The package pg in ${path} cannot be loaded: ${firstLine(error)}`, error);
    }
  }
  throw unfit(
    `A database on PostgreSQL needs the package pg, which is neither beside sota-mcp nor in the folder ${process.cwd()}`,
  );
}

function pathOf(load: NodeJS.Require): string | undefined {
  try {
    return load.resolve('pg');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'MODULE_NOT_FOUND') return undefined;
    throw unfit(`The package pg cannot be loaded: ${firstLine(error)}`, error);
  }
}

/** Node lists below it who asked for a module. */
function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n', 1)[0] ?? '';
}

function unfit(what: string, cause?: unknown): PostgresDriverError {
  const wanted = `pg@${OLDEST_MAJOR}`;
  return new PostgresDriverError(
    `${what}. Install it
  in this folder:               npm install ${wanted}
  beside a global sota-mcp:     npm install -g ${wanted}
  or for one run, with npx:     npx -y -p sota-mcp -p ${wanted} sota-mcp market --database-url …`,
    { cause },
  );
}
