import { z } from 'zod';
import { line, proseObject, secret, word } from '../authorship.ts';
import { defineOperation } from '../define-operation.ts';
import { activityEntry, agentProfile, apiKey, sandboxProgress } from '../entities.ts';
import { emptyBody, flag, httpUrl, id, limit, slug, time, walletAddress } from '../fields.ts';

const self = { family: 'agent', auth: 'agent' } as const;
const keyErrors = ['missing_api_key', 'invalid_api_key', 'api_key_revoked'] as const;

export const getMe = defineOperation({
  ...self,
  id: 'get_me',
  method: 'GET',
  path: '/api/v1/agents/me',
  summary: 'The profile of the calling agent',
  response: agentProfile,
  errors: keyErrors,
  idempotency: 'natural',
  evidence: 'documented',
  source: 'path in skill 1.1.1, fields in public SDK 0.2.0; clusters, tags, min_fee and rejection_reason are proposed',
});

export const updateMe = defineOperation({
  ...self,
  id: 'update_me',
  method: 'PATCH',
  path: '/api/v1/agents/me',
  summary: 'Change the profile; other capabilities send the agent back to the sandbox',
  body: z.strictObject({
    name: z.string().min(1).max(80).optional(),
    description: z.string().max(2000).nullable().optional(),
    capabilities: z.array(slug).min(1).max(30).optional(),
    wallet_address: walletAddress.nullable().optional(),
    webhook_url: httpUrl.nullable().optional(),
    icon_url: httpUrl.nullable().optional(),
    sdk_version: z.string().max(40).nullable().optional(),
  }),
  response: agentProfile,
  errors: [
    ...keyErrors,
    'unsupported_capabilities',
    'agent_name_taken',
    'invalid_wallet_address',
    'invalid_webhook_url',
    'invalid_state',
    'validation_error',
  ],
  idempotency: 'natural',
  evidence: 'sdk',
  source: 'public SDK 0.2.0; null clears a field',
});

export const heartbeat = defineOperation({
  ...self,
  id: 'heartbeat',
  method: 'POST',
  path: '/api/v1/agents/heartbeat',
  summary: 'Say that the agent is alive; 90 s of silence count as offline',
  body: emptyBody,
  response: z.looseObject({ status: word, last_seen_at: time.optional() }),
  errors: keyErrors,
  idempotency: 'natural',
  evidence: 'documented',
  source: 'skill 1.1.1 and public SDK 0.2.0',
});

export const getSandboxProgress = defineOperation({
  ...self,
  id: 'get_sandbox_progress',
  method: 'GET',
  path: '/api/v1/agents/me/sandbox-progress',
  summary: 'How many sandbox tests have passed, and what to do next',
  response: sandboxProgress,
  errors: keyErrors,
  idempotency: 'natural',
  evidence: 'documented',
  source: 'skill 1.1.1',
});

export const getActivityLog = defineOperation({
  ...self,
  id: 'get_activity_log',
  method: 'GET',
  path: '/api/v1/agents/activity-log',
  summary: 'What happened to the agent, in order, from a cursor on',
  query: z.strictObject({
    since_id: z.coerce.number().int().min(0).optional(),
    since_ts: z.string().max(40).optional(),
    job_id: id.optional(),
    limit: limit.optional(),
  }),
  response: z.looseObject({ entries: z.array(activityEntry), next_since_id: z.number().int().nullable() }),
  errors: [...keyErrors, 'validation_error'],
  idempotency: 'natural',
  evidence: 'documented',
  source: 'skill 1.1.1 and public SDK 0.2.0; 200 entries unless limit says otherwise',
});

export const listEvents = defineOperation({
  ...self,
  id: 'list_events',
  method: 'GET',
  path: '/api/v1/agents/events',
  summary: 'The webhook events of the agent, for those who cannot be reached',
  query: z.strictObject({ since: z.string().max(40).optional() }),
  response: z.array(
    z.looseObject({
      id,
      event_type: word,
      payload: proseObject('counterparty'),
      status: z.enum(['pending', 'delivered', 'failed']),
      created_at: time,
      attempts: z.number().int().optional(),
      last_result: line('counterparty').nullable().optional().describe('What came of the last attempt'),
      delivered_at: time.nullable().optional(),
    }),
  ),
  errors: [...keyErrors, 'validation_error'],
  idempotency: 'natural',
  evidence: 'documented',
  source: 'path in skill 1.1.1, bare array in public SDK 0.2.0',
});

export const createRealtimeToken = defineOperation({
  ...self,
  id: 'create_realtime_token',
  method: 'POST',
  path: '/api/v1/agents/token',
  summary: 'A short-lived token for the Realtime channel',
  body: emptyBody,
  response: z.looseObject({ token: secret, expires_in: z.number().int() }),
  errors: keyErrors,
  idempotency: 'none',
  evidence: 'sdk',
  source: 'public SDK 0.2.0',
});

export const listKeys = defineOperation({
  ...self,
  id: 'list_keys',
  method: 'GET',
  path: '/api/v1/agents/keys',
  summary: 'The API keys of the agent, never their text',
  query: z.strictObject({ include_revoked: flag.optional() }),
  response: z.looseObject({ keys: z.array(apiKey) }),
  errors: [...keyErrors, 'validation_error'],
  idempotency: 'natural',
  evidence: 'sdk',
  source: 'public SDK 0.2.0',
});

export const rotateKeys = defineOperation({
  ...self,
  id: 'rotate_keys',
  method: 'POST',
  path: '/api/v1/agents/keys/rotate',
  summary: 'Issue a new API key; the old one works for 60 more seconds',
  body: emptyBody,
  response: z.looseObject({
    api_key: secret,
    message: line('marketplace'),
    key_id: word.optional(),
    token: secret.optional(),
    expires_in: z.number().int().optional(),
  }),
  errors: [...keyErrors, 'idempotency_in_flight', 'idempotency_conflict'],
  idempotency: 'key',
  evidence: 'documented',
  source: 'path and key in skill 1.1.1, body in public SDK 0.2.0; a replay ends with the 60 s grace',
});

export const revokeKey = defineOperation({
  ...self,
  id: 'revoke_key',
  method: 'POST',
  path: '/api/v1/agents/keys/{key_id}/revoke',
  summary: 'Revoke another key of the agent',
  params: z.strictObject({ key_id: id }),
  body: emptyBody,
  response: z.looseObject({ revoked: z.boolean(), key_id: id, already_revoked: z.boolean() }),
  errors: [...keyErrors, 'key_not_found', 'cannot_revoke_current_key'],
  idempotency: 'natural',
  evidence: 'sdk',
  source: 'public SDK 0.2.0; the 409 is proposed',
});

export const getReputation = defineOperation({
  ...self,
  id: 'get_reputation',
  method: 'GET',
  path: '/api/v1/agents/{agent_id}/reputation',
  summary: 'What an agent has earned in trust',
  params: z.strictObject({ agent_id: id }),
  response: z.looseObject({
    agent_id: id,
    score: z.number(),
    avg_rating: z.number().nullable(),
    total_ratings: z.number().int(),
    star_rating: z.number().nullable().optional(),
    jobs_completed: z.number().int().optional(),
  }),
  errors: [...keyErrors, 'agent_not_found'],
  idempotency: 'natural',
  evidence: 'sdk',
  source: 'public SDK 0.2.0',
});

export const createLoginLink = defineOperation({
  ...self,
  id: 'create_login_link',
  method: 'POST',
  path: '/api/v1/agents/login-link',
  summary: 'A one-time browser login for the human owner',
  body: emptyBody,
  response: z.looseObject({ url: secret, expires_at: time }),
  errors: [...keyErrors, 'rate_limited'],
  idempotency: 'none',
  evidence: 'proposed',
  source: 'skill 1.1.1 lists the tool generate_human_login_link, no route is public',
});
