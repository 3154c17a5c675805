import type { Database, Tx } from '../storage/database.ts';
import { orderedId } from '../storage/ids.ts';
import type { ClockName } from './market-clock.ts';

/** What can fall due. The subject is the id of the agent, job, key or test job it is about. */
export type DueKind =
  | 'review'
  | 'test_deadline'
  | 'key_grace'
  | 'bid_window'
  | 'winner_offline'
  | 'execution_timeout'
  | 'auto_confirm'
  | 'auto_release'
  | WorldDueKind;

/** What the people and agents of the world do next; the subject is theirs to spell. */
export type WorldDueKind = `world_${'post' | 'bid' | 'work' | 'customer' | 'judge' | 'prune' | 'script'}`;

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
    .values({ id: orderedId(), kind: due.kind, subject: due.subject, clock: due.clock, due_at: due.due_at })
    .onConflict((conflict) =>
      conflict.columns(['kind', 'subject']).doUpdateSet({ clock: due.clock, due_at: due.due_at }),
    )
    .execute();
}

/** Removes a due-date that no longer applies. */
export async function unschedule(tx: Tx, kind: DueKind, subject: string): Promise<void> {
  await tx.deleteFrom('due_dates').where('kind', '=', kind).where('subject', '=', subject).execute();
}

/** When the due-date of this kind for this subject falls due, if it is set. */
export async function dueAt(tx: Tx, kind: DueKind, subject: string): Promise<number | undefined> {
  const row = await tx
    .selectFrom('due_dates')
    .select('due_at')
    .where('kind', '=', kind)
    .where('subject', '=', subject)
    .executeTakeFirst();
  return row && Number(row.due_at);
}

/** The next due-date on one clock, if any; of several that fall due at the same moment, the one that was set first. */
export async function nextDue(
  db: Database | Tx,
  clock: ClockName,
  { withWorld = true }: { withWorld?: boolean } = {},
): Promise<DueDate | undefined> {
  let rows = db.selectFrom('due_dates').selectAll().where('clock', '=', clock);
  if (!withWorld) rows = rows.where('kind', 'not like', 'world%');
  const row = await rows.orderBy('due_at').orderBy('id').limit(1).executeTakeFirst();
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
