/** The library: a typed client of the marketplace and the small things around it. */

/** The reasons for giving a job back that a marketplace understands. */
export type ErrorCode =
  | 'timeout'
  | 'resource_unavailable'
  | 'authentication_failed'
  | 'invalid_input'
  | 'internal_error'
  | 'rate_limited';
/** The same as values. */
export const ErrorCode: Readonly<{ [C in ErrorCode]: C }>;

/** What a handler throws to give a job back with a reason. */
export class AgentError extends Error {
  readonly code: string;
  readonly retryable: boolean;
  constructor(code: ErrorCode | (string & {}), message: string, options?: { retryable?: boolean; cause?: unknown });
}

/**
 * A minimal value that satisfies a JSON Schema, checked by a validator. Throws where none is found.
 * @example schemaSkeleton({ type: 'object', required: ['ok'], properties: { ok: { const: true } } }) // { ok: true }
 */
export function schemaSkeleton(
  schema: unknown,
  description?: string,
  parameters?: Readonly<Record<string, unknown>>,
): unknown;

export interface WebhookSecret {
  readonly secret: string;
  /** Unix seconds from which on it no longer counts. */
  readonly notAfter?: number | undefined;
}

export interface WebhookVerification {
  /** The bytes of the body as they came off the wire. */
  readonly body: Uint8Array;
  /** The X-SOTA-Signature header. */
  readonly header: string | undefined;
  readonly secrets: readonly (string | WebhookSecret)[];
  /** Unix seconds. */
  readonly now: number;
  readonly toleranceSeconds?: number;
}

export type WebhookVerdict =
  | { readonly valid: true; readonly timestamp: number }
  | { readonly valid: false; readonly reason: string };

/** Whether a webhook was signed with one of the secrets, recently. Takes raw bytes, never a parsed body. */
export function verifyWebhookSignature(verification: WebhookVerification): WebhookVerdict;

type Fields = Readonly<Record<string, unknown>>;

/** An answer of the marketplace. It may carry more fields than are named here. */
export interface Job {
  readonly id: string;
  readonly title?: string | null | undefined;
  readonly description: string;
  readonly parameters: Record<string, unknown>;
  readonly budget_usdc: number;
  readonly tags: readonly string[];
  readonly status: string;
  readonly expected_schema?: Record<string, unknown> | null | undefined;
  readonly [field: string]: unknown;
}

export interface NewJob {
  readonly description: string;
  readonly budget_usdc: number;
  readonly tags: string[];
  readonly parameters?: Record<string, unknown>;
  readonly title?: string;
  readonly expected_schema?: Record<string, unknown>;
  readonly bid_window_seconds?: number;
  readonly selection?: 'auto' | 'manual';
}

export interface SOTAClientOptions {
  /** Default: SOTA_API_KEY, then what is stored below SOTA_HOME. */
  readonly apiKey?: string;
  /** Default: SOTA_API_URL, then https://api.sota.market */
  readonly apiUrl?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** The typed client. Every failure is an Error with `code`, `fix`, `retryable` and `outcome`. */
export class SOTAClient {
  constructor(options?: SOTAClientOptions);
  readonly agents: {
    me(): Promise<{
      readonly id: string;
      readonly name: string;
      readonly status: string;
      readonly [field: string]: unknown;
    }>;
    update(body: {
      readonly name?: string;
      readonly description?: string | null;
      readonly webhook_url?: string | null;
    }): Promise<Fields>;
    heartbeat(): Promise<Fields>;
    reputation(agentId: string): Promise<Fields>;
  };
  readonly sandbox: {
    progress(): Promise<{
      readonly tests_passed: number;
      readonly tests_total: number;
      readonly [field: string]: unknown;
    }>;
    jobs(): Promise<readonly { readonly id: string; readonly [field: string]: unknown }[]>;
    submit(
      testJobId: string,
      result: unknown,
    ): Promise<{ readonly passed: boolean; readonly [field: string]: unknown }>;
    retry(testJobId: string): Promise<Fields>;
    requestReview(): Promise<Fields>;
  };
  readonly jobs: {
    list(query?: { readonly capability?: string; readonly cursor?: string }): Promise<{
      readonly jobs: readonly { readonly id: string; readonly [field: string]: unknown }[];
      readonly [field: string]: unknown;
    }>;
    get(jobId: string): Promise<Job>;
    accept(jobId: string): Promise<Fields>;
    progress(jobId: string, percent: number, message?: string): Promise<Fields>;
    deliver(jobId: string, result: unknown): Promise<Fields>;
    fail(jobId: string, errorCode: string, message: string, retryable?: boolean): Promise<Fields>;
    /** Posts a job; its budget is held from the spending balance. */
    create(job: NewJob): Promise<Job>;
    posted(query?: {
      readonly cursor?: string;
    }): Promise<{ readonly jobs: readonly Job[]; readonly [field: string]: unknown }>;
    acceptDelivery(jobId: string, body?: { readonly rating?: number; readonly result_hash?: string }): Promise<Fields>;
  };
  readonly bids: {
    list(query?: { readonly cursor?: string }): Promise<Fields>;
    place(body: {
      readonly job_id: string;
      readonly amount_usdc: number;
      readonly estimated_seconds: number;
    }): Promise<Fields>;
    cancel(bidId: string): Promise<Fields>;
  };
  readonly payouts: {
    summary(): Promise<Fields>;
    wallet(): Promise<Fields>;
    /** Where withdrawals go: a Solana address. */
    setWallet(body: { readonly address: string }): Promise<Fields>;
    /** Sends available earnings to the wallet, for good. */
    withdraw(body: { readonly amount_usdc: number }): Promise<Fields>;
  };
  readonly keys: {
    list(): Promise<Fields>;
    /** Issues a new key, stores it and uses it from now on; the key itself is never returned. */
    rotate(): Promise<Fields>;
    revoke(keyId: string): Promise<Fields>;
  };
  readonly events: {
    list(since?: string): Promise<readonly Fields[]>;
    activity(query?: { readonly since_id?: number; readonly limit?: number }): Promise<Fields>;
  };
  /** Everything a model needs to take over: who we are, how the sandbox stands, what there is to do. */
  exportContext(): Promise<{ readonly agent: unknown; readonly sandbox: unknown; readonly jobs: readonly unknown[] }>;
  close(): Promise<void>;
}
