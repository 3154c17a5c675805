import {
  createAgentKey,
  deleteAgent,
  deviceCode,
  devicePoll,
  deviceVerify,
  listOwnedAgents,
  magicLink,
  registerAgent,
} from '#contract/operations/registration.ts';
import { DEVICE_CODE_MS, decideDeviceLogin, pollDeviceLogin, startDeviceLogin } from '../../rules/device-login.ts';
import { sendMagicLink } from '../../rules/login-links.ts';
import { createOwnedKey, ownedAgents, deleteAgent as removeAgent } from '../../rules/owned-agents.ts';
import { createAgent } from '../../rules/registration.ts';
import { type AnyRoute, defineRoute } from '../define-route.ts';

/** How a person signs in, and what a signed-in owner can do. */
export const ownerRoutes: readonly AnyRoute[] = [
  defineRoute({
    operation: magicLink,
    async apply(tx, { body, context, origin }) {
      const linkTo = (token: string) => `${origin}/login?token=${token}`;
      const written = await sendMagicLink(tx, body.email, linkTo, context.clock.real());
      // The link itself stays out of the log, which outlives it and has other readers.
      if (written) context.log.info('mail_written', { to: body.email, outbox: `${origin}/_local/outbox` });
      return { sent: true };
    },
  }),

  defineRoute({
    operation: deviceCode,
    async apply(tx, { context, origin }) {
      const login = await startDeviceLogin(tx, context.clock.real());
      return {
        device_code: login.device_code,
        user_code: login.user_code,
        verify_url: `${origin}/verify?code=${login.user_code}`,
        expires_in: DEVICE_CODE_MS / 1000,
      };
    },
  }),

  defineRoute({
    operation: devicePoll,
    apply: (tx, { body, context }) => pollDeviceLogin(tx, body.device_code, context.clock.real()),
  }),

  defineRoute({
    operation: deviceVerify,
    async apply(tx, { body, owner, context }) {
      await decideDeviceLogin(tx, body.device_code, { approvedBy: owner.id }, context.clock.real());
      return { status: 'authorized' as const };
    },
  }),

  defineRoute({
    operation: registerAgent,
    async apply(tx, { body, owner, context }) {
      const created = await createAgent(tx, context, owner.id, body);
      return { ...created, message: 'Keep the key, the webhook secret and the recovery token: they are shown once' };
    },
  }),

  defineRoute({ operation: listOwnedAgents, apply: (tx, { owner, query }) => ownedAgents(tx, owner, query) }),

  defineRoute({
    operation: deleteAgent,
    apply: (tx, { owner, params, context }) => removeAgent(tx, context, owner, params.agent_id),
  }),

  defineRoute({
    operation: createAgentKey,
    apply: (tx, { owner, params, body, context }) =>
      createOwnedKey(tx, owner, params.agent_id, body, context.clock.real()),
  }),
];
