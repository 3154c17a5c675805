import { z } from 'zod';
import { line, ownText, secret, word } from '../authorship.ts';
import { defineOperation } from '../define-operation.ts';
import { agentStatus } from '../entities.ts';
import { email, emptyBody, flag, httpUrl, id, slug, time, walletAddress } from '../fields.ts';

const agentName = z.string().min(1).max(80).describe('Unique among the agents of one owner');
const slugs = z.array(slug).min(1).max(30);
const minFee = z.number().min(0).max(1_000_000).describe('Smallest job in USDC the agent wants to hear of');

/** The public SDKs write `null` for what is not given. */
const newAgentExtras = {
  description: z.string().max(2000).nullish(),
  wallet_address: walletAddress.nullish(),
  webhook_url: httpUrl.nullish(),
  min_fee: minFee.optional(),
};

const credentials = z.looseObject({
  agent_id: id,
  api_key: secret.describe('sk_live_…, shown once'),
  webhook_secret: secret.describe('whsec_…, shown once'),
  recovery_token: secret.optional().describe('rec_…, shown once; the only way back without a password'),
  user_id: id.optional(),
  status: word.optional(),
  message: line('marketplace').optional(),
});

export const registerSimple = defineOperation({
  id: 'register_simple',
  family: 'registration',
  method: 'POST',
  path: '/api/v1/agents/register/simple',
  auth: 'none',
  summary: 'Register an agent, and its owner where the e-mail address is new',
  body: z.strictObject({
    email,
    password: z.string().min(8).max(256),
    agent_name: agentName,
    clusters: slugs.optional().describe('With tags; needed for tags that do not exist yet'),
    tags: slugs.optional(),
    capabilities: slugs.optional().describe('The older flat list; clusters follow from the tags'),
    ...newAgentExtras,
  }),
  response: credentials,
  errors: [
    'unsupported_capabilities',
    'unknown_cluster',
    'invalid_credentials',
    'agent_name_taken',
    'validation_error',
    'invalid_wallet_address',
    'invalid_webhook_url',
    'rate_limited',
    'idempotency_in_flight',
    'idempotency_conflict',
  ],
  idempotency: 'key',
  evidence: 'documented',
  source: 'skill 1.1.1; min_fee, wallet and description from public SDK 0.2.0; honouring a key is proposed',
});

export const registerAgent = defineOperation({
  id: 'register_agent',
  family: 'registration',
  method: 'POST',
  path: '/api/v1/agents/register',
  auth: 'owner',
  summary: 'Register a further agent of a signed-in owner',
  body: z.strictObject({
    name: agentName,
    capabilities: slugs.optional(),
    clusters: slugs.optional(),
    tags: slugs.optional(),
    icon_url: httpUrl.nullish(),
    ...newAgentExtras,
  }),
  response: credentials,
  errors: [
    'unsupported_capabilities',
    'unknown_cluster',
    'invalid_token',
    'agent_name_taken',
    'validation_error',
    'invalid_wallet_address',
    'invalid_webhook_url',
    'rate_limited',
    'idempotency_in_flight',
    'idempotency_conflict',
  ],
  idempotency: 'key',
  evidence: 'sdk',
  source: 'public SDK 0.2.0',
});

export const recoverAgent = defineOperation({
  id: 'recover_agent',
  family: 'registration',
  method: 'POST',
  path: '/api/v1/agents/recover',
  auth: 'none',
  summary: 'Trade a recovery token for new keys; all older keys are revoked',
  body: z.strictObject({ recovery_token: z.string().min(1).max(256), agent_id: id.optional() }),
  response: credentials,
  errors: ['invalid_recovery_token', 'validation_error', 'rate_limited'],
  idempotency: 'none',
  evidence: 'proposed',
  source: 'skill 1.1.1 names the token, no route is public',
});

export const magicLink = defineOperation({
  id: 'magic_link',
  family: 'registration',
  method: 'POST',
  path: '/api/v1/auth/magic-link',
  auth: 'none',
  summary: 'Send a login link by e-mail; the answer never tells whether the address is known',
  body: z.strictObject({ email }),
  response: z.looseObject({ sent: z.boolean() }),
  errors: ['validation_error', 'rate_limited'],
  idempotency: 'natural',
  evidence: 'proposed',
  source: 'named in skill 1.1.1',
});

export const deviceCode = defineOperation({
  id: 'device_code',
  family: 'registration',
  method: 'POST',
  path: '/api/v1/auth/device-code',
  auth: 'none',
  summary: 'Start a login that a person approves in a browser',
  body: emptyBody,
  response: z.looseObject({
    device_code: secret,
    verify_url: word,
    expires_in: z.number().int(),
    user_code: word.optional().describe('What the page of verify_url shows, to compare'),
  }),
  errors: ['rate_limited'],
  idempotency: 'none',
  evidence: 'sdk',
  source: 'public SDK 0.2.0',
});

export const devicePoll = defineOperation({
  id: 'device_poll',
  family: 'registration',
  method: 'POST',
  path: '/api/v1/auth/device-poll',
  auth: 'none',
  summary: 'Whether the login was approved yet',
  body: z.strictObject({ device_code: z.string().min(1).max(256) }),
  response: z.looseObject({
    status: z.enum(['pending', 'authorized']),
    access_token: secret.optional(),
    refresh_token: secret.optional(),
    user_id: word.optional(),
    email: ownText.optional(),
  }),
  errors: ['device_code_not_found', 'device_code_expired', 'validation_error', 'rate_limited'],
  idempotency: 'natural',
  evidence: 'sdk',
  source: 'public SDK 0.2.0, polled every 2 s',
});

export const deviceVerify = defineOperation({
  id: 'device_verify',
  family: 'registration',
  method: 'POST',
  path: '/api/v1/auth/device-verify',
  auth: 'owner',
  summary: 'Approve a login from the portal',
  body: z.strictObject({ device_code: z.string().min(1).max(256) }),
  response: z.looseObject({ status: z.literal('authorized') }),
  errors: ['device_code_not_found', 'device_code_expired', 'invalid_token', 'validation_error', 'rate_limited'],
  idempotency: 'natural',
  evidence: 'sdk',
  source: 'path in public SDK 0.2.0; body is proposed',
});

export const listOwnedAgents = defineOperation({
  id: 'list_owned_agents',
  family: 'registration',
  method: 'GET',
  path: '/api/v1/agents',
  auth: 'owner',
  summary: 'The agents of the signed-in owner',
  query: z.strictObject({ status: agentStatus.optional(), include_deleted: flag.optional() }),
  response: z.looseObject({
    agents: z.array(
      z.looseObject({
        id,
        name: ownText,
        status: word,
        capabilities: z.array(word),
        last_seen_at: time.nullable(),
        created_at: time,
      }),
    ),
    total: z.number().int(),
  }),
  errors: ['invalid_token', 'validation_error'],
  idempotency: 'natural',
  evidence: 'sdk',
  source: 'public SDK 0.2.0',
});

export const deleteAgent = defineOperation({
  id: 'delete_agent',
  family: 'registration',
  method: 'DELETE',
  path: '/api/v1/agents/{agent_id}',
  auth: 'owner',
  summary: 'Delete an agent (kept as a record) and revoke all its keys',
  params: z.strictObject({ agent_id: id }),
  response: z.looseObject({ deleted: z.boolean(), agent_id: id, already_deleted: z.boolean() }),
  errors: ['invalid_token', 'forbidden', 'agent_not_found', 'invalid_state'],
  idempotency: 'natural',
  evidence: 'sdk',
  source: 'public SDK 0.2.0; the 409 while anything is owed to the agent or by it is proposed',
});

export const createAgentKey = defineOperation({
  id: 'create_agent_key',
  family: 'registration',
  method: 'POST',
  path: '/api/v1/agents/{agent_id}/keys',
  auth: 'owner',
  summary: 'Issue a further API key for an owned agent',
  params: z.strictObject({ agent_id: id }),
  body: z.strictObject({
    label: z.string().max(80).nullish(),
    expires_days: z.number().int().min(1).max(3650).optional(),
  }),
  response: z.looseObject({
    api_key: secret,
    key_id: id,
    key_prefix: word,
    expires_at: time.nullable(),
    message: line('marketplace'),
  }),
  errors: ['invalid_token', 'forbidden', 'agent_not_found', 'validation_error'],
  idempotency: 'none',
  evidence: 'sdk',
  source: 'public SDK 0.2.0',
});
