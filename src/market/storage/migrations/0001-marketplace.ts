import { type Kysely, type Migration, sql } from 'kysely';
import { selfNumbering } from './self-numbering.ts';

/**
 * The first schema. Rules that must hold whatever the code does are constraints: one pending bid per (job, agent), one
 * open escrow and one released escrow per job, no negative balance outside the external world's account.
 */
export const marketplace: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    const text = 'text' as const;
    const int = 'integer' as const;
    const big = 'bigint' as const;
    const numbering = selfNumbering(db);

    await db.schema
      .createTable('meta')
      .addColumn('key', text, (c) => c.primaryKey())
      .addColumn('value', text, (c) => c.notNull())
      .execute();

    await db.schema
      .createTable('users')
      .addColumn('id', text, (c) => c.primaryKey())
      .addColumn('email', text, (c) => c.notNull().unique())
      .addColumn('password_hash', text, (c) => c.notNull())
      .addColumn('created_at', big, (c) => c.notNull())
      .execute();

    await db.schema
      .createTable('agents')
      .addColumn('id', text, (c) => c.primaryKey())
      .addColumn('user_id', text, (c) => c.notNull().references('users.id'))
      .addColumn('name', text, (c) => c.notNull())
      .addColumn('name_key', text, (c) => c.notNull())
      .addColumn('description', text)
      .addColumn('status', text, (c) => c.notNull())
      .addColumn('wallet_address', text)
      .addColumn('wallet_updated_at', big)
      .addColumn('icon_url', text)
      .addColumn('webhook_url', text)
      .addColumn('webhook_secret', text, (c) => c.notNull())
      .addColumn('sdk_version', text)
      .addColumn('min_fee_micro', big, (c) => c.notNull())
      .addColumn('rejection_reason', text)
      .addColumn('recovery_hash', text, (c) => c.notNull())
      .addColumn('sandbox_epoch', int, (c) => c.notNull().defaultTo(1))
      .addColumn('reputation_score', int, (c) => c.notNull().defaultTo(50))
      .addColumn('rating_sum', int, (c) => c.notNull().defaultTo(0))
      .addColumn('rating_count', int, (c) => c.notNull().defaultTo(0))
      .addColumn('jobs_completed', int, (c) => c.notNull().defaultTo(0))
      .addColumn('last_seen_at', big)
      .addColumn('created_at', big, (c) => c.notNull())
      .addColumn('updated_at', big)
      .execute();
    await unique(db, 'agents_name', 'agents', ['user_id', 'name_key'], "status <> 'deleted'");
    await index(db, 'agents_recovery', 'agents', ['recovery_hash']);

    await db.schema
      .createTable('clusters')
      .addColumn('slug', text, (c) => c.primaryKey())
      .addColumn('id', text, (c) => c.notNull())
      .addColumn('name', text, (c) => c.notNull())
      .addColumn('description', text, (c) => c.notNull())
      .addColumn('position', int, (c) => c.notNull())
      .execute();

    await db.schema
      .createTable('tags')
      .addColumn('slug', text, (c) => c.primaryKey())
      .addColumn('id', text, (c) => c.notNull())
      .addColumn('cluster', text, (c) => c.notNull().references('clusters.slug'))
      .addColumn('name', text, (c) => c.notNull())
      .addColumn('description', text, (c) => c.notNull())
      .addColumn('admin_verified_at', big)
      .addColumn('position', int, (c) => c.notNull())
      .execute();

    await db.schema
      .createTable('agent_clusters')
      .addColumn('agent_id', text, (c) => c.notNull().references('agents.id'))
      .addColumn('cluster', text, (c) => c.notNull().references('clusters.slug'))
      .addPrimaryKeyConstraint('agent_clusters_pk', ['agent_id', 'cluster'])
      .execute();

    await db.schema
      .createTable('agent_tags')
      .addColumn('agent_id', text, (c) => c.notNull().references('agents.id'))
      .addColumn('tag', text, (c) => c.notNull().references('tags.slug'))
      .addPrimaryKeyConstraint('agent_tags_pk', ['agent_id', 'tag'])
      .execute();
    await index(db, 'agent_tags_tag', 'agent_tags', ['tag']);

    await db.schema
      .createTable('api_keys')
      .addColumn('id', text, (c) => c.primaryKey())
      .addColumn('agent_id', text, (c) => c.notNull().references('agents.id'))
      .addColumn('hash', text, (c) => c.notNull().unique())
      .addColumn('prefix', text, (c) => c.notNull())
      .addColumn('label', text)
      .addColumn('created_at', big, (c) => c.notNull())
      .addColumn('expires_at', big)
      .addColumn('revoked_at', big)
      .addColumn('last_used_at', big)
      .execute();
    await index(db, 'api_keys_agent', 'api_keys', ['agent_id']);

    await db.schema
      .createTable('test_jobs')
      .addColumn('id', text, (c) => c.primaryKey())
      .addColumn('agent_id', text, (c) => c.notNull().references('agents.id'))
      .addColumn('epoch', int, (c) => c.notNull())
      .addColumn('position', int, (c) => c.notNull())
      .addColumn('capability', text, (c) => c.notNull())
      .addColumn('origin', text, (c) => c.notNull())
      .addColumn('source_id', text, (c) => c.notNull())
      .addColumn('description', text, (c) => c.notNull())
      .addColumn('parameters', text, (c) => c.notNull())
      .addColumn('expected_schema', text, (c) => c.notNull())
      .addColumn('status', text, (c) => c.notNull())
      .addColumn('attempt', int, (c) => c.notNull().defaultTo(1))
      .addColumn('submissions', int, (c) => c.notNull().defaultTo(0))
      .addColumn('time_limit_seconds', int, (c) => c.notNull())
      .addColumn('deadline_at', big)
      .addColumn('created_at', big, (c) => c.notNull())
      .execute();
    await index(db, 'test_jobs_agent', 'test_jobs', ['agent_id', 'epoch', 'position']);

    await db.schema
      .createTable('activity')
      .addColumn('id', numbering.type, numbering.column)
      .addColumn('agent_id', text, (c) => c.notNull())
      .addColumn('event_type', text, (c) => c.notNull())
      .addColumn('level', text, (c) => c.notNull())
      .addColumn('job_id', text)
      .addColumn('payload', text, (c) => c.notNull())
      .addColumn('created_at', big, (c) => c.notNull())
      .execute();
    await index(db, 'activity_agent', 'activity', ['agent_id', 'id']);

    await db.schema
      .createTable('webhook_events')
      .addColumn('id', text, (c) => c.primaryKey())
      .addColumn('agent_id', text, (c) => c.notNull())
      .addColumn('event_type', text, (c) => c.notNull())
      .addColumn('payload', text, (c) => c.notNull())
      .addColumn('status', text, (c) => c.notNull())
      .addColumn('created_at', big, (c) => c.notNull())
      .execute();
    await index(db, 'webhook_events_agent', 'webhook_events', ['agent_id', 'created_at']);

    await db.schema
      .createTable('jobs')
      .addColumn('seq', numbering.type, numbering.column)
      .addColumn('id', text, (c) => c.notNull().unique())
      .addColumn('requester_id', text, (c) => c.notNull().references('agents.id'))
      .addColumn('title', text)
      .addColumn('description', text, (c) => c.notNull())
      .addColumn('parameters', text, (c) => c.notNull())
      .addColumn('tags', text, (c) => c.notNull())
      .addColumn('expected_schema', text)
      .addColumn('budget_micro', big, (c) => c.notNull())
      .addColumn('status', text, (c) => c.notNull())
      .addColumn('selection', text, (c) => c.notNull())
      .addColumn('bid_window_seconds', int, (c) => c.notNull())
      .addColumn('bid_window_closes_at', big)
      .addColumn('winner_agent_id', text)
      .addColumn('winner_bid_id', text)
      .addColumn('retry_count', int, (c) => c.notNull().defaultTo(0))
      .addColumn('revision', int, (c) => c.notNull().defaultTo(0))
      .addColumn('result', text)
      .addColumn('result_hash', text)
      .addColumn('delivered_at', big)
      .addColumn('auto_confirm_at', big)
      .addColumn('feedback', text)
      .addColumn('rating', int)
      .addColumn('error_code', text)
      .addColumn('error_message', text)
      .addColumn('progress_percent', int)
      .addColumn('accepted_at', big)
      .addColumn('created_at', big, (c) => c.notNull())
      .execute();
    await index(db, 'jobs_requester', 'jobs', ['requester_id', 'seq']);
    await index(db, 'jobs_winner', 'jobs', ['winner_agent_id', 'status']);
    await index(db, 'jobs_status', 'jobs', ['status', 'seq']);

    await db.schema
      .createTable('job_tags')
      .addColumn('job_id', text, (c) => c.notNull().references('jobs.id'))
      .addColumn('tag', text, (c) => c.notNull())
      .addPrimaryKeyConstraint('job_tags_pk', ['job_id', 'tag'])
      .execute();
    await index(db, 'job_tags_tag', 'job_tags', ['tag', 'job_id']);

    await db.schema
      .createTable('bids')
      .addColumn('seq', numbering.type, numbering.column)
      .addColumn('id', text, (c) => c.notNull().unique())
      .addColumn('job_id', text, (c) => c.notNull().references('jobs.id'))
      .addColumn('agent_id', text, (c) => c.notNull().references('agents.id'))
      .addColumn('amount_micro', big, (c) => c.notNull())
      .addColumn('estimated_seconds', int, (c) => c.notNull())
      .addColumn('status', text, (c) => c.notNull())
      .addColumn('created_at', big, (c) => c.notNull())
      .execute();
    await unique(db, 'bids_one_pending', 'bids', ['job_id', 'agent_id'], "status = 'pending'");
    await index(db, 'bids_agent', 'bids', ['agent_id', 'seq']);

    await db.schema
      .createTable('escrows')
      .addColumn('id', text, (c) => c.primaryKey())
      .addColumn('job_id', text, (c) => c.notNull().references('jobs.id'))
      .addColumn('requester_id', text, (c) => c.notNull())
      .addColumn('worker_id', text, (c) => c.notNull())
      .addColumn('amount_micro', big, (c) => c.notNull())
      .addColumn('fee_micro', big, (c) => c.notNull())
      .addColumn('status', text, (c) => c.notNull())
      .addColumn('result_hash', text)
      .addColumn('created_at', big, (c) => c.notNull())
      .addColumn('settled_at', big)
      .execute();
    await unique(db, 'escrows_one_open', 'escrows', ['job_id'], "status in ('funded', 'delivered', 'disputed')");
    await unique(db, 'escrows_one_release', 'escrows', ['job_id'], "status = 'released'");
    await index(db, 'escrows_worker', 'escrows', ['worker_id', 'status']);

    await db.schema
      .createTable('accounts')
      .addColumn('id', text, (c) => c.primaryKey())
      .addColumn('balance_micro', big, (c) => c.notNull())
      .addCheckConstraint('accounts_not_negative', sql`balance_micro >= 0 or id = 'external'`)
      .execute();

    await db.schema
      .createTable('ledger_entries')
      .addColumn('id', numbering.type, numbering.column)
      .addColumn('transfer_id', text, (c) => c.notNull())
      .addColumn('account', text, (c) => c.notNull().references('accounts.id'))
      .addColumn('amount_micro', big, (c) => c.notNull())
      .addColumn('kind', text, (c) => c.notNull())
      .addColumn('job_id', text)
      .addColumn('created_at', big, (c) => c.notNull())
      .execute();
    await index(db, 'ledger_account', 'ledger_entries', ['account', 'id']);

    await db.schema
      .createTable('payouts')
      .addColumn('seq', numbering.type, numbering.column)
      .addColumn('id', text, (c) => c.notNull().unique())
      .addColumn('agent_id', text, (c) => c.notNull().references('agents.id'))
      .addColumn('type', text, (c) => c.notNull())
      .addColumn('amount_micro', big, (c) => c.notNull())
      .addColumn('gross_micro', big)
      .addColumn('fee_micro', big)
      .addColumn('job_id', text)
      .addColumn('address', text)
      .addColumn('tx_signature', text)
      .addColumn('status', text, (c) => c.notNull())
      .addColumn('created_at', big, (c) => c.notNull())
      .execute();
    await index(db, 'payouts_agent', 'payouts', ['agent_id', 'seq']);
    await unique(db, 'payouts_one_earning', 'payouts', ['job_id'], "type = 'earning'");

    await db.schema
      .createTable('idempotency')
      .addColumn('scope', text, (c) => c.notNull())
      .addColumn('route', text, (c) => c.notNull())
      .addColumn('key_hash', text, (c) => c.notNull())
      .addColumn('fingerprint', text, (c) => c.notNull())
      .addColumn('status', int, (c) => c.notNull())
      .addColumn('body', text, (c) => c.notNull())
      .addColumn('created_at', big, (c) => c.notNull())
      .addColumn('expires_at', big, (c) => c.notNull())
      .addPrimaryKeyConstraint('idempotency_pk', ['scope', 'route', 'key_hash'])
      .execute();
    await index(db, 'idempotency_expiry', 'idempotency', ['expires_at']);

    await db.schema
      .createTable('login_links')
      .addColumn('token_hash', text, (c) => c.primaryKey())
      .addColumn('user_id', text, (c) => c.notNull())
      .addColumn('agent_id', text, (c) => c.notNull())
      .addColumn('created_at', big, (c) => c.notNull())
      .addColumn('expires_at', big, (c) => c.notNull())
      .addColumn('used_at', big)
      .execute();
    await index(db, 'login_links_agent', 'login_links', ['agent_id', 'created_at']);

    await db.schema
      .createTable('due_dates')
      .addColumn('id', text, (c) => c.primaryKey())
      .addColumn('kind', text, (c) => c.notNull())
      .addColumn('subject', text, (c) => c.notNull())
      .addColumn('clock', text, (c) => c.notNull())
      .addColumn('due_at', big, (c) => c.notNull())
      .execute();
    await unique(db, 'due_dates_one', 'due_dates', ['kind', 'subject']);
    await index(db, 'due_dates_next', 'due_dates', ['clock', 'due_at']);
  },
};

async function index(db: Kysely<unknown>, name: string, table: string, columns: string[]): Promise<void> {
  await db.schema.createIndex(name).on(table).columns(columns).execute();
}

async function unique(
  db: Kysely<unknown>,
  name: string,
  table: string,
  columns: string[],
  where?: string,
): Promise<void> {
  let builder = db.schema.createIndex(name).on(table).columns(columns).unique();
  if (where) builder = builder.where(sql`${sql.raw(where)}` as never) as typeof builder;
  await builder.execute();
}
