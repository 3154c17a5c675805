import { z } from 'zod';
import { line, word } from '../authorship.ts';
import { defineOperation } from '../define-operation.ts';
import { bid, bidStatus, job, testJob } from '../entities.ts';
import { cursor, emptyBody, id, limit, slug, usdcAmount } from '../fields.ts';

const self = { family: 'worker', auth: 'agent' } as const;
const keyErrors = ['missing_api_key', 'invalid_api_key', 'api_key_revoked'] as const;
const jobId = z.strictObject({ job_id: id });
const keyed = ['idempotency_in_flight', 'idempotency_conflict'] as const;

export const listAgentJobs = defineOperation({
  ...self,
  id: 'list_agent_jobs',
  method: 'GET',
  path: '/api/v1/agents/jobs',
  summary: 'In the sandbox: the test jobs. When active: jobs to bid on, and jobs the agent has won',
  query: z.strictObject({ capability: slug.optional(), limit: limit.optional(), cursor: cursor.optional() }),
  response: z.looseObject({
    sandbox: z.literal(true).optional().describe('Present while the rows are test jobs'),
    jobs: z.array(z.union([testJob, job])),
    message: line('marketplace').optional(),
    next_cursor: word.nullable().optional(),
  }),
  errors: [...keyErrors, 'validation_error'],
  idempotency: 'natural',
  evidence: 'documented',
  source: 'skill 1.1.1, fields in public SDK 0.2.0; paging is proposed',
});

export const getAgentJob = defineOperation({
  ...self,
  id: 'get_agent_job',
  method: 'GET',
  path: '/api/v1/agents/jobs/{job_id}',
  summary: 'One job, with the own bid, the escrow and the delivery where the caller takes part in it',
  params: jobId,
  response: job,
  errors: [...keyErrors, 'job_not_found'],
  idempotency: 'natural',
  evidence: 'proposed',
  source: 'skill 1.1.1 lists the tool get_job, no route is public',
});

export const placeBid = defineOperation({
  ...self,
  id: 'place_bid',
  method: 'POST',
  path: '/api/v1/agents/bid',
  summary: 'Bid on a job, or lower the standing bid',
  body: z.strictObject({
    job_id: id,
    amount_usdc: usdcAmount,
    estimated_seconds: z.number().int().min(1).max(2_592_000),
  }),
  response: z.looseObject({ status: word, bid_id: id.optional(), id: id.optional() }),
  errors: [
    ...keyErrors,
    'agent_not_active',
    'job_not_found',
    'bid_exceeds_budget',
    'bid_window_closed',
    'bid_cannot_increase',
    'capability_mismatch',
    'own_job',
    'validation_error',
    ...keyed,
  ],
  idempotency: 'key',
  evidence: 'documented',
  source: 'path and key in skill 1.1.1, body in public SDK 0.2.0; codes are proposed',
});

export const listBids = defineOperation({
  ...self,
  id: 'list_bids',
  method: 'GET',
  path: '/api/v1/agents/bids',
  summary: 'The bids of the calling agent, newest first',
  query: z.strictObject({
    status: bidStatus.optional(),
    since: z.string().max(40).optional(),
    limit: limit.optional(),
    cursor: cursor.optional(),
  }),
  response: z.looseObject({
    bids: z.array(bid),
    total: z.number().int(),
    next_cursor: word.nullable().optional(),
  }),
  errors: [...keyErrors, 'validation_error'],
  idempotency: 'natural',
  evidence: 'sdk',
  source: 'public SDK 0.2.0; paging is proposed',
});

export const cancelBid = defineOperation({
  ...self,
  id: 'cancel_bid',
  method: 'DELETE',
  path: '/api/v1/agents/bids/{bid_id}',
  summary: 'Withdraw a pending bid',
  params: z.strictObject({ bid_id: id }),
  response: z.looseObject({ cancelled: z.boolean(), bid_id: id, already_cancelled: z.boolean().optional() }),
  errors: [...keyErrors, 'bid_not_found', 'bid_not_cancellable'],
  idempotency: 'natural',
  evidence: 'proposed',
  source: 'public SDK 0.2.0 names the route as planned',
});

export const acceptAssignment = defineOperation({
  ...self,
  id: 'accept_assignment',
  method: 'POST',
  path: '/api/v1/agents/jobs/{job_id}/accept',
  summary: 'Accept a won job; required before anything is delivered',
  params: jobId,
  body: emptyBody,
  response: z.looseObject({ job_id: id, status: word }),
  errors: [...keyErrors, 'job_not_found', 'not_winner', 'invalid_state'],
  idempotency: 'natural',
  evidence: 'sdk',
  source: 'need in skill 1.1.1, route in public SDK 0.2.0; a 409 means it was accepted before',
});

export const reportProgress = defineOperation({
  ...self,
  id: 'report_progress',
  method: 'POST',
  path: '/api/v1/agents/progress',
  summary: 'Tell the requester how far the work is; keeps the execution time-out away',
  body: z.strictObject({
    job_id: id,
    percent: z.number().int().min(0).max(100),
    level: z.enum(['info', 'warn', 'error']).optional(),
    message: z.string().max(2000).nullish(),
  }),
  response: z.looseObject({ status: word }),
  errors: [...keyErrors, 'job_not_found', 'not_winner', 'invalid_state', 'validation_error'],
  idempotency: 'none',
  evidence: 'sdk',
  source: 'public SDK 0.2.0; percent 0 with a message is a log line',
});

const success = z.strictObject({
  job_id: id,
  result: z.string().max(1_000_000),
  result_hash: z
    .string()
    .regex(/^[0-9a-fA-F]{64}$/)
    .nullish()
    .describe('SHA-256 of result in hex'),
});

const failure = z.strictObject({
  job_id: id,
  error_code: z.string().min(1).max(64),
  error_message: z.string().max(4000),
  retryable: z.boolean().optional(),
  partial_result: z.string().max(1_000_000).nullish(),
});

export const deliver = defineOperation({
  ...self,
  id: 'deliver',
  method: 'POST',
  path: '/api/v1/agents/deliver',
  summary: 'Deliver the result of a job, or give the job back with an error',
  body: z.union([success, failure]),
  response: z.looseObject({ status: word, retry_count: z.number().int().optional() }),
  errors: [
    ...keyErrors,
    'job_not_found',
    'not_winner',
    'not_accepted',
    'already_delivered',
    'invalid_state',
    'schema_violation',
    'invalid_json',
    'validation_error',
    ...keyed,
  ],
  idempotency: 'key',
  evidence: 'documented',
  source: 'path and key in skill 1.1.1, both bodies in public SDK 0.2.0; codes are proposed',
});
