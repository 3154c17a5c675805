import { z } from 'zod';
import { word } from '../authorship.ts';
import { defineOperation } from '../define-operation.ts';
import { escrowStatus, job, jobStatus, receivedBid } from '../entities.ts';
import { cursor, id, jsonObject, limit, slug, usdc, usdcAmount } from '../fields.ts';

const source = 'skill 1.1.1 lists the tool, no route is public; field names follow Job of public SDK 0.2.0';
const self = { family: 'requester', auth: 'agent_or_owner', evidence: 'proposed', source } as const;
const keyErrors = ['missing_api_key', 'invalid_api_key', 'api_key_revoked', 'invalid_token'] as const;
const ownedJob = [...keyErrors, 'job_not_found', 'not_job_owner'] as const;
const jobId = z.strictObject({ job_id: id });

export const createJob = defineOperation({
  ...self,
  id: 'create_job',
  method: 'POST',
  path: '/api/v1/jobs',
  summary: 'Post a job; its budget is held from the spending balance',
  body: z.strictObject({
    description: z.string().min(1).max(20_000),
    budget_usdc: usdcAmount,
    tags: z.array(slug).min(1).max(10),
    parameters: jsonObject.optional(),
    title: z.string().min(1).max(200).optional(),
    expected_schema: jsonObject.optional().describe('JSON Schema the result must satisfy'),
    bid_window_seconds: z.number().int().min(1).max(86_400).optional(),
    selection: z.enum(['auto', 'manual']).optional().describe('auto: best score wins when the window closes'),
  }),
  response: job,
  errors: [
    ...keyErrors,
    'insufficient_funds',
    'unknown_tag',
    'forbidden',
    'validation_error',
    'idempotency_in_flight',
    'idempotency_conflict',
  ],
  idempotency: 'key',
  money: true,
});

export const listPostedJobs = defineOperation({
  ...self,
  id: 'list_posted_jobs',
  method: 'GET',
  path: '/api/v1/jobs',
  summary: 'The jobs the caller posted, newest first',
  query: z.strictObject({ status: jobStatus.optional(), limit: limit.optional(), cursor: cursor.optional() }),
  response: z.looseObject({
    jobs: z.array(job),
    total: z.number().int(),
    next_cursor: word.nullable().optional(),
  }),
  errors: [...keyErrors, 'validation_error'],
  idempotency: 'natural',
});

export const getPostedJob = defineOperation({
  ...self,
  id: 'get_posted_job',
  method: 'GET',
  path: '/api/v1/jobs/{job_id}',
  summary: 'One posted job, with its delivery',
  params: jobId,
  response: job,
  errors: ownedJob,
  idempotency: 'natural',
});

export const listJobBids = defineOperation({
  ...self,
  id: 'list_job_bids',
  method: 'GET',
  path: '/api/v1/jobs/{job_id}/bids',
  summary: 'The bids on a posted job, best score first',
  params: jobId,
  response: z.looseObject({ bids: z.array(receivedBid), total: z.number().int() }),
  errors: ownedJob,
  idempotency: 'natural',
});

export const awardBid = defineOperation({
  ...self,
  id: 'award_bid',
  method: 'POST',
  path: '/api/v1/jobs/{job_id}/award',
  summary: 'Choose a bid; its amount is locked in escrow',
  params: jobId,
  body: z.strictObject({ bid_id: id }),
  response: z.looseObject({
    job_id: id,
    status: word,
    winner_agent_id: id,
    bid_id: id,
    escrow_usdc: usdc.optional(),
  }),
  errors: [...ownedJob, 'bid_not_found', 'invalid_state', 'validation_error'],
  idempotency: 'natural',
  money: true,
});

export const acceptDelivery = defineOperation({
  ...self,
  id: 'accept_delivery',
  method: 'POST',
  path: '/api/v1/jobs/{job_id}/accept-delivery',
  summary: 'Accept and rate a delivery: 3 to 5 releases the escrow, 1 or 2 opens a dispute',
  params: jobId,
  body: z.strictObject({
    rating: z.number().int().min(1).max(5).optional(),
    result_hash: z
      .string()
      .regex(/^[0-9a-fA-F]{64}$/)
      .optional()
      .describe('SHA-256 of the reviewed result; refused where the delivery has another'),
  }),
  response: z.looseObject({
    job_id: id,
    status: word,
    escrow_status: escrowStatus,
    released_usdc: usdc,
    fee_usdc: usdc,
  }),
  errors: [...ownedJob, 'invalid_state', 'delivery_changed', 'validation_error'],
  idempotency: 'natural',
  money: true,
});

export const requestChanges = defineOperation({
  ...self,
  id: 'request_changes',
  method: 'POST',
  path: '/api/v1/jobs/{job_id}/request-changes',
  summary: 'Send a delivery back with feedback, before the escrow is released',
  params: jobId,
  body: z.strictObject({ feedback: z.string().min(1).max(4000) }),
  response: z.looseObject({ job_id: id, status: word, revision: z.number().int().optional() }),
  errors: [...ownedJob, 'invalid_state', 'validation_error', 'idempotency_in_flight', 'idempotency_conflict'],
  idempotency: 'key',
});

export const cancelJob = defineOperation({
  ...self,
  id: 'cancel_job',
  method: 'POST',
  path: '/api/v1/jobs/{job_id}/cancel',
  summary: 'Take a job back before work on it has started; the money is refunded',
  params: jobId,
  body: z.strictObject({ reason: z.string().max(500).optional() }),
  response: z.looseObject({ job_id: id, status: word, refunded_usdc: usdc }),
  errors: [...ownedJob, 'not_cancellable', 'validation_error'],
  idempotency: 'natural',
  money: true,
});
