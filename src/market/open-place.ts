import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createMarket, type Market, type MarketParts } from './market.ts';
import type { Storage } from './storage/database.ts';
import { withoutPassword } from './storage/engines/postgres.ts';
import { PostgresDriverError } from './storage/engines/postgres-driver.ts';

/**
 * Where a marketplace is kept: in a folder (or `:memory:`) that the caller owns, as two processes must not open one
 * SQLite file, or in a PostgreSQL database, which they may.
 */
export type Place = { readonly data: string } | { readonly databaseUrl: string };

/** The port is taken, or the database cannot be used; `message` says which and what to do. */
export class MarketStartError extends Error {
  override readonly name = 'MarketStartError';
}

/** @throws MarketStartError */
export async function openMarket(options: Place & MarketParts): Promise<Market> {
  try {
    return await createMarket({ ...options, ...storageOf(options) });
  } catch (error) {
    throw notUsable(options, error);
  }
}

/** The database of a place; a data folder is created. */
export function storageOf(place: Place): Storage {
  if ('databaseUrl' in place) return { databaseUrl: place.databaseUrl };
  if (place.data === ':memory:') return { file: place.data };
  mkdirSync(place.data, { recursive: true, mode: 0o700 });
  return { file: join(place.data, 'marketplace.db') };
}

/** A place as people may see it. */
export function nameOf(place: Place): string {
  return 'databaseUrl' in place ? withoutPassword(place.databaseUrl) : place.data;
}

/** What is wrong with a place, and what to do about it. */
export function notUsable(place: Place, cause: unknown): MarketStartError {
  if (cause instanceof PostgresDriverError) return new MarketStartError(cause.message, { cause });
  const [what, otherwise] =
    'databaseUrl' in place
      ? ['database', 'Check --database-url, and that the server runs and lets this user in']
      : ['data folder', 'Give another one with --data, or --data :memory:'];
  return new MarketStartError(`The ${what} ${nameOf(place)} cannot be used: ${reasonOf(cause)}. ${otherwise}`, {
    cause,
  });
}

/** Node reports a refused connection as several errors in one whose own message is empty. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return reasonOf(error.errors[0]);
  return error instanceof Error ? error.message : String(error);
}
