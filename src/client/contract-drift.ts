/**
 * How an origin's own OpenAPI document differs from the contract this program was written against: operations it does
 * not offer, with what may be meant instead, and requests whose fields differ.
 *
 * It only reports. A person decides whether a proposal is the same operation: similar words prove nothing where money
 * moves.
 */
import { z } from 'zod';
import type { Operation } from '#contract/define-operation.ts';

export interface Proposal {
  readonly method: string;
  readonly path: string;
  readonly operationId?: string;
  /** 0 to 1. */
  readonly score: number;
  readonly because: readonly string[];
}

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

export interface Drift {
  readonly matching: number;
  readonly missing: readonly MissingOperation[];
  readonly fields: readonly FieldDifference[];
}

interface Offered {
  readonly method: string;
  readonly path: string;
  readonly operationId: string | undefined;
  /** Names of the JSON body; undefined where the document does not tell. */
  readonly body:
    | { readonly names: ReadonlySet<string>; readonly required: readonly string[]; readonly open: boolean }
    | undefined;
}

const METHODS = ['get', 'post', 'put', 'patch', 'delete'] as const;
const MOST_PROPOSALS = 3;
const WORTH_SHOWING = 0.45;

/**
 * @param document an OpenAPI 3 document
 * @throws Error where it has no paths
 * @example compareContract(operations, await fetchOpenapi()).missing[0]?.proposals[0]?.path
 */
export function compareContract(operations: readonly Operation[], document: unknown): Drift {
  const offered = readOffered(document);
  const bySignature = new Map(offered.map((offer) => [signature(offer.method, offer.path), offer]));
  const taken = new Set<Offered>();
  const missing: Operation[] = [];
  const fields: FieldDifference[] = [];
  // Pages for people are no part of what this program needs.
  const ours = operations.filter(
    ({ family, produces = 'application/json' }) => family !== 'local' && produces === 'application/json',
  );
  for (const operation of ours) {
    const offer = bySignature.get(signature(operation.method, operation.path));
    if (!offer) {
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
    missing: missing.map((operation) => ({
      operation: operation.id,
      method: operation.method,
      path: operation.path,
      evidence: operation.evidence,
      money: operation.money === true,
      proposals: propose(operation, free),
    })),
    fields,
  };
}

function propose(operation: Operation, free: readonly Offered[]): Proposal[] {
  return free
    .map((offer) => score(operation, offer))
    .filter(({ score: value }) => value >= WORTH_SHOWING)
    .sort((a, b) => b.score - a.score || a.path.localeCompare(b.path))
    .slice(0, MOST_PROPOSALS);
}

/** By name, path and fields; another method counts against it, since reading is not writing. */
function score(operation: Operation, offer: Offered): Proposal {
  const because: string[] = [];
  const nameLikeness =
    offer.operationId === undefined ? 0 : likeness(wordsOf(operation.id), wordsOf(offer.operationId));
  if (nameLikeness > 0.5) because.push(`its operationId is ${offer.operationId}`);
  const pathLikeness = likeness(wordsOf(operation.path), wordsOf(offer.path));
  if (pathLikeness > 0.5) because.push('its path has the same words');
  const own = bodyOf(operation);
  const theirs = offer.body?.names;
  const fieldLikeness = own && theirs && own.size > 0 && theirs.size > 0 ? likeness(own, theirs) : undefined;
  if (fieldLikeness !== undefined && fieldLikeness > 0.5) because.push('it takes the same fields');
  const parts = [nameLikeness * 1.2, pathLikeness, ...(fieldLikeness === undefined ? [] : [fieldLikeness])];
  const sameMethod = offer.method === operation.method;
  if (!sameMethod) because.push(`but the method is ${offer.method}`);
  const strongest = Math.max(...parts);
  const mean = parts.reduce((sum, part) => sum + part, 0) / parts.length;
  const value = Math.min(1, (strongest * 0.6 + mean * 0.4) * (sameMethod ? 1 : 0.6));
  return {
    method: offer.method,
    path: offer.path,
    ...(offer.operationId === undefined ? {} : { operationId: offer.operationId }),
    score: Math.round(value * 100) / 100,
    because,
  };
}

function compareBody(operation: Operation, { body }: Offered): FieldDifference | undefined {
  const own = bodyOf(operation);
  if (!own || !body) return undefined;
  const unknown_required = body.required.filter((name) => !own.has(name));
  const not_taken = body.open ? [] : [...own].filter((name) => !body.names.has(name));
  if (unknown_required.length + not_taken.length === 0) return undefined;
  return { operation: operation.id, unknown_required, not_taken };
}

function bodyOf({ body }: Operation): Set<string> | undefined {
  if (!body) return undefined;
  const shapes = body instanceof z.ZodObject ? [body] : body.options;
  return new Set(shapes.flatMap((shape) => Object.keys(shape.shape)));
}

function readOffered(document: unknown): Offered[] {
  const paths = field(document, 'paths');
  if (typeof paths !== 'object' || paths === null) throw new Error('The OpenAPI document has no paths');
  const base = basePath(document);
  return Object.entries(paths).flatMap(([path, item]) =>
    METHODS.flatMap((method) => {
      const operation = field(item, method);
      if (typeof operation !== 'object' || operation === null) return [];
      const operationId = field(operation, 'operationId');
      const content = field(resolve(document, field(operation, 'requestBody')), 'content');
      const schema = field(field(content, 'application/json'), 'schema');
      return [
        {
          method: method.toUpperCase(),
          path: base + path,
          operationId: typeof operationId === 'string' ? operationId : undefined,
          body: schema === undefined ? undefined : readBody(document, schema),
        },
      ];
    }),
  );
}

function readBody(document: unknown, schema: unknown, depth = 0): Offered['body'] {
  const resolved = resolve(document, schema);
  const parts = [field(resolved, 'allOf'), field(resolved, 'anyOf'), field(resolved, 'oneOf')].flatMap((list) =>
    Array.isArray(list) && depth < 5 ? list.map((part) => readBody(document, part, depth + 1)) : [],
  );
  const properties = field(resolved, 'properties');
  const names = new Set([
    ...(typeof properties === 'object' && properties !== null ? Object.keys(properties) : []),
    ...parts.flatMap((part) => [...(part?.names ?? [])]),
  ]);
  const required = field(resolved, 'required');
  const fromAll = Array.isArray(field(resolved, 'allOf')) ? parts.flatMap((part) => part?.required ?? []) : [];
  return {
    names,
    required: [...(Array.isArray(required) ? required.filter((name) => typeof name === 'string') : []), ...fromAll],
    open: field(resolved, 'additionalProperties') === true || names.size === 0,
  };
}

function resolve(document: unknown, value: unknown): unknown {
  const reference = field(value, '$ref');
  if (typeof reference !== 'string' || !reference.startsWith('#/')) return value;
  return reference
    .slice(2)
    .split('/')
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce<unknown>(field, document);
}

function basePath(document: unknown): string {
  const servers = field(document, 'servers');
  const url = Array.isArray(servers) ? field(servers[0], 'url') : undefined;
  if (typeof url !== 'string') return '';
  try {
    return new URL(url, 'http://origin.invalid').pathname.replace(/\/+$/, '');
  } catch {
    return '';
  }
}

function signature(method: string, path: string): string {
  return `${method.toUpperCase()} ${path.replace(/\{[^}]*\}/g, '{}').replace(/\/+$/, '')}`;
}

/** The words of a path or a name; plurals, versions and parameters aside. */
function wordsOf(text: string): Set<string> {
  const words = text
    .replace(/\{[^}]*\}/g, ' ')
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .map((word) => word.replace(/(?:als?|s)$/, ''));
  return new Set(words.filter((word) => word.length > 1 && word !== 'api' && !/^v\d+$/.test(word)));
}

/** Shared members over all members (Jaccard), forgiving a longer side: frameworks append paths to names. */
function likeness(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  const shared = [...a].filter((word) => b.has(word)).length;
  if (shared === 0) return 0;
  const union = a.size + b.size - shared;
  return (shared / union + shared / Math.min(a.size, b.size)) / 2;
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}
