import type { Clock } from '#kit/clock.ts';
import { isoTime } from '#kit/clock.ts';
import type { MarketLog } from '../market-log.ts';
import { publicPart } from '../rules/job-view.ts';
import type { Database } from '../storage/database.ts';

/** One job posted or moved, as listeners are told. */
export interface JobChange {
  readonly type: 'INSERT' | 'UPDATE';
  /** When it happened. */
  readonly at: string;
  readonly record: ReturnType<typeof publicPart>;
}

export interface JobFeed {
  /** Calls back for every change after `ready`, which fails where the database cannot be read. */
  listen(listener: (change: JobChange) => void): { readonly ready: Promise<void>; readonly stop: () => void };
  close(): Promise<void>;
}

const POLL_MS = 200;
const RECOVER_MS = 2_000;
const BATCH = 500;
/**
 * Entries get their numbers before they are committed, so one with a lower number may turn up later while other
 * processes write: every look goes back this far, and remembers what it has seen.
 */
const LOOK_BACK = 200;

/**
 * What happens to jobs, read from the activity log, where every move is written in the transaction that makes it. So a
 * listener of one process hears what another process does, and nobody waits for listeners. It looks only while somebody
 * listens. What happens while nobody listens is not told later.
 */
export function createJobFeed(db: Database, clock: Clock, log: MarketLog): JobFeed {
  const listeners = new Set<(change: JobChange) => void>();
  let cancel: (() => void) | undefined;
  let looking: Promise<void> | undefined;
  let starting: Promise<void> | undefined;
  let last = 0;
  let seen = new Set<number>();

  async function latest(): Promise<number> {
    const row = await db
      .selectFrom('activity')
      .select((e) => e.fn.max('id').as('id'))
      .executeTakeFirst();
    return Number(row?.id ?? 0);
  }

  /** Every party of a job has an entry about its move; the requester's stands for all. */
  function movesAfter(id: number) {
    return db
      .selectFrom('activity')
      .innerJoin('jobs', (join) =>
        join.onRef('jobs.id', '=', 'activity.job_id').onRef('jobs.requester_id', '=', 'activity.agent_id'),
      )
      .where('activity.id', '>', id)
      .where('activity.event_type', '=', 'job_status')
      .orderBy('activity.id')
      .limit(BATCH)
      .selectAll('jobs')
      .select(['activity.id as move', 'activity.payload', 'activity.created_at as moved_at'])
      .execute();
  }

  async function look(): Promise<void> {
    for (const { move, payload, moved_at, ...job } of await movesAfter(last - LOOK_BACK)) {
      const number = Number(move);
      if (seen.has(number)) continue;
      seen.add(number);
      last = Math.max(last, number);
      const { from, to } = JSON.parse(payload) as { from: string; to: string };
      const change: JobChange = {
        type: from === 'open' ? 'INSERT' : 'UPDATE',
        at: isoTime(Number(moved_at)),
        // It may have moved on since: the listeners hear of each step.
        record: publicPart({ ...job, status: to }),
      };
      for (const listener of listeners) listener(change);
    }
    seen = new Set([...seen].filter((number) => number > last - LOOK_BACK));
  }

  async function start(): Promise<void> {
    last = await latest();
    // What is there already is not news.
    seen = new Set((await movesAfter(last - LOOK_BACK)).map(({ move }) => Number(move)));
  }

  function arm(ms: number): void {
    cancel?.();
    cancel = clock.after(ms, () => {
      looking = look()
        .then(() => POLL_MS)
        .catch((error) => {
          log.error('realtime_failed', { error: String(error) });
          return RECOVER_MS;
        })
        .then((wait) => {
          if (listeners.size > 0) arm(wait);
        });
    });
  }

  return {
    listen(listener) {
      listeners.add(listener);
      starting ??= start().then(() => arm(POLL_MS));
      return {
        ready: starting,
        stop() {
          listeners.delete(listener);
          if (listeners.size > 0) return;
          cancel?.();
          starting = undefined;
        },
      };
    },
    async close() {
      listeners.clear();
      cancel?.();
      await starting?.catch(() => {});
      cancel?.();
      await looking;
    },
  };
}
