import { type QueryExecutorProvider, sql } from 'kysely';
import { type Migration, runStatements } from './migration.ts';

const TWO_DAYS_MS = 48 * 3_600_000;

/**
 * Work got deadlines after the first release, and marketplaces got large: a job finds its bids, escrows and activity by
 * index, and the open jobs of a tag lie together, newest first, however many are over.
 */
export const deadlinesAndIndexes: Migration = {
  async up(db) {
    await giveDeadlines(db);
    await runStatements(db, TABLES);
  },
};

/**
 * Jobs that were under way by then get theirs as if they had fallen due long ago: when a deadline is settled late the
 * marketplace itself was away, and the rules give the worker a fresh chance.
 */
async function giveDeadlines(db: QueryExecutorProvider): Promise<void> {
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

const TABLES = `
alter table job_tags add column seq bigint not null default 0;
alter table job_tags add column is_open integer not null default 0;

update job_tags set seq = (select seq from jobs where jobs.id = job_tags.job_id),
  is_open = (select case when status = 'bidding' then 1 else 0 end from jobs where jobs.id = job_tags.job_id);

create index job_tags_open on job_tags (tag, is_open, seq);
create index bids_job on bids (job_id, agent_id);
create index escrows_job on escrows (job_id, created_at);
create index activity_job on activity (job_id, id);
create index ledger_job on ledger_entries (job_id, id);
create index payouts_job on payouts (job_id);
`;
