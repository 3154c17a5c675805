import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Place } from '#market/open-place.ts';
import { storageOf } from '#market/open-place.ts';
import { openEngine } from '#market/storage/engines/open-engine.ts';

/** What a fixture tells about itself. */
export interface OldMarket {
  /** The moment at which it was closed. */
  readonly now: number;
  readonly requester: string;
  readonly worker: string;
  readonly novice: string;
}

/**
 * Puts a marketplace as an earlier release left it into a data folder: test/fixtures holds the SQL, one statement a
 * line, after a line of words and a line of JSON.
 */
export async function restoreOld(place: Place, fixture: string): Promise<OldMarket> {
  const storage = storageOf(place);
  if (!('file' in storage)) throw new Error('Earlier releases kept their marketplaces in folders only');
  const path = fileURLToPath(new URL(`../fixtures/${fixture}.sql`, import.meta.url));
  const [, facts = '', ...statements] = readFileSync(path, 'utf8').trimEnd().split('\n');
  const { database } = await openEngine(storage.file);
  // The rows come table by table, in whatever order.
  for (const statement of ['pragma foreign_keys = off', 'begin', ...statements, 'commit']) {
    const prepared = database.prepare(statement);
    if (prepared.reader) prepared.all([]);
    else prepared.run([]);
  }
  database.close();
  return JSON.parse(facts.replace(/^-- /, '')) as OldMarket;
}
