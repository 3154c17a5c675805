import type { Schema } from './schema.ts';

/**
 * Every table with its key, those that others refer to before them: the order in which rows can be put back. Kept by hand
 * beside the schema; the type sees to it that none is forgotten.
 */
export const tableKeys = {
  meta: ['key'],
  users: ['id'],
  clusters: ['slug'],
  tags: ['slug'],
  agents: ['id'],
  agent_clusters: ['agent_id', 'cluster'],
  agent_tags: ['agent_id', 'tag'],
  api_keys: ['id'],
  test_jobs: ['id'],
  activity: ['id'],
  webhook_events: ['id'],
  jobs: ['seq'],
  job_tags: ['job_id', 'tag'],
  bids: ['seq'],
  escrows: ['id'],
  accounts: ['id'],
  ledger_entries: ['id'],
  payouts: ['seq'],
  idempotency: ['scope', 'route', 'key_hash'],
  login_links: ['token_hash'],
  owner_tokens: ['hash'],
  device_codes: ['code_hash'],
  magic_links: ['token_hash'],
  outbox: ['id'],
  retired_webhook_secrets: ['id'],
  due_dates: ['id'],
} as const satisfies { readonly [T in keyof Schema]: readonly [keyof Schema[T], ...(keyof Schema[T])[]] };

export type TableName = keyof Schema;

export const tableNames = Object.keys(tableKeys) as TableName[];

/** Tables whose key numbers itself, and which column that is. */
export const numberedTables = {
  activity: 'id',
  jobs: 'seq',
  bids: 'seq',
  ledger_entries: 'id',
  payouts: 'seq',
} as const satisfies { readonly [T in TableName]?: keyof Schema[T] };
