import type { AnyRoute } from './define-route.ts';
import { agentRoutes } from './routes/agent.ts';
import { discoveryRoutes } from './routes/discovery.ts';
import { docsRoutes, type SkillPages } from './routes/docs.ts';
import { faultRoutes } from './routes/faults.ts';
import { localRoutes } from './routes/local.ts';
import { loginRoutes } from './routes/login.ts';
import { outboxRoutes } from './routes/outbox.ts';
import { ownerRoutes } from './routes/owner.ts';
import { payoutRoutes } from './routes/payouts.ts';
import { registrationRoutes } from './routes/registration.ts';
import { requesterRoutes } from './routes/requester.ts';
import { sandboxRoutes } from './routes/sandbox.ts';
import { verifyRoutes } from './routes/verify.ts';
import { webhookSecretRoutes } from './routes/webhook-secret.ts';
import { workerRoutes } from './routes/worker.ts';

/** Everything the marketplace serves: the contract, its documentation, and what only a local marketplace has. */
export function allRoutes(skillPages: SkillPages | undefined): readonly AnyRoute[] {
  const api: readonly AnyRoute[] = [
    ...discoveryRoutes,
    ...registrationRoutes,
    ...ownerRoutes,
    ...agentRoutes,
    ...sandboxRoutes,
    ...workerRoutes,
    ...requesterRoutes,
    ...payoutRoutes,
  ];
  const docs = docsRoutes(
    api.map((route) => route.operation),
    skillPages,
  );
  return [
    ...api,
    ...docs,
    ...localRoutes,
    ...faultRoutes,
    ...webhookSecretRoutes,
    ...outboxRoutes,
    ...loginRoutes,
    ...verifyRoutes,
  ];
}
