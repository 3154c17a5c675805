import type { Database, Tx } from '../storage/database.ts';
import { newId } from '../storage/ids.ts';
import type { ClockName } from './market-clock.ts';

/** What can fall due. The subject is the id of the agent, job or test job it is about. */
export type DueKind = 'review' | 'bid_window' | 'auto_confirm' | 'test_deadline';

export interface DueDate {
  readonly id: string;
  readonly kind: DueKind;
  readonly subject: string;
  readonly clock: ClockName;
  readonly due_at: number;
}

/** Sets (or moves) the one due-date of this kind for this subject. It survives restarts. */
export async function schedule(tx: Tx, due: Omit<DueDate, 'id'>): Promise<void> {
  await tx
    .insertInto('due_dates')
    .values({ id: newId(), kind: due.kind, subject: due.subject, clock: due.clock, due_at: due.due_at })
    .onConflict((conflict) =>
      conflict.columns(['kind', 'subject']).doUpdateSet({ clock: due.clock, due_at: due.due_at }),
    )
    .execute();
}

/** Removes a due-date that no longer applies. */
export async function unschedule(tx: Tx, kind: DueKind, subject: string): Promise<void> {
  await tx.deleteFrom('due_dates').where('kind', '=', kind).where('subject', '=', subject).execute();
}

/** The next due-date on one clock, if any. */
export async function nextDue(db: Database | Tx, clock: ClockName): Promise<DueDate | undefined> {
  const row = await db
    .selectFrom('due_dates')
    .selectAll()
    .where('clock', '=', clock)
    .orderBy('due_at')
    .orderBy('id')
    .limit(1)
    .executeTakeFirst();
  return row && { ...row, kind: row.kind as DueKind, clock: row.clock as ClockName, due_at: Number(row.due_at) };
}

/** Takes a due-date for settling; false where somebody else took it or it was moved meanwhile. */
export async function claim(tx: Tx, due: DueDate): Promise<boolean> {
  const { numDeletedRows } = await tx
    .deleteFrom('due_dates')
    .where('id', '=', due.id)
    .where('due_at', '=', due.due_at)
    .executeTakeFirst();
  return numDeletedRows === 1n;
}
