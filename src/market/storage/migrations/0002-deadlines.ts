import { type Kysely, type Migration, sql } from 'kysely';

const TWO_DAYS_MS = 48 * 3_600_000;

/**
 * Work got deadlines after the first release. Jobs that were under way by then get theirs as if they had fallen due long
 * ago: when a deadline is settled late the marketplace itself was away, and the rules give the worker a fresh chance.
 */
export const deadlines: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
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
  },
};
