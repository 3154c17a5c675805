import type { Generated } from 'kysely';

/**
 * The tables, as TypeScript sees them. Times are milliseconds since 1970, money is micro-USDC, JSON is text. Engines
 * return 64-bit integers as number, bigint or string, so every read of money goes through `BigInt()`.
 */
export type Int64 = number | bigint | string;

export interface MetaTable {
  key: string;
  value: string;
}

export interface UserTable {
  id: string;
  email: string;
  password_hash: string;
  created_at: number;
}

export interface AgentTable {
  id: string;
  user_id: string;
  name: string;
  /** Lower-case name; unique per owner. */
  name_key: string;
  description: string | null;
  status: string;
  wallet_address: string | null;
  wallet_updated_at: number | null;
  icon_url: string | null;
  webhook_url: string | null;
  webhook_secret: string;
  sdk_version: string | null;
  min_fee_micro: Int64;
  rejection_reason: string | null;
  recovery_hash: string;
  /** Grows when capabilities change; test jobs of an older epoch no longer count. */
  sandbox_epoch: number;
  reputation_score: number;
  rating_sum: number;
  rating_count: number;
  jobs_completed: number;
  last_seen_at: number | null;
  created_at: number;
  updated_at: number | null;
}

export interface ClusterTable {
  slug: string;
  id: string;
  name: string;
  description: string;
  position: number;
}

export interface TagTable {
  slug: string;
  id: string;
  cluster: string;
  name: string;
  description: string;
  admin_verified_at: number | null;
  position: number;
}

export interface AgentClusterTable {
  agent_id: string;
  cluster: string;
}

export interface AgentTagTable {
  agent_id: string;
  tag: string;
}

export interface ApiKeyTable {
  id: string;
  agent_id: string;
  /** SHA-256 of the key; the key itself is never stored. */
  hash: string;
  prefix: string;
  label: string | null;
  created_at: number;
  /** After this the key is refused; set by rotation to 60 s from then. */
  expires_at: number | null;
  revoked_at: number | null;
  last_used_at: number | null;
}

export interface TestJobTable {
  id: string;
  agent_id: string;
  epoch: number;
  position: number;
  capability: string;
  origin: string;
  source_id: string;
  description: string;
  parameters: string;
  expected_schema: string;
  status: string;
  attempt: number;
  submissions: number;
  time_limit_seconds: number;
  deadline_at: number | null;
  created_at: number;
}

export interface ActivityTable {
  id: Generated<number>;
  agent_id: string;
  event_type: string;
  level: string;
  job_id: string | null;
  payload: string;
  created_at: number;
}

export interface WebhookEventTable {
  id: string;
  agent_id: string;
  event_type: string;
  payload: string;
  /** `pending` until it was delivered, or given up as `failed`. */
  status: string;
  created_at: number;
  /** Counted before each attempt, so that one cut short by a crash counts too. */
  attempts: Generated<number>;
  last_attempt_at: number | null;
  /** What came of the last attempt, in words. */
  last_result: string | null;
  delivered_at: number | null;
}

/** A webhook secret that was replaced and still signs, beside the present one, until `not_after`. */
export interface RetiredWebhookSecretTable {
  id: string;
  agent_id: string;
  secret: string;
  not_after: number;
}

export interface JobTable {
  /** Order of posting, for keyset pages. */
  seq: Generated<number>;
  id: string;
  requester_id: string;
  title: string | null;
  description: string;
  parameters: string;
  tags: string;
  expected_schema: string | null;
  budget_micro: Int64;
  status: string;
  selection: string;
  bid_window_seconds: number;
  bid_window_closes_at: number | null;
  winner_agent_id: string | null;
  winner_bid_id: string | null;
  retry_count: number;
  revision: number;
  result: string | null;
  result_hash: string | null;
  delivered_at: number | null;
  /** Virtual time. */
  auto_confirm_at: number | null;
  feedback: string | null;
  rating: number | null;
  error_code: string | null;
  error_message: string | null;
  progress_percent: number | null;
  accepted_at: number | null;
  created_at: number;
}

export interface JobTagTable {
  job_id: string;
  tag: string;
  /** That of the job. */
  seq: number;
  /** 1 while the job takes bids: the open jobs of a tag lie together in the index. */
  is_open: number;
}

export interface BidTable {
  seq: Generated<number>;
  id: string;
  job_id: string;
  agent_id: string;
  amount_micro: Int64;
  estimated_seconds: number;
  status: string;
  created_at: number;
}

export interface EscrowTable {
  id: string;
  job_id: string;
  requester_id: string;
  worker_id: string;
  amount_micro: Int64;
  fee_micro: Int64;
  status: string;
  result_hash: string | null;
  created_at: number;
  settled_at: number | null;
}

export interface AccountTable {
  id: string;
  balance_micro: Int64;
}

export interface LedgerEntryTable {
  id: Generated<number>;
  transfer_id: string;
  account: string;
  amount_micro: Int64;
  kind: string;
  job_id: string | null;
  created_at: number;
}

export interface PayoutTable {
  seq: Generated<number>;
  id: string;
  agent_id: string;
  type: string;
  amount_micro: Int64;
  gross_micro: Int64 | null;
  fee_micro: Int64 | null;
  job_id: string | null;
  address: string | null;
  tx_signature: string | null;
  status: string;
  created_at: number;
}

export interface IdempotencyTable {
  scope: string;
  route: string;
  /** SHA-256 of the Idempotency-Key. */
  key_hash: string;
  fingerprint: string;
  status: number;
  /** The answer, encrypted with a key made from the Idempotency-Key, which only the caller knows. */
  body: string;
  created_at: number;
  expires_at: number;
}

export interface LoginLinkTable {
  token_hash: string;
  user_id: string;
  agent_id: string;
  created_at: number;
  expires_at: number;
  used_at: number | null;
}

/** What an owner holds after signing in; only its SHA-256 is stored. */
export interface OwnerTokenTable {
  hash: string;
  user_id: string;
  /** `access` opens the API, `refresh` only makes a new pair. */
  kind: string;
  created_at: number;
  expires_at: number;
  revoked_at: number | null;
}

/** A login that waits for a person in a browser. The device holds the code, the person sees `user_code`. */
export interface DeviceCodeTable {
  code_hash: string;
  user_code: string;
  /** `pending`, `authorized` or `denied`. */
  status: string;
  user_id: string | null;
  created_at: number;
  expires_at: number;
}

export interface MagicLinkTable {
  token_hash: string;
  user_id: string;
  created_at: number;
  expires_at: number;
  used_at: number | null;
}

/** Mail of the local marketplace: kept for its operator to read instead of being sent. */
export interface OutboxTable {
  id: string;
  recipient: string;
  subject: string;
  body: string;
  created_at: number;
  /** When what it holds no longer works and it is thrown away. */
  expires_at: number;
}

export interface DueDateTable {
  id: string;
  kind: string;
  subject: string;
  clock: string;
  due_at: number;
}

export interface Schema {
  meta: MetaTable;
  users: UserTable;
  agents: AgentTable;
  clusters: ClusterTable;
  tags: TagTable;
  agent_clusters: AgentClusterTable;
  agent_tags: AgentTagTable;
  api_keys: ApiKeyTable;
  test_jobs: TestJobTable;
  activity: ActivityTable;
  webhook_events: WebhookEventTable;
  jobs: JobTable;
  job_tags: JobTagTable;
  bids: BidTable;
  escrows: EscrowTable;
  accounts: AccountTable;
  ledger_entries: LedgerEntryTable;
  payouts: PayoutTable;
  idempotency: IdempotencyTable;
  login_links: LoginLinkTable;
  owner_tokens: OwnerTokenTable;
  device_codes: DeviceCodeTable;
  magic_links: MagicLinkTable;
  outbox: OutboxTable;
  retired_webhook_secrets: RetiredWebhookSecretTable;
  due_dates: DueDateTable;
}
