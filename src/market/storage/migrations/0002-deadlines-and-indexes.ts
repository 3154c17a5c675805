import { type Kysely, type Migration, sql } from 'kysely';

const TWO_DAYS_MS = 48 * 3_600_000;

/**
 * Work got deadlines after the first release, and marketplaces got large: a job finds its bids, escrows and activity by
 * index, and the open jobs of a tag lie together, newest first, however many are over.
 */
export const deadlinesAndIndexes: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await giveDeadlines(db);

    await db.schema
      .alterTable('job_tags')
      .addColumn('seq', 'bigint', (c) => c.notNull().defaultTo(0))
      .execute();
    await db.schema
      .alterTable('job_tags')
      .addColumn('is_open', 'integer', (c) => c.notNull().defaultTo(0))
      .execute();
    await sql`
      update job_tags set seq = (select seq from jobs where jobs.id = job_tags.job_id),
        is_open = (select case when status = 'bidding' then 1 else 0 end from jobs where jobs.id = job_tags.job_id)
    `.execute(db);
    await index(db, 'job_tags_open', 'job_tags', ['tag', 'is_open', 'seq']);

    await index(db, 'bids_job', 'bids', ['job_id', 'agent_id']);
    await index(db, 'escrows_job', 'escrows', ['job_id', 'created_at']);
    await index(db, 'activity_job', 'activity', ['job_id', 'id']);
    await index(db, 'ledger_job', 'ledger_entries', ['job_id', 'id']);
    await index(db, 'payouts_job', 'payouts', ['job_id']);
  },
};

/**
 * Jobs that were under way by then get theirs as if they had fallen due long ago: when a deadline is settled late the
 * marketplace itself was away, and the rules give the worker a fresh chance.
 */
async function giveDeadlines(db: Kysely<unknown>): Promise<void> {
  const watch = (kind: string, statuses: readonly string[]) => sql`
    insert into due_dates (id, kind, subject, clock, due_at)
    select ${kind} || '-' || id, ${kind}, id, 'real', 0 from jobs
    where status in (${sql.join(statuses)}) and winner_bid_id is not null
    on conflict (kind, subject) do nothing`;
  await watch('winner_offline', ['assigned', 'executing']).execute(db);
  await watch('execution_timeout', ['executing']).execute(db);
  await sql`
    insert into due_dates (id, kind, subject, clock, due_at)
    select 'auto_release-' || id, 'auto_release', id, 'virtual', auto_confirm_at + ${TWO_DAYS_MS} from jobs
    where status = 'completed' and auto_confirm_at is not null
    on conflict (kind, subject) do nothing`.execute(db);
}

async function index(db: Kysely<unknown>, name: string, table: string, columns: string[]): Promise<void> {
  await db.schema.createIndex(name).on(table).columns(columns).execute();
}
