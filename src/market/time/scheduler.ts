import type { MarketLog } from '../market-log.ts';
import type { Database, Tx } from '../storage/database.ts';
import { claim, type DueDate, nextDue, schedule } from './due-dates.ts';
import type { MarketClock } from './market-clock.ts';

/** How long a due-date that could not be settled waits. */
const RETRY_MS = 60_000;

export type Settle = (tx: Tx, due: DueDate) => Promise<void>;

export interface Scheduler {
  /** Looks at the table again; called after every write, since it may have set an earlier due-date. */
  wake(): void;
  /** Settles everything that is due now, in the order it fell due. */
  settleDue(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Settles due-dates when they fall due. The table is the truth and the timer only a hint: a due-date is deleted in the
 * same transaction that settles it, so a crash between the two repeats nothing and loses nothing, and what fell due
 * while no process ran is settled at start. A process that plays no world leaves the world's due-dates to one that does.
 */
export function createScheduler(
  db: Database,
  clock: MarketClock,
  settle: Settle,
  log: MarketLog,
  { withWorld = false }: { withWorld?: boolean } = {},
): Scheduler {
  let cancelTimer: (() => void) | undefined;
  let stopped = false;
  let running: Promise<void> | undefined;
  let again = false;

  async function settleAll(): Promise<void> {
    while (!stopped) {
      const due = await earliest();
      if (!due || due.due_at > clock.now(due.clock)) return;
      try {
        await db.transaction().execute(async (tx) => {
          if (await claim(tx, due)) await settle(tx, due);
        });
      } catch (error) {
        log.error('due_date_failed', { kind: due.kind, subject: due.subject, error: String(error) });
        // Tried again later: dropping it could leave money locked, and trying at once would spin.
        await db.transaction().execute((tx) => schedule(tx, { ...due, due_at: clock.now(due.clock) + RETRY_MS }));
      }
    }
  }

  /** The due-date that is furthest overdue in real waiting time, across both clocks. */
  async function earliest(): Promise<DueDate | undefined> {
    const [real, virtual] = [await nextDue(db, 'real', { withWorld }), await nextDue(db, 'virtual', { withWorld })];
    if (!real || !virtual) return real ?? virtual;
    return clock.untilReal('real', real.due_at) <= clock.untilReal('virtual', virtual.due_at) ? real : virtual;
  }

  async function arm(): Promise<void> {
    cancelTimer?.();
    cancelTimer = undefined;
    const due = await earliest();
    if (due && !stopped)
      cancelTimer = clock.source.after(clock.untilReal(due.clock, due.due_at), () => scheduler.wake());
  }

  const scheduler: Scheduler = {
    wake() {
      void scheduler.settleDue().catch((error) => log.error('scheduler_failed', { error: String(error) }));
    },
    async settleDue() {
      again = true;
      running ??= (async () => {
        while (again && !stopped) {
          again = false;
          await settleAll();
          if (!stopped) await arm();
        }
      })().finally(() => {
        running = undefined;
      });
      return running;
    },
    async stop() {
      stopped = true;
      cancelTimer?.();
      await running;
    },
  };
  return scheduler;
}
