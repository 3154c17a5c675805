/**
 * What an origin's own OpenAPI document says it offers. Operations without public evidence are called only where it
 * offers them under exactly our method and path, or under the route the owner wrote into the operations map: money is
 * never sent to a guess.
 */
import type { Operation } from '#contract/define-operation.ts';
import { teach } from '#contract/errors/teach.ts';
import { teachOffers } from '#contract/errors/teach-offers.ts';
import { standaloneSchema } from './body-schema.ts';
import { type OfferedOperation, readOfferedOperations, routeSignature } from './openapi-document.ts';
import { misfit, type Route, routeText } from './operations-map.ts';

export interface Offer {
  /** Whether the operation declares an Idempotency-Key header, so that a repeat is safe. */
  readonly keyed: boolean;
  /** Where to send it, if not to our own path. */
  readonly route: Route | undefined;
  /**
   * A schema of the JSON body that stands by itself; undefined where the document has none.
   * @throws UnboundSchemaError
   */
  bodySchema(): unknown;
}

export interface OfferedOperations {
  /**
   * @param route where the owner says that it is
   * @throws SotaError `operation_not_offered`, or `offer_unknown` (retryable) when the document cannot be read
   */
  require(operation: Operation, origin: string, route?: Route): Promise<Offer>;
}

interface Document {
  readonly content: unknown;
  readonly offers: ReadonlyMap<string, OfferedOperation>;
}

const NEAREST = 3;

/** `fetchDocument` may throw; its failures are not remembered, its answers are, once per origin. */
export function createOfferedOperations(fetchDocument: (origin: string) => Promise<unknown>): OfferedOperations {
  const known = new Map<string, Promise<Document>>();
  return {
    async require(operation, origin, route) {
      let reading = known.get(origin);
      if (!reading) {
        reading = fetchDocument(origin).then(readDocument);
        known.set(origin, reading);
        reading.catch(() => known.delete(origin));
      }
      let document: Document;
      try {
        document = await reading;
      } catch (error) {
        throw teach.offerUnknown(origin, operation, error);
      }
      const { content, offers } = document;
      const { method, path } = route ?? operation;
      const offer = offers.get(routeSignature(method, path));
      if (route && (!offer || misfit(operation, route) !== undefined)) {
        throw teachOffers.mappedRouteNotOffered(origin, operation, routeText(route), misfit(operation, route));
      }
      if (!offer) throw teach.operationNotOffered(origin, operation, nearest(operation, [...offers.values()]));
      const { keyed, bodySchema } = offer;
      return {
        keyed,
        route,
        bodySchema: () => (bodySchema === undefined ? undefined : standaloneSchema(content, bodySchema)),
      };
    },
  };
}

function readDocument(content: unknown): Document {
  const offers = readOfferedOperations(content).map(
    (offer) => [routeSignature(offer.method, offer.path), offer] as const,
  );
  return { content, offers: new Map(offers) };
}

/** Named in a sentence of ours, where no sentence of others may stand. */
const PLAIN = /^[A-Z]+ \/[\w./{}~:@%-]{0,200}$/;

/** The offers that share most words with what was wanted. */
function nearest(operation: Operation, offers: readonly OfferedOperation[]): string[] {
  const wanted = words(`${operation.path} ${operation.id}`);
  return offers
    .map((offer) => ({ shown: routeText(offer) }))
    .filter(({ shown }) => PLAIN.test(shown))
    .map(({ shown }) => {
      const own = [...words(shown)];
      const shared = own.filter((word) => wanted.has(word)).length;
      return {
        shown,
        score: shared / Math.sqrt(own.length) + (shown.startsWith(`${operation.method} `) ? 0.1 : 0),
        shared,
      };
    })
    .filter(({ shared }) => shared > 0)
    .sort((a, b) => b.score - a.score || a.shown.localeCompare(b.shown))
    .slice(0, NEAREST)
    .map(({ shown }) => shown);
}

function words(text: string): Set<string> {
  const plain = text
    .toLowerCase()
    .replace(/^[a-z]+ /, '')
    .replace(/\{[^}]*\}/g, ' ');
  // A plural is the same word here: withdrawals answers to withdraw's family no worse than withdrawal does.
  const found = plain.split(/[^a-z0-9]+/).map((word) => word.replace(/(?:als?|s)$/, ''));
  return new Set(found.filter((word) => word.length > 2 && word !== 'api' && !/^v\d+$/.test(word)));
}
