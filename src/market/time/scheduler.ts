import { sleep } from '#kit/clock.ts';
import type { MarketLog } from '../market-log.ts';
import type { Database, Tx } from '../storage/database.ts';
import { limitLockWait } from '../storage/locks.ts';
import { inTransaction, isConflict } from '../storage/transaction.ts';
import { claimNext, type DueDate, nextDue, postpone } from './due-dates.ts';
import type { MarketClock } from './market-clock.ts';

/** How long a due-date that could not be settled waits, and the scheduler itself after a database that failed. */
const RETRY_MS = 60_000;
const RECOVER_MS = 1_000;
/** How soon to look again at due-dates that somebody else had in hand. */
const BUSY_MS = 100;
/** How often in a row settling waits for what others have in hand before it leaves it to them. */
const MAX_WAITS = 20;
/** How often a due-date may lose against other transactions before that counts as a failure. */
const MAX_CONFLICTS = 50;
/** How long settling waits for a row: a request that has it may itself be waiting for the due-date we hold. */
const LOCK_WAIT_MS = 250;
/** How often a process that is not alone looks, whatever it believes to be next. */
const POLL_MS = 1_000;

export type Settle = (tx: Tx, due: DueDate) => Promise<void>;

export interface Scheduler {
  /** Looks at the table again; called after every write, since it may have set an earlier due-date. */
  wake(): void;
  /** Settles everything that is due now, in the order it fell due, and sees others finish what they have in hand. */
  settleDue(): Promise<void>;
  stop(): Promise<void>;
}

export interface SchedulerOptions {
  /** A process that plays no world leaves the world's due-dates to one that does. */
  readonly withWorld?: boolean;
  /** Other processes set and settle due-dates in the same database. */
  readonly shared?: boolean;
}

/**
 * Settles due-dates when they fall due. The table is the truth and the timer only a hint: a due-date is deleted in the
 * same transaction that settles it, so a crash between the two repeats nothing and loses nothing, and what fell due
 * while no process ran is settled at start. Several processes share the work: each takes what no other has in hand.
 */
export function createScheduler(
  db: Database,
  clock: MarketClock,
  settle: Settle,
  log: MarketLog,
  { withWorld = false, shared = false }: SchedulerOptions = {},
): Scheduler {
  let cancelTimer: (() => void) | undefined;
  let stopped = false;
  let running: Promise<void> | undefined;
  let again = false;
  const conflicts = new Map<string, number>();

  /** Settles all that is due. Returns the real milliseconds until there is more to do, if that is known. */
  async function settleAll(): Promise<number | undefined> {
    await clock.refresh(db);
    const next = await untilNext();
    if (next !== 0) return next;
    const busy: string[] = [];
    while (!stopped && (await settleNext(busy))) {}
    if (busy.length === 0) conflicts.clear();
    // What was settled may have moved the clock itself.
    await clock.refresh(db);
    return untilNext();
  }

  async function untilNext(): Promise<number | undefined> {
    const waits: number[] = [];
    for (const name of ['real', 'virtual'] as const) {
      const due = await nextDue(db, name, { withWorld });
      if (due) waits.push(clock.untilReal(name, due.due_at));
    }
    return waits.length > 0 ? Math.min(...waits) : undefined;
  }

  /** Settles one due-date; false where there is none to be had. Those another transaction is in the way of are `busy`. */
  async function settleNext(busy: string[]): Promise<boolean> {
    const claimed: { due?: DueDate } = {};
    try {
      await db.transaction().execute(async (tx) => {
        await limitLockWait(tx, LOCK_WAIT_MS);
        const due =
          (await claimNext(tx, 'real', { withWorld, now: clock.real(), except: busy })) ??
          (await claimNext(tx, 'virtual', { withWorld, now: clock.virtual(), except: busy }));
        if (!due) return;
        claimed.due = due;
        await settle(tx, due);
      });
    } catch (error) {
      const { due } = claimed;
      if (!due) throw error;
      await leave(due, error, busy);
    }
    return claimed.due !== undefined;
  }

  /** Tried again later: dropping it could leave money locked, and trying at once would spin. */
  async function leave(due: DueDate, error: unknown, busy: string[]): Promise<void> {
    const lost = (conflicts.get(due.id) ?? 0) + 1;
    if (isConflict(error) && lost < MAX_CONFLICTS) {
      conflicts.set(due.id, lost);
      busy.push(due.id);
      return;
    }
    conflicts.delete(due.id);
    log.error('due_date_failed', { kind: due.kind, subject: due.subject, error: String(error) });
    await inTransaction(db, (tx) => postpone(tx, due, clock.now(due.clock) + RETRY_MS));
  }

  function arm(ms: number | undefined): void {
    cancelTimer?.();
    cancelTimer = undefined;
    const wait = shared ? Math.min(ms ?? POLL_MS, POLL_MS) : ms;
    if (wait !== undefined && !stopped) cancelTimer = clock.source.after(wait, () => scheduler.wake());
  }

  const scheduler: Scheduler = {
    wake() {
      void scheduler.settleDue().catch((error) => {
        if (stopped) return;
        log.error('scheduler_failed', { error: String(error) });
        arm(RECOVER_MS);
      });
    },
    async settleDue() {
      again = true;
      running ??= (async () => {
        for (let waits = 0; again && !stopped; ) {
          again = false;
          const next = await settleAll();
          arm(next === 0 ? BUSY_MS : next);
          if (next !== 0 || waits >= MAX_WAITS) continue;
          waits += 1;
          again = true;
          await sleep(BUSY_MS);
        }
      })().finally(() => {
        running = undefined;
      });
      return running;
    },
    async stop() {
      stopped = true;
      cancelTimer?.();
      await running?.catch(() => {});
    },
  };
  return scheduler;
}
