import type { Selectable } from 'kysely';
import type { Database, Tx } from '../storage/database.ts';
import { orderedId } from '../storage/ids.ts';
import type { DueDateTable } from '../storage/schema.ts';
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
  | 'webhook'
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

interface Wanted {
  /** False leaves out what the people of the world mean to do. */
  readonly withWorld: boolean;
}

/** The next due-date on one clock, if any; of several that fall due at the same moment, the one that was set first. */
export async function nextDue(db: Database | Tx, clock: ClockName, wanted: Wanted): Promise<DueDate | undefined> {
  const row = await inOrder(db, clock, wanted).executeTakeFirst();
  return row && toDueDate(row);
}

/**
 * Takes the next due-date that is due by `now` for settling in this transaction, if there is one that no other process
 * is settling at the moment. `except` are ids to leave alone.
 */
export async function claimNext(
  tx: Tx,
  clock: ClockName,
  { now, except, ...wanted }: Wanted & { readonly now: number; readonly except: readonly string[] },
): Promise<DueDate | undefined> {
  let rows = inOrder(tx, clock, wanted).where('due_at', '<=', now);
  if (except.length > 0) rows = rows.where('id', 'not in', except);
  const row = await rows.forUpdate().skipLocked().executeTakeFirst();
  if (!row) return undefined;
  await tx.deleteFrom('due_dates').where('id', '=', row.id).execute();
  return toDueDate(row);
}

function inOrder(db: Database | Tx, clock: ClockName, { withWorld }: Wanted) {
  const rows = db.selectFrom('due_dates').selectAll().where('clock', '=', clock);
  return (withWorld ? rows : rows.where('kind', 'not like', 'world%')).orderBy('due_at').orderBy('id').limit(1);
}

function toDueDate(row: Selectable<DueDateTable>): DueDate {
  return { ...row, kind: row.kind as DueKind, clock: row.clock as ClockName, due_at: Number(row.due_at) };
}

/** Moves one due-date, unless somebody settled or moved it meanwhile. */
export async function postpone(tx: Tx, due: DueDate, until: number): Promise<void> {
  const { id, due_at: from } = due;
  await tx.updateTable('due_dates').set({ due_at: until }).where('id', '=', id).where('due_at', '=', from).execute();
}
