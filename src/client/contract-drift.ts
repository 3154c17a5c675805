/**
 * How an origin's own OpenAPI document differs from the contract this program was written against: operations it does
 * not offer, with what may be meant instead, and requests whose fields differ.
 *
 * It only reports. A person decides whether a proposal is the same operation: similar words prove nothing where money
 * moves. What they decided stands in the operations map and counts here.
 */
import type { Operation } from '#contract/define-operation.ts';
import { readOfferedOperations, routeSignature } from './openapi-document.ts';
import { misfit, type Routes, routeText } from './operations-map.ts';
import { bodyFields, ownBodyFields, type Proposable, type Proposal, proposeRoutes } from './route-proposals.ts';

export interface MissingOperation {
  readonly operation: string;
  readonly method: string;
  readonly path: string;
  readonly evidence: Operation['evidence'];
  readonly money: boolean;
  /** Best first; empty where nothing is alike. */
  readonly proposals: readonly Proposal[];
}

export interface FieldDifference {
  readonly operation: string;
  /** Fields the origin demands and we do not know. */
  readonly unknown_required: readonly string[];
  /** Fields we send and the origin does not name. */
  readonly not_taken: readonly string[];
}

/** An operation with an entry in the owner's map. */
export interface MappedOperation {
  readonly operation: string;
  readonly route: string;
  /** Why it cannot be sent there; absent where it can. */
  readonly problem?: string;
}

export interface Drift {
  /** Offered as we know them, or where the owner's map says. */
  readonly matching: number;
  readonly mapped: readonly MappedOperation[];
  readonly missing: readonly MissingOperation[];
  readonly fields: readonly FieldDifference[];
}

/**
 * @param document an OpenAPI 3 document
 * @param routes the owner's map for this origin
 * @throws Error where it has no paths
 * @example compareContract(operations, await fetchOpenapi()).missing[0]?.proposals[0]?.path
 */
export function compareContract(operations: readonly Operation[], document: unknown, routes: Routes = {}): Drift {
  const offered: Proposable[] = readOfferedOperations(document).map((offer) => ({
    ...offer,
    body: offer.bodySchema === undefined ? undefined : bodyFields(document, offer.bodySchema),
  }));
  const bySignature = new Map(offered.map((offer) => [routeSignature(offer.method, offer.path), offer]));
  const taken = new Set<Proposable>();
  const missing: Operation[] = [];
  const fields: FieldDifference[] = [];
  const mapped: MappedOperation[] = [];
  // Pages for people are no part of what this program needs.
  const ours = operations.filter(
    ({ family, produces = 'application/json' }) => family !== 'local' && produces === 'application/json',
  );
  for (const operation of ours) {
    const route = Object.hasOwn(routes, operation.id) ? routes[operation.id] : undefined;
    const { method, path } = route ?? operation;
    const offer = bySignature.get(routeSignature(method, path));
    const problem = route && (offer ? misfit(operation, route) : 'it is not offered');
    if (route) {
      mapped.push({ operation: operation.id, route: routeText(route), ...(problem === undefined ? {} : { problem }) });
    }
    if (!offer || problem !== undefined) {
      missing.push(operation);
      continue;
    }
    taken.add(offer);
    const difference = compareBody(operation, offer);
    if (difference) fields.push(difference);
  }
  const free = offered.filter((offer) => !taken.has(offer));
  return {
    matching: ours.length - missing.length,
    mapped,
    missing: missing.map((operation) => ({
      operation: operation.id,
      method: operation.method,
      path: operation.path,
      evidence: operation.evidence,
      money: operation.money === true,
      proposals: proposeRoutes(operation, free),
    })),
    fields,
  };
}

/** How the fields of a request differ; undefined where they do not, or the document does not tell. */
export function compareBody(operation: Operation, { body }: Proposable): FieldDifference | undefined {
  const own = ownBodyFields(operation);
  if (!own || !body) return undefined;
  const unknown_required = body.required.filter((name) => !own.has(name));
  const not_taken = body.open ? [] : [...own].filter((name) => !body.names.has(name));
  if (unknown_required.length + not_taken.length === 0) return undefined;
  return { operation: operation.id, unknown_required, not_taken };
}
