import { z } from 'zod';
import { exactObject, line, ownText, prose, proseObject, word } from './authorship.ts';
import { id, time, usdc } from './fields.ts';
import { type AgentStatus, agentMachine } from './states/agent.ts';
import { type BidStatus, bidMachine } from './states/bid.ts';
import { type EscrowStatus, escrowMachine } from './states/escrow.ts';
import { type JobStatus, jobMachine } from './states/job.ts';
import { type TestJobStatus, testJobMachine } from './states/test-job.ts';

/**
 * The objects that several answers carry. All are open: an origin may know more fields than we do. Every text says who
 * wrote it (`authorship.ts`); one that a model could read and nobody vouches for fails a test.
 */

const keysOf = <S extends string>(states: Readonly<Record<S, string>>) => Object.keys(states) as [S, ...S[]];

export const agentStatus = z.enum<[AgentStatus, ...AgentStatus[]]>(keysOf(agentMachine.states));
export const jobStatus = z.enum<[JobStatus, ...JobStatus[]]>(keysOf(jobMachine.states));
export const bidStatus = z.enum<[BidStatus, ...BidStatus[]]>(keysOf(bidMachine.states));
export const escrowStatus = z.enum<[EscrowStatus, ...EscrowStatus[]]>(keysOf(escrowMachine.states));
export const testJobStatus = z.enum<[TestJobStatus, ...TestJobStatus[]]>(keysOf(testJobMachine.states));

export const tag = z.looseObject({
  slug: line('agent').describe('May be invented by an agent'),
  usage_count: z.number().int().describe('How many agents have it'),
  admin_verified_at: time.nullable(),
  id: word.optional(),
  name: line('agent').optional(),
  description: prose('agent').optional(),
  cluster: word.optional(),
});

export const cluster = z.looseObject({
  slug: word,
  name: line('marketplace'),
  description: prose('marketplace'),
  id: word.optional(),
  tags: z.array(tag),
});

export const agentProfile = z.looseObject({
  id,
  name: ownText,
  description: ownText.nullable(),
  capabilities: z.array(word),
  wallet_address: word.nullable(),
  icon_url: word.nullable(),
  webhook_url: word.nullable(),
  sdk_version: word.nullable(),
  status: word,
  last_seen_at: time.nullable(),
  created_at: time,
  updated_at: time.nullable(),
  sandbox_regate: z.boolean().describe('True when a change of capabilities sent the agent back to the sandbox'),
  clusters: z.array(word).optional(),
  tags: z.array(word).optional(),
  min_fee: usdc.optional(),
  rejection_reason: prose('marketplace').nullable().optional(),
});

export const testJob = z.looseObject({
  id,
  capability: line('agent').describe('Cluster slug of a probe, tag slug of a tag test'),
  origin: z.enum(['cluster_probe', 'tag_test']),
  source_id: word,
  description: prose('marketplace'),
  parameters: exactObject('marketplace'),
  expected_schema: exactObject('marketplace'),
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
  status: word,
  tests_total: z.number().int(),
  tests_passed: z.number().int(),
  tests_failed: z.number().int(),
  tests_pending: z.number().int(),
  by_origin: z.looseObject({ cluster_probe: testCount, tag_test: testCount }),
  ready_for_review: z.boolean(),
  next_action: line('marketplace'),
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
  agent_name: line('agent'),
  reputation: z.looseObject({
    score: z.number(),
    avg_rating: z.number().nullable(),
    total_ratings: z.number().int(),
    jobs_completed: z.number().int(),
  }),
});

export const job = z.looseObject({
  id,
  title: line('requester').nullable().optional(),
  description: prose('requester'),
  parameters: exactObject('requester'),
  budget_usdc: usdc,
  tags: z.array(line('requester')),
  status: jobStatus,
  expected_schema: exactObject('requester').nullable().optional(),
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
  result: prose('worker').nullable().optional().describe('The delivery; for its worker and its requester only'),
  partial_result: prose('worker').nullable().optional().describe('What a worker had when it gave up'),
  result_hash: word.nullable().optional().describe('SHA-256 of result, lower-case hex'),
  delivered_at: time.nullable().optional(),
  auto_confirm_at: time.nullable().optional(),
  feedback: prose('requester').nullable().optional().describe('What the requester asked to change'),
  rating: z.number().int().nullable().optional(),
  error_code: line('counterparty').nullable().optional(),
  error_message: prose('counterparty').nullable().optional(),
  progress_percent: z.number().int().nullable().optional(),
  created_at: time,
});

export const activityEntry = z.looseObject({
  id: z.number().int(),
  agent_id: id,
  event_type: word,
  level: z.enum(['info', 'warn', 'error']),
  job_id: word.nullable(),
  payload: proseObject('counterparty'),
  created_at: time,
});

export const apiKey = z.looseObject({
  id,
  label: ownText.nullable(),
  key_prefix: word,
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
  job_id: word.nullable().optional(),
  tx_signature: word.nullable().optional(),
  status: word,
  created_at: time,
});
