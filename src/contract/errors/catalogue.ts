/**
 * Every machine code an error answer can carry. The live catalogue is not public: `documented` and `sdk` codes were
 * seen in skill 1.1.1 or in public SDK 0.2.0, `proposed` ones are the local marketplace's. A client passes codes it
 * does not know through untouched, so the live catalogue may differ without breaking anything.
 */
interface ErrorEntry {
  readonly status: number;
  readonly meaning: string;
  readonly evidence: 'documented' | 'sdk' | 'proposed';
}

export const errorCatalogue = {
  missing_api_key: { status: 401, meaning: 'No X-API-Key header, or an empty one', evidence: 'sdk' },
  invalid_api_key: { status: 401, meaning: 'The API key is not one of this marketplace', evidence: 'sdk' },
  api_key_revoked: {
    status: 401,
    meaning: 'The API key was revoked, has expired, or was rotated more than 60 s ago',
    evidence: 'sdk',
  },
  invalid_token: { status: 401, meaning: 'The Bearer token is missing, unknown or expired', evidence: 'proposed' },
  invalid_credentials: {
    status: 401,
    meaning: 'The e-mail address is registered with another password',
    evidence: 'proposed',
  },
  invalid_recovery_token: {
    status: 401,
    meaning: 'The recovery token is unknown or was already used',
    evidence: 'proposed',
  },
  insufficient_funds: { status: 402, meaning: 'The spending balance does not cover the budget', evidence: 'proposed' },
  forbidden: { status: 403, meaning: 'The caller may not act on this object', evidence: 'proposed' },
  agent_not_active: { status: 403, meaning: 'Only an active agent may do this', evidence: 'proposed' },
  not_winner: { status: 403, meaning: 'Only the agent that won the job may do this', evidence: 'proposed' },
  not_job_owner: { status: 403, meaning: 'Only the requester who posted the job may do this', evidence: 'proposed' },
  not_found: { status: 404, meaning: 'No such path or object', evidence: 'proposed' },
  agent_not_found: { status: 404, meaning: 'No such agent', evidence: 'proposed' },
  job_not_found: { status: 404, meaning: 'No such job, or one the caller may not see', evidence: 'proposed' },
  bid_not_found: { status: 404, meaning: 'No such bid, or one the caller may not see', evidence: 'proposed' },
  test_job_not_found: { status: 404, meaning: 'No such test job of this agent', evidence: 'proposed' },
  key_not_found: { status: 404, meaning: 'No such API key of this agent', evidence: 'proposed' },
  device_code_not_found: { status: 404, meaning: 'The device code is unknown', evidence: 'sdk' },
  device_code_expired: { status: 410, meaning: 'The device code has expired; start a new login', evidence: 'sdk' },
  method_not_allowed: { status: 405, meaning: 'The path exists, but not with this method', evidence: 'proposed' },
  unsupported_capabilities: { status: 400, meaning: 'A capability is not in the taxonomy', evidence: 'sdk' },
  unknown_cluster: { status: 400, meaning: 'A cluster is not in the taxonomy', evidence: 'proposed' },
  unknown_tag: { status: 400, meaning: 'A tag is not in the taxonomy', evidence: 'proposed' },
  bad_request: { status: 400, meaning: 'The request could not be read', evidence: 'proposed' },
  agent_name_taken: { status: 409, meaning: 'The owner already has an agent of this name', evidence: 'proposed' },
  invalid_state: {
    status: 409,
    meaning: 'The object is in a state that does not allow this; `status` and `allowed` say more',
    evidence: 'proposed',
  },
  tests_incomplete: {
    status: 409,
    meaning: 'Review can be requested once every sandbox test has passed',
    evidence: 'proposed',
  },
  test_job_locked: {
    status: 409,
    meaning: 'The test job has passed already, or its submissions are used up until it is retried',
    evidence: 'proposed',
  },
  test_job_already_passed: {
    status: 409,
    meaning: 'The test job has passed; there is nothing to retry',
    evidence: 'proposed',
  },
  deadline_exceeded: {
    status: 409,
    meaning: 'The time limit of the test job is over; retry it for a fresh clock',
    evidence: 'proposed',
  },
  bid_window_closed: { status: 409, meaning: 'The job takes no more bids', evidence: 'proposed' },
  bid_exceeds_budget: { status: 409, meaning: 'The bid is above the budget of the job', evidence: 'proposed' },
  bid_cannot_increase: { status: 409, meaning: 'A standing bid may be lowered, never raised', evidence: 'proposed' },
  bid_not_cancellable: { status: 409, meaning: 'Only a pending bid can be cancelled', evidence: 'proposed' },
  capability_mismatch: {
    status: 409,
    meaning: 'None of the tags of the job is among the capabilities of the agent',
    evidence: 'proposed',
  },
  own_job: { status: 409, meaning: 'An agent cannot bid on a job it posted', evidence: 'proposed' },
  not_accepted: {
    status: 409,
    meaning: 'The assignment must be accepted before anything is delivered',
    evidence: 'proposed',
  },
  already_delivered: {
    status: 409,
    meaning: 'A result was delivered already; it is replaced only after changes are requested',
    evidence: 'proposed',
  },
  not_cancellable: {
    status: 409,
    meaning: 'Work on the job has started, so it cannot be cancelled',
    evidence: 'proposed',
  },
  delivery_changed: {
    status: 409,
    meaning: 'The delivery is not the one that was reviewed: its hash differs',
    evidence: 'proposed',
  },
  no_payout_wallet: { status: 409, meaning: 'Set a payout wallet before withdrawing', evidence: 'proposed' },
  insufficient_balance: {
    status: 409,
    meaning: 'The available earnings do not cover the withdrawal',
    evidence: 'proposed',
  },
  cannot_revoke_current_key: {
    status: 409,
    meaning: 'The key that authenticates this call cannot revoke itself',
    evidence: 'proposed',
  },
  idempotency_in_flight: {
    status: 409,
    meaning: 'The first call with this Idempotency-Key is still running',
    evidence: 'proposed',
  },
  idempotency_conflict: {
    status: 422,
    meaning: 'This Idempotency-Key was used with another request',
    evidence: 'proposed',
  },
  schema_violation: { status: 422, meaning: 'The result does not satisfy expected_schema', evidence: 'documented' },
  content_check_failed: {
    status: 422,
    meaning: 'The result has the right shape but is not a right answer',
    evidence: 'proposed',
  },
  invalid_json: { status: 422, meaning: 'The result is not JSON text', evidence: 'proposed' },
  validation_error: {
    status: 422,
    meaning: 'A field of the request is missing, unknown or of the wrong type',
    evidence: 'proposed',
  },
  invalid_wallet_address: {
    status: 422,
    meaning: 'Not a Solana address that can receive a payout',
    evidence: 'proposed',
  },
  invalid_webhook_url: { status: 422, meaning: 'Not a URL that webhooks may be sent to', evidence: 'proposed' },
  payload_too_large: { status: 413, meaning: 'The request body is over the size limit', evidence: 'proposed' },
  rate_limited: { status: 429, meaning: 'Too many requests; wait for Retry-After seconds', evidence: 'sdk' },
  internal_error: { status: 500, meaning: 'The marketplace failed; the effect is unknown', evidence: 'sdk' },
  service_unavailable: { status: 503, meaning: 'The marketplace is not available just now', evidence: 'proposed' },
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof errorCatalogue;

/** Whether a code from the wire is one of the catalogue. */
export function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(errorCatalogue, code);
}

/** Why an agent gave a job back (`error_code` of a failed delivery). Other strings are accepted but mean nothing. Public SDK 0.2.0. */
export const failureCodes = [
  'timeout',
  'resource_unavailable',
  'authentication_failed',
  'invalid_input',
  'internal_error',
  'rate_limited',
] as const;
