import { type Migration, runStatements } from './migration.ts';
import { selfNumbering } from './self-numbering.ts';

/**
 * The first schema. Rules that must hold whatever the code does are constraints: one pending bid per (job, agent), one
 * open escrow and one released escrow per job, no negative balance outside the external world's account.
 */
export const marketplace: Migration = {
  up: (db) => runStatements(db, tables(selfNumbering(db))),
};

const tables = (numbered: string): string => `
create table meta (
  key text primary key,
  value text not null
);

create table users (
  id text primary key,
  email text not null unique,
  password_hash text not null,
  created_at bigint not null
);

create table agents (
  id text primary key,
  user_id text not null references users (id),
  name text not null,
  name_key text not null,
  description text,
  status text not null,
  wallet_address text,
  wallet_updated_at bigint,
  icon_url text,
  webhook_url text,
  webhook_secret text not null,
  sdk_version text,
  min_fee_micro bigint not null,
  rejection_reason text,
  recovery_hash text not null,
  sandbox_epoch integer not null default 1,
  reputation_score integer not null default 50,
  rating_sum integer not null default 0,
  rating_count integer not null default 0,
  jobs_completed integer not null default 0,
  last_seen_at bigint,
  created_at bigint not null,
  updated_at bigint
);

create unique index agents_name on agents (user_id, name_key) where status <> 'deleted';

create index agents_recovery on agents (recovery_hash);

create table clusters (
  slug text primary key,
  id text not null,
  name text not null,
  description text not null,
  position integer not null
);

create table tags (
  slug text primary key,
  id text not null,
  cluster text not null references clusters (slug),
  name text not null,
  description text not null,
  admin_verified_at bigint,
  position integer not null
);

create table agent_clusters (
  agent_id text not null references agents (id),
  cluster text not null references clusters (slug),
  constraint agent_clusters_pk primary key (agent_id, cluster)
);

create table agent_tags (
  agent_id text not null references agents (id),
  tag text not null references tags (slug),
  constraint agent_tags_pk primary key (agent_id, tag)
);

create index agent_tags_tag on agent_tags (tag);

create table api_keys (
  id text primary key,
  agent_id text not null references agents (id),
  hash text not null unique,
  prefix text not null,
  label text,
  created_at bigint not null,
  expires_at bigint,
  revoked_at bigint,
  last_used_at bigint
);

create index api_keys_agent on api_keys (agent_id);

create table test_jobs (
  id text primary key,
  agent_id text not null references agents (id),
  epoch integer not null,
  position integer not null,
  capability text not null,
  origin text not null,
  source_id text not null,
  description text not null,
  parameters text not null,
  expected_schema text not null,
  status text not null,
  attempt integer not null default 1,
  submissions integer not null default 0,
  time_limit_seconds integer not null,
  deadline_at bigint,
  created_at bigint not null
);

create index test_jobs_agent on test_jobs (agent_id, epoch, position);

create table activity (
  id ${numbered},
  agent_id text not null,
  event_type text not null,
  level text not null,
  job_id text,
  payload text not null,
  created_at bigint not null
);

create index activity_agent on activity (agent_id, id);

create table webhook_events (
  id text primary key,
  agent_id text not null,
  event_type text not null,
  payload text not null,
  status text not null,
  created_at bigint not null
);

create index webhook_events_agent on webhook_events (agent_id, created_at);

create table jobs (
  seq ${numbered},
  id text not null unique,
  requester_id text not null references agents (id),
  title text,
  description text not null,
  parameters text not null,
  tags text not null,
  expected_schema text,
  budget_micro bigint not null,
  status text not null,
  selection text not null,
  bid_window_seconds integer not null,
  bid_window_closes_at bigint,
  winner_agent_id text,
  winner_bid_id text,
  retry_count integer not null default 0,
  revision integer not null default 0,
  result text,
  result_hash text,
  delivered_at bigint,
  auto_confirm_at bigint,
  feedback text,
  rating integer,
  error_code text,
  error_message text,
  progress_percent integer,
  accepted_at bigint,
  created_at bigint not null
);

create index jobs_requester on jobs (requester_id, seq);

create index jobs_winner on jobs (winner_agent_id, status);

create index jobs_status on jobs (status, seq);

create table job_tags (
  job_id text not null references jobs (id),
  tag text not null,
  constraint job_tags_pk primary key (job_id, tag)
);

create index job_tags_tag on job_tags (tag, job_id);

create table bids (
  seq ${numbered},
  id text not null unique,
  job_id text not null references jobs (id),
  agent_id text not null references agents (id),
  amount_micro bigint not null,
  estimated_seconds integer not null,
  status text not null,
  created_at bigint not null
);

create unique index bids_one_pending on bids (job_id, agent_id) where status = 'pending';

create index bids_agent on bids (agent_id, seq);

create table escrows (
  id text primary key,
  job_id text not null references jobs (id),
  requester_id text not null,
  worker_id text not null,
  amount_micro bigint not null,
  fee_micro bigint not null,
  status text not null,
  result_hash text,
  created_at bigint not null,
  settled_at bigint
);

create unique index escrows_one_open on escrows (job_id) where status in ('funded', 'delivered', 'disputed');

create unique index escrows_one_release on escrows (job_id) where status = 'released';

create index escrows_worker on escrows (worker_id, status);

create table accounts (
  id text primary key,
  balance_micro bigint not null,
  constraint accounts_not_negative check (balance_micro >= 0 or id = 'external')
);

create table ledger_entries (
  id ${numbered},
  transfer_id text not null,
  account text not null references accounts (id),
  amount_micro bigint not null,
  kind text not null,
  job_id text,
  created_at bigint not null
);

create index ledger_account on ledger_entries (account, id);

create table payouts (
  seq ${numbered},
  id text not null unique,
  agent_id text not null references agents (id),
  type text not null,
  amount_micro bigint not null,
  gross_micro bigint,
  fee_micro bigint,
  job_id text,
  address text,
  tx_signature text,
  status text not null,
  created_at bigint not null
);

create index payouts_agent on payouts (agent_id, seq);

create unique index payouts_one_earning on payouts (job_id) where type = 'earning';

create table idempotency (
  scope text not null,
  route text not null,
  key_hash text not null,
  fingerprint text not null,
  status integer not null,
  body text not null,
  created_at bigint not null,
  expires_at bigint not null,
  constraint idempotency_pk primary key (scope, route, key_hash)
);

create index idempotency_expiry on idempotency (expires_at);

create table login_links (
  token_hash text primary key,
  user_id text not null,
  agent_id text not null,
  created_at bigint not null,
  expires_at bigint not null,
  used_at bigint
);

create index login_links_agent on login_links (agent_id, created_at);

create table due_dates (
  id text primary key,
  kind text not null,
  subject text not null,
  clock text not null,
  due_at bigint not null
);

create unique index due_dates_one on due_dates (kind, subject);

create index due_dates_next on due_dates (clock, due_at);
`;
