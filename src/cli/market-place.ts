import { join, resolve } from 'node:path';
import { claimOwnership } from '#kit/os-lock.ts';
import { liveSecrets } from '#kit/redact.ts';
import { stateDirectory } from '#kit/state-dir.ts';
import { MarketStartError, notUsable, type Place } from '#market/open-place.ts';
import { loadPostgresDriver } from '#market/storage/engines/postgres-driver.ts';
import { UsageError } from './flags.ts';

/** The flags that say where a marketplace is kept. */
export const placeFlags = {
  data: { type: 'string', value: 'DIR', summary: 'Folder of the database, or :memory:', default: '~/.sota/mcp/market' },
  'database-url': {
    type: 'string',
    value: 'URL',
    summary:
      'PostgreSQL database instead of a folder, postgres://…, with the package pg installed; several processes may serve it. Also SOTA_DATABASE_URL',
  },
} as const;

interface PlaceValues {
  readonly data: string | undefined;
  readonly 'database-url': string | undefined;
}

type Env = Readonly<Record<string, string | undefined>>;

/**
 * Where the marketplace is kept: a folder named by --data goes before a database named by the environment.
 * @throws UsageError
 */
export function placeOf(values: PlaceValues, env: Env): Place {
  const { data } = values;
  const databaseUrl = values['database-url'] ?? (data === undefined ? env.SOTA_DATABASE_URL || undefined : undefined);
  if (databaseUrl === undefined) {
    if (data === undefined) return { data: join(stateDirectory(env), 'market') };
    if (!data.trim()) throw new UsageError('--data takes a folder or :memory:');
    return { data: data === ':memory:' ? data : resolve(data) };
  }
  if (data !== undefined) throw new UsageError('--data and --database-url exclude each other');
  if (!/^postgres(ql)?:\/\//.test(databaseUrl))
    throw new UsageError('--database-url takes an address like postgres://user:password@host:5432/database');
  const password = URL.canParse(databaseUrl) ? decodeURIComponent(new URL(databaseUrl).password) : '';
  if (password) liveSecrets.add(password);
  return { databaseUrl };
}

/**
 * Takes a data folder for this process: one process may open a SQLite database. A PostgreSQL database is nobody's, and
 * needs a driver, which is missed here, before anything is read or written. Returns how to give it up.
 * @throws MarketStartError, naming the process that has it, or saying how to install the driver
 */
export async function own(place: Place): Promise<() => Promise<void>> {
  if ('databaseUrl' in place) needDriver(place);
  if ('databaseUrl' in place || place.data === ':memory:') return async () => {};
  const claim = await claimOwnership(place.data, {}).catch((error: unknown) => {
    throw notUsable(place, error);
  });
  if (claim.owner) return () => claim.release();
  claim.leave();
  throw new MarketStartError(
    `The data folder ${place.data} is in use by process ${claim.pid}. Stop it, or give another folder with --data`,
  );
}

function needDriver(place: Place): void {
  try {
    loadPostgresDriver();
  } catch (error) {
    throw notUsable(place, error);
  }
}
