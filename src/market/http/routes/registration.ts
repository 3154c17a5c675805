import { recoverAgent, registerSimple } from '#contract/operations/registration.ts';
import { randomToken, sha256Hex } from '#kit/hash.ts';
import { issueKey, retireKeys } from '../../rules/keys.ts';
import { hashPassword, verifyPassword } from '../../rules/passwords.ts';
import { refuse } from '../../rules/refuse.ts';
import { createAgent, ensureUser } from '../../rules/registration.ts';
import { record } from '../../storage/activity.ts';
import { type AnyRoute, defineRoute } from '../define-route.ts';

export const registrationRoutes: readonly AnyRoute[] = [
  defineRoute({
    operation: registerSimple,
    async prepare({ body }, db) {
      const email = body.email.trim().toLowerCase();
      const user = await db.selectFrom('users').select('password_hash').where('email', '=', email).executeTakeFirst();
      // The hash is made in both cases: the time of the answer must not tell which addresses are registered.
      const hashed = await hashPassword(body.password);
      if (user && !(await verifyPassword(body.password, user.password_hash))) {
        refuse('invalid_credentials', 'This e-mail address is registered with another password');
      }
      return { email, hashed };
    },
    async apply(tx, { body, context }, { email, hashed }) {
      const userId = await ensureUser(tx, email, hashed, context.clock.real());
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
        .executeTakeFirst();
      if (!agent || (body.agent_id !== undefined && body.agent_id !== agent.id)) {
        refuse('invalid_recovery_token', 'The recovery token is unknown or was already used');
      }
      const recoveryToken = randomToken('rec_');
      const webhookSecret = randomToken('whsec_');
      await tx
        .updateTable('agents')
        .set({ recovery_hash: sha256Hex(recoveryToken), webhook_secret: webhookSecret, updated_at: now })
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
