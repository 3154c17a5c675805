/** What may be meant by an operation that an origin does not offer under the name we know: its own operations, by likeness. */
import { z } from 'zod';
import type { Operation } from '#contract/define-operation.ts';
import { field, type OfferedOperation, resolveReference } from './openapi-document.ts';
import { misfit } from './operations-map.ts';

export interface Proposal {
  readonly method: string;
  readonly path: string;
  readonly operationId?: string;
  /** 0 to 1. */
  readonly score: number;
  readonly because: readonly string[];
}

/** Names of a JSON body. */
export interface BodyFields {
  readonly names: ReadonlySet<string>;
  readonly required: readonly string[];
  readonly open: boolean;
}

/** `body` is undefined where the document does not tell. */
export type Proposable = OfferedOperation & { readonly body: BodyFields | undefined };

const MOST_PROPOSALS = 3;
const WORTH_SHOWING = 0.45;

/** Those most alike, best first. What could not be sent there at all is not proposed. */
export function proposeRoutes(operation: Operation, free: readonly Proposable[]): Proposal[] {
  return free
    .filter((offer) => misfit(operation, offer) === undefined)
    .map((offer) => score(operation, offer))
    .filter(({ score: value }) => value >= WORTH_SHOWING)
    .sort((a, b) => b.score - a.score || a.path.localeCompare(b.path))
    .slice(0, MOST_PROPOSALS);
}

/** By name, path and fields; another method counts against it. */
function score(operation: Operation, offer: Proposable): Proposal {
  const because: string[] = [];
  const nameLikeness =
    offer.operationId === undefined ? 0 : likeness(wordsOf(operation.id), wordsOf(offer.operationId));
  if (nameLikeness > 0.5) because.push(`its operationId is ${offer.operationId}`);
  const pathLikeness = likeness(wordsOf(operation.path), wordsOf(offer.path));
  if (pathLikeness > 0.5) because.push('its path has the same words');
  const own = ownBodyFields(operation);
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

/** Names of the fields we send. */
export function ownBodyFields({ body }: Operation): Set<string> | undefined {
  if (!body) return undefined;
  const shapes = body instanceof z.ZodObject ? [body] : body.options;
  return new Set(shapes.flatMap((shape) => Object.keys(shape.shape)));
}

/** Names of the fields of a schema, through its references and parts. */
export function bodyFields(document: unknown, schema: unknown, depth = 0): BodyFields {
  const resolved = resolveReference(document, schema);
  const parts = [field(resolved, 'allOf'), field(resolved, 'anyOf'), field(resolved, 'oneOf')].flatMap((list) =>
    Array.isArray(list) && depth < 5 ? list.map((part) => bodyFields(document, part, depth + 1)) : [],
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
