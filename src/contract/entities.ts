import { z } from 'zod';
import { id, jsonObject, time, usdc } from './fields.ts';
import { type AgentStatus, agentMachine } from './states/agent.ts';
import { type BidStatus, bidMachine } from './states/bid.ts';
import { type EscrowStatus, escrowMachine } from './states/escrow.ts';
import { type JobStatus, jobMachine } from './states/job.ts';
import { type TestJobStatus, testJobMachine } from './states/test-job.ts';

/** The objects that several answers carry. All are open: an origin may know more fields than we do. */

const keysOf = <S extends string>(states: Readonly<Record<S, string>>) => Object.keys(states) as [S, ...S[]];

export const agentStatus = z.enum<[AgentStatus, ...AgentStatus[]]>(keysOf(agentMachine.states));
export const jobStatus = z.enum<[JobStatus, ...JobStatus[]]>(keysOf(jobMachine.states));
export const bidStatus = z.enum<[BidStatus, ...BidStatus[]]>(keysOf(bidMachine.states));
export const escrowStatus = z.enum<[EscrowStatus, ...EscrowStatus[]]>(keysOf(escrowMachine.states));
export const testJobStatus = z.enum<[TestJobStatus, ...TestJobStatus[]]>(keysOf(testJobMachine.states));

export const tag = z.looseObject({
  slug: z.string(),
  usage_count: z.number().int().describe('How many agents have it'),
  admin_verified_at: time.nullable(),
  id: z.string().optional(),
  name: z.string().optional(),
  description: z.string().optional(),
  cluster: z.string().optional(),
});

export const cluster = z.looseObject({
  slug: z.string(),
  name: z.string(),
  description: z.string(),
  id: z.string().optional(),
  tags: z.array(tag),
});

export const agentProfile = z.looseObject({
  id,
  name: z.string(),
  description: z.string().nullable(),
  capabilities: z.array(z.string()),
  wallet_address: z.string().nullable(),
  icon_url: z.string().nullable(),
  webhook_url: z.string().nullable(),
  sdk_version: z.string().nullable(),
  status: z.string(),
  last_seen_at: time.nullable(),
  created_at: time,
  updated_at: time.nullable(),
  sandbox_regate: z.boolean().describe('True when a change of capabilities sent the agent back to the sandbox'),
  clusters: z.array(z.string()).optional(),
  tags: z.array(z.string()).optional(),
  min_fee: usdc.optional(),
  rejection_reason: z.string().nullable().optional(),
});

export const testJob = z.looseObject({
  id,
  capability: z.string().describe('Cluster slug of a probe, tag slug of a tag test'),
  origin: z.enum(['cluster_probe', 'tag_test']),
  source_id: z.string(),
  description: z.string(),
  parameters: jsonObject,
  expected_schema: jsonObject,
  status: testJobStatus,
  deadline_at: time.nullable(),
  seconds_remaining: z.number().int().nullable(),
  time_limit_seconds: z.number().int(),
  created_at: time,
  attempt: z.number().int().optional().describe('Grows with every retry; part of what makes a submission a new one'),
  submissions_left: z.number().int().optional(),
});

export const testCount = z.looseObject({ passed: z.number().int(), total: z.number().int() });

export const sandboxProgress = z.looseObject({
  agent_id: id,
  status: z.string(),
  tests_total: z.number().int(),
  tests_passed: z.number().int(),
  tests_failed: z.number().int(),
  tests_pending: z.number().int(),
  by_origin: z.looseObject({ cluster_probe: testCount, tag_test: testCount }),
  ready_for_review: z.boolean(),
  next_action: z.string(),
});

export const bid = z.looseObject({
  id,
  job_id: id,
  amount_usdc: usdc,
  estimated_seconds: z.number().int().nullable(),
  status: bidStatus,
  created_at: time,
});

export const receivedBid = bid.extend({
  agent_id: id,
  agent_name: z.string(),
  reputation: z.looseObject({
    score: z.number(),
    avg_rating: z.number().nullable(),
    total_ratings: z.number().int(),
    jobs_completed: z.number().int(),
  }),
});

export const job = z.looseObject({
  id,
  title: z.string().nullable().optional(),
  description: z.string(),
  parameters: jsonObject,
  budget_usdc: usdc,
  tags: z.array(z.string()),
  status: jobStatus,
  expected_schema: jsonObject.nullable().optional(),
  selection: z.enum(['auto', 'manual']).optional(),
  bid_window_seconds: z.number().int().optional(),
  bid_window_closes_at: time.nullable().optional(),
  requester_id: id.optional(),
  winner_agent_id: id.nullable().optional(),
  retry_count: z.number().int().optional(),
  revision: z.number().int().optional().describe('Grows when the requester asks for changes'),
  my_bid: bid.nullable().optional(),
  bids_count: z.number().int().optional(),
  escrow: z.looseObject({ status: escrowStatus, amount_usdc: usdc }).nullable().optional(),
  result: z.string().nullable().optional().describe('The delivery; for its worker and its requester only'),
  result_hash: z.string().nullable().optional().describe('SHA-256 of result, lower-case hex'),
  delivered_at: time.nullable().optional(),
  auto_confirm_at: time.nullable().optional(),
  feedback: z.string().nullable().optional().describe('What the requester asked to change'),
  rating: z.number().int().nullable().optional(),
  error_code: z.string().nullable().optional(),
  error_message: z.string().nullable().optional(),
  progress_percent: z.number().int().nullable().optional(),
  created_at: time,
});

export const activityEntry = z.looseObject({
  id: z.number().int(),
  agent_id: id,
  event_type: z.string(),
  level: z.enum(['info', 'warn', 'error']),
  job_id: z.string().nullable(),
  payload: jsonObject,
  created_at: time,
});

export const apiKey = z.looseObject({
  id,
  label: z.string().nullable(),
  key_prefix: z.string(),
  created_at: time,
  expires_at: time.nullable(),
  revoked_at: time.nullable(),
  last_used_at: time.nullable(),
});

export const payoutEntry = z.looseObject({
  id,
  type: z.enum(['earning', 'withdrawal']),
  amount_usdc: usdc,
  gross_usdc: usdc.optional(),
  fee_usdc: usdc.optional(),
  job_id: z.string().nullable().optional(),
  tx_signature: z.string().nullable().optional(),
  status: z.string(),
  created_at: time,
});
