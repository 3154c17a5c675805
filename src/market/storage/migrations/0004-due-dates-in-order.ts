import type { Kysely, Migration } from 'kysely';

/**
 * What falls due is found in the order it is settled in, ties included: of thousands that fall due at one moment, the
 * first is read and not sorted out.
 */
export const dueDatesInOrder: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema.dropIndex('due_dates_next').execute();
    await db.schema.createIndex('due_dates_next').on('due_dates').columns(['clock', 'due_at', 'id']).execute();
  },
};
