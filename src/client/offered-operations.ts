/**
 * What an origin's own OpenAPI document says it offers. Operations without public evidence are called only where it
 * offers them under exactly our method and path: money is never sent to a guess.
 */
import type { Operation } from '#contract/define-operation.ts';
import { teach } from '#contract/errors/teach.ts';

export interface Offer {
  /** Whether the operation declares an Idempotency-Key header, so that a repeat is safe. */
  readonly keyed: boolean;
}

export interface OfferedOperations {
  /**
   * @throws SotaError `operation_not_offered`, or `offer_unknown` (retryable) when the document cannot be read
   */
  require(operation: Operation, origin: string): Promise<Offer>;
}

const METHODS = new Set(['get', 'post', 'put', 'patch', 'delete']);
const NEAREST = 3;

/** `fetchDocument` may throw; its failures are not remembered, its answers are, once per origin. */
export function createOfferedOperations(fetchDocument: (origin: string) => Promise<unknown>): OfferedOperations {
  const known = new Map<string, Promise<Map<string, Offer & { shown: string }>>>();
  return {
    async require(operation, origin) {
      let reading = known.get(origin);
      if (!reading) {
        reading = fetchDocument(origin).then(readOffers);
        known.set(origin, reading);
        reading.catch(() => known.delete(origin));
      }
      let offers: Map<string, Offer & { shown: string }>;
      try {
        offers = await reading;
      } catch (error) {
        throw teach.offerUnknown(origin, operation, error);
      }
      const offer = offers.get(signature(operation.method, operation.path));
      if (offer) return offer;
      throw teach.operationNotOffered(origin, operation, nearest(operation, [...offers.values()]));
    },
  };
}

/** The operations of an OpenAPI 3 document by method and path, whatever their path parameters are called. */
function readOffers(document: unknown): Map<string, Offer & { shown: string }> {
  const offers = new Map<string, Offer & { shown: string }>();
  const paths = field(document, 'paths');
  if (typeof paths !== 'object' || paths === null) throw new Error('The OpenAPI document has no paths');
  const base = basePath(document);
  for (const [path, item] of Object.entries(paths)) {
    for (const [method, operation] of Object.entries((item ?? {}) as Record<string, unknown>)) {
      if (!METHODS.has(method)) continue;
      const parameters = [...listOf(field(item, 'parameters')), ...listOf(field(operation, 'parameters'))];
      const keyed = parameters.some((parameter) => isKeyHeader(resolve(document, parameter)));
      const full = base + path;
      offers.set(signature(method, full), { keyed, shown: `${method.toUpperCase()} ${full}` });
    }
  }
  return offers;
}

function signature(method: string, path: string): string {
  return `${method.toUpperCase()} ${path.replace(/\{[^}]*\}/g, '{}').replace(/\/+$/, '')}`;
}

/** Paths are relative to the first server's URL, which is often a prefix. */
function basePath(document: unknown): string {
  const url = field(listOf(field(document, 'servers'))[0], 'url');
  if (typeof url !== 'string') return '';
  try {
    return new URL(url, 'http://origin.invalid').pathname.replace(/\/+$/, '');
  } catch {
    return '';
  }
}

function isKeyHeader(parameter: unknown): boolean {
  return field(parameter, 'in') === 'header' && String(field(parameter, 'name')).toLowerCase() === 'idempotency-key';
}

/** Follows one local reference, the way shared header parameters are usually written. */
function resolve(document: unknown, value: unknown): unknown {
  const reference = field(value, '$ref');
  if (typeof reference !== 'string' || !reference.startsWith('#/')) return value;
  return reference.slice(2).split('/').reduce<unknown>(field, document);
}

/** The offers that share most words with what was wanted. */
/** Named in a sentence of ours, where no sentence of others may stand. */
const PLAIN = /^[A-Z]+ \/[\w./{}~:@%-]{0,200}$/;

function nearest(operation: Operation, offers: readonly { shown: string }[]): string[] {
  const wanted = words(`${operation.path} ${operation.id}`);
  return offers
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

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}
