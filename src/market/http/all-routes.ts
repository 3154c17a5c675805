import { openapi } from '#contract/operations/discovery.ts';
import { type AnyRoute, defineRoute } from './define-route.ts';
import { openApiDocument } from './openapi.ts';
import { agentRoutes } from './routes/agent.ts';
import { discoveryRoutes } from './routes/discovery.ts';
import { localRoutes } from './routes/local.ts';
import { loginRoutes } from './routes/login.ts';
import { payoutRoutes } from './routes/payouts.ts';
import { registrationRoutes } from './routes/registration.ts';
import { requesterRoutes } from './routes/requester.ts';
import { sandboxRoutes } from './routes/sandbox.ts';
import { workerRoutes } from './routes/worker.ts';

/** Everything the marketplace serves, its own OpenAPI document included. */
export function allRoutes(): readonly AnyRoute[] {
  const api: AnyRoute[] = [
    ...discoveryRoutes,
    ...registrationRoutes,
    ...agentRoutes,
    ...sandboxRoutes,
    ...workerRoutes,
    ...requesterRoutes,
    ...payoutRoutes,
  ];
  api.push(
    defineRoute({
      operation: openapi,
      apply: async (_tx, { origin }) =>
        openApiDocument(
          api.map((route) => route.operation),
          origin,
        ),
    }),
  );
  return [...api, ...localRoutes, ...loginRoutes];
}
