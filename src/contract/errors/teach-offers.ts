/** Every sentence about a marketplace that offers an operation in another way than we know it. Nothing was ever sent. */
import { SotaError } from './sota-error.ts';
import type { Subject } from './teach.ts';

export const teachOffers = {
  /** The owner mapped the operation to a route which the marketplace does not offer, or which cannot take it. */
  mappedRouteNotOffered(origin: string, operation: Subject, route: string, misfit: string | undefined): SotaError {
    const why = misfit === undefined ? `${origin} does not offer it` : misfit;
    return new SotaError({
      code: 'operation_not_offered',
      message: `The owner mapped ${operation.id} to ${route}, but ${why}. ${unsent(operation)}`,
      fix: 'Ask the human to run sota-mcp doctor and to correct the operations map with sota-mcp operations map.',
      details: { operation: operation.id, route },
    });
  },

  /** The operations map of the configuration file is damaged. */
  badOperationsMap(path: string, reason: string): SotaError {
    return new SotaError({
      code: 'bad_config_file',
      message: `${path}: ${reason}. Nothing was sent.`,
      fix: 'Ask the human to mend the operations map; sota-mcp operations map writes entries.',
      details: { path },
    });
  },

  /** The body would not be taken, by the marketplace's own description of it. Money is not sent to find out. */
  bodyDoesNotFit(origin: string, operation: Subject, { at, rule }: { at: string; rule: string }): SotaError {
    return new SotaError({
      code: 'request_does_not_fit',
      message: `${origin} describes ${operation.id} differently: ${at || 'the request'} does not satisfy "${rule}" of its OpenAPI document. ${unsent(operation)}`,
      fix: 'Check the arguments against get_openapi_operation. If they are right, this marketplace wants something this program does not know: ask the human to do it in the portal.',
      details: { operation: operation.id, at, rule },
    });
  },

  /** What the marketplace says about the body cannot be used to check it. */
  bodyNotChecked(origin: string, operation: Subject, reason: string): SotaError {
    return new SotaError({
      code: 'request_not_checked',
      message: `The request for ${operation.id} could not be checked against the OpenAPI document of ${origin} (${reason}), and money is not sent unchecked. ${unsent(operation)}`,
      fix: 'Ask the human to do it in the portal, and to tell the operator of the marketplace.',
      details: { operation: operation.id },
    });
  },
} as const;

function unsent({ money }: Subject): string {
  return money ? 'Nothing was sent and no money moved.' : 'Nothing was sent.';
}
