import { z } from 'zod';
import { defineOperation } from '#contract/define-operation.ts';
import { isoTime } from '#kit/clock.ts';
import { rotateWebhookSecret, SECRET_OVERLAP_MS } from '../../rules/webhook-secrets.ts';
import { lockAgent } from '../../storage/agents.ts';
import { type AnyRoute, defineRoute } from '../define-route.ts';

/**
 * Rotating the webhook secret. The public API shows no way to it except recovery, which replaces everything at once; so
 * this stands under /_local. It is the agent's or its owner's to do, not the operator's: it takes their key or token.
 */
const rotate = defineOperation({
  id: 'local_rotate_webhook_secret',
  family: 'local',
  method: 'POST',
  path: '/_local/webhook-secret/rotate',
  auth: 'agent_or_owner',
  summary: 'A new webhook secret; until the overlap ends, messages are signed with the old one too',
  body: z.strictObject({
    overlap_seconds: z
      .number()
      .int()
      .min(0)
      .max(7 * 86_400)
      .optional(),
  }),
  response: z.looseObject({ agent_id: z.string(), webhook_secret: z.string(), previous_valid_until: z.string() }),
  errors: ['missing_api_key', 'invalid_api_key', 'api_key_revoked', 'invalid_token', 'validation_error'],
  idempotency: 'none',
  evidence: 'proposed',
  source: 'local marketplace only',
});

export const webhookSecretRoutes: readonly AnyRoute[] = [
  defineRoute({
    operation: rotate,
    async apply(tx, { agent, body, context }) {
      const overlapMs = body.overlap_seconds === undefined ? SECRET_OVERLAP_MS : body.overlap_seconds * 1000;
      const current = await lockAgent(tx, agent.id);
      const rotated = await rotateWebhookSecret(tx, current, context.clock.real(), overlapMs);
      return {
        agent_id: agent.id,
        webhook_secret: rotated.secret,
        previous_valid_until: isoTime(rotated.previousValidUntil),
      };
    },
  }),
];
