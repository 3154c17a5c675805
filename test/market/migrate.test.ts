import { createHash } from 'node:crypto';
import { sql } from 'kysely';
import { describe, expect, it } from 'vitest';
import { storageOf } from '#market/open-place.ts';
import { openDatabase } from '#market/storage/database.ts';
import { CURRENT_SCHEMA, migrate, schemas } from '#market/storage/migrate.ts';
import { emptyPlace, engineUnderTest } from '../support/engine.ts';

/** What each released migration leaves in SQLite. A new one gets a new line; an old line never changes. */
const RELEASED: Readonly<Record<string, string>> = {
  '0001-marketplace': '06f9c91e23aa595c',
  '0002-deadlines-and-indexes': '6df2e1961323cfb8',
  '0003-owner-and-webhooks': '65887e5efa3de042',
  '0004-due-dates-in-order': '97e43ad453fb0403',
};

describe('bringing a database to the present', () => {
  it.each(schemas)('%s makes what it made when it was released', async (schema) => {
    const { db, close } = await openDatabase({ file: ':memory:' }, schema);
    const { rows } = await sql<{ sql: string }>`
      select sql from sqlite_master where sql is not null and name <> 'kysely_migration' order by type, name`.execute(
      db,
    );
    await close();
    const plain = rows.map((row) => row.sql.replace(/\s+/g, ' ')).join('\n');
    expect(createHash('sha256').update(plain).digest('hex').slice(0, 16)).toBe(RELEASED[schema]);
  });

  it('is done once, however many start at once', async () => {
    const storage = storageOf(await emptyPlace());
    // A SQLite file belongs to one process, which opens it once; PostgreSQL is shared.
    const openers = engineUnderTest() === 'postgres' ? 4 : 1;
    const opened = await Promise.all(Array.from({ length: openers }, () => openDatabase(storage)));
    const [{ db }] = opened as [(typeof opened)[number]];
    const { rows } = await sql<{ name: string }>`select name from kysely_migration order by name`.execute(db);
    expect(rows.map(({ name }) => name)).toEqual(schemas);
    await migrate(db, CURRENT_SCHEMA);
    for (const { close } of opened) await close();
  });

  it('is done whole or not at all', async () => {
    const { db, close } = await openDatabase(storageOf(await emptyPlace()), '0001-marketplace');
    // In the way of the third migration, after the second has changed much.
    await sql`create table outbox (id integer)`.execute(db);
    await expect(migrate(db, CURRENT_SCHEMA)).rejects.toThrow(/outbox/);
    const { rows } = await sql`select name from kysely_migration`.execute(db);
    expect(rows).toEqual([{ name: '0001-marketplace' }]);
    await expect(sql`select is_open from job_tags`.execute(db)).rejects.toThrow(/is_open/);
    await sql`drop table outbox`.execute(db);
    await migrate(db, CURRENT_SCHEMA);
    await sql`select is_open from job_tags`.execute(db);
    await close();
  });
});
