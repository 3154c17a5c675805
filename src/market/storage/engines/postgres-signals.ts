import { sql } from 'kysely';
import type { Client } from 'pg';
import type { Clock } from '#kit/clock.ts';
import type { Tx } from '../database.ts';
import { isPostgres } from './postgres.ts';

/**
 * The processes of one marketplace nudge each other over LISTEN / NOTIFY. A nudge only makes the others look sooner:
 * they also look every second or so, hence one that is lost (a broken connection, a pooler in between) costs that much
 * time and nothing else. It is sent for rare things alone, as the notifying transactions of a database commit one after
 * the other.
 */
const CHANNEL = 'sota_market';
const RECONNECT_MS = 2_000;

/** Sent when the transaction commits. Does nothing on an engine with one process. */
export async function nudgeOthers(tx: Tx): Promise<void> {
  if (isPostgres(tx)) await sql`select pg_notify(${CHANNEL}, '')`.execute(tx);
}

/** Calls `onNudge` whenever a process of this marketplace, this one included, sends a nudge. Returns how to stop. */
export async function listenForNudges(
  newClient: () => Client,
  clock: Clock,
  onNudge: () => void,
): Promise<() => Promise<void>> {
  let client: Client | undefined;
  let cancelRetry: (() => void) | undefined;
  let stopped = false;

  async function connect(): Promise<void> {
    const fresh = newClient();
    client = fresh;
    fresh.on('error', () => {});
    fresh.on('end', () => {
      if (client === fresh && !stopped) cancelRetry = clock.after(RECONNECT_MS, () => void connect());
    });
    fresh.on('notification', onNudge);
    try {
      await fresh.connect();
      await fresh.query(`listen ${CHANNEL}`);
      onNudge();
    } catch {
      await fresh.end().catch(() => {});
    }
  }

  await connect();
  return async () => {
    stopped = true;
    cancelRetry?.();
    await client?.end().catch(() => {});
  };
}
