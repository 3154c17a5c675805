import { type Migration, runStatements } from './migration.ts';

/**
 * What falls due is found in the order it is settled in, ties included: of thousands that fall due at one moment, the
 * first is read and not sorted out.
 */
export const dueDatesInOrder: Migration = {
  up: (db) => runStatements(db, INDEX),
};

const INDEX = `
drop index due_dates_next;
create index due_dates_next on due_dates (clock, due_at, id);
`;
