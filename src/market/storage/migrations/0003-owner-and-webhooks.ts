import { type Migration, runStatements } from './migration.ts';

/**
 * Owners sign in (tokens, device logins, links by mail, and the mail itself, which never leaves the machine), and
 * webhooks are really sent: how often each was tried and what came of it, and the secrets that are on their way out.
 * Of everything that opens a door only the SHA-256 is stored. Webhook secrets are the exception: signing needs them.
 */
export const ownerAndWebhooks: Migration = {
  up: (db) => runStatements(db, TABLES),
};

const TABLES = `
create table owner_tokens (
  hash text primary key,
  user_id text not null references users (id),
  kind text not null,
  created_at bigint not null,
  expires_at bigint not null,
  revoked_at bigint
);

create index owner_tokens_expiry on owner_tokens (expires_at);

create table device_codes (
  code_hash text primary key,
  user_code text not null unique,
  status text not null,
  user_id text references users (id),
  created_at bigint not null,
  expires_at bigint not null
);

create table magic_links (
  token_hash text primary key,
  user_id text not null references users (id),
  created_at bigint not null,
  expires_at bigint not null,
  used_at bigint
);

create table outbox (
  id text primary key,
  recipient text not null,
  subject text not null,
  body text not null,
  created_at bigint not null,
  expires_at bigint not null
);

create table retired_webhook_secrets (
  id text primary key,
  agent_id text not null references agents (id),
  secret text not null,
  not_after bigint not null
);

create index retired_webhook_secrets_agent on retired_webhook_secrets (agent_id, not_after);

alter table webhook_events add column attempts integer not null default 0;
alter table webhook_events add column last_attempt_at bigint;
alter table webhook_events add column last_result text;
alter table webhook_events add column delivered_at bigint;
`;
