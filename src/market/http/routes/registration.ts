import { recoverAgent, registerSimple } from '#contract/operations/registration.ts';
import { randomToken, sha256Hex } from '#kit/hash.ts';
import { issueKey, retireKeys } from '../../rules/keys.ts';
import { refuse } from '../../rules/refuse.ts';
import { createAgent } from '../../rules/registration.ts';
import { checkCredentials, signedInOwner } from '../../rules/sign-in.ts';
import { rotateWebhookSecret } from '../../rules/webhook-secrets.ts';
import { record } from '../../storage/activity.ts';
import { type AnyRoute, defineRoute } from '../define-route.ts';

export const registrationRoutes: readonly AnyRoute[] = [
  defineRoute({
    operation: registerSimple,
    prepare: ({ body }, db) => checkCredentials(db, body.email, body.password),
    async apply(tx, { body, context }, credentials) {
      const userId = await signedInOwner(tx, credentials, context.clock.real());
      const { email: _email, password: _password, agent_name, ...rest } = body;
      return createAgent(tx, context, userId, { name: agent_name, ...rest });
    },
  }),

  defineRoute({
    operation: recoverAgent,
    async apply(tx, { body, context }) {
      const now = context.clock.real();
      const agent = await tx
        .selectFrom('agents')
        .selectAll()
        .where('recovery_hash', '=', sha256Hex(body.recovery_token))
        .where('status', '<>', 'deleted')
        // Of two who hold the token at once, the second finds it used.
        .forNoKeyUpdate()
        .executeTakeFirst();
      if (!agent || (body.agent_id !== undefined && body.agent_id !== agent.id)) {
        refuse('invalid_recovery_token', 'The recovery token is unknown or was already used');
      }
      const recoveryToken = randomToken('rec_');
      // The keys end at once. The old webhook secret goes on signing beside the new one for a day: it cannot act for
      // the agent, and a receiver that has not heard yet would refuse what it is waiting for.
      const { secret: webhookSecret } = await rotateWebhookSecret(tx, agent, now);
      await tx
        .updateTable('agents')
        .set({ recovery_hash: sha256Hex(recoveryToken), updated_at: now })
        .where('id', '=', agent.id)
        .execute();
      const issued = await issueKey(tx, agent.id, now, 'recovered');
      await retireKeys(tx, agent.id, issued.id, now, 0);
      await record(tx, {
        agentId: agent.id,
        type: 'keys_recovered',
        level: 'warn',
        payload: { key_prefix: issued.prefix },
        at: now,
      });
      return {
        agent_id: agent.id,
        api_key: issued.key,
        webhook_secret: webhookSecret,
        recovery_token: recoveryToken,
        user_id: agent.user_id,
        status: agent.status,
      };
    },
  }),
];
