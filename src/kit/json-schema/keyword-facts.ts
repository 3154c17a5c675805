/** ajv's errors as facts that can be looked up: which keyword of which schema object fails where. */
import { pathInDocument } from './json-pointer.ts';
import { asArray, isObject } from './json-value.ts';
import { messageFor, type SchemaViolation } from './python-wording.ts';

/** What is used of an ajv error (`allErrors`, `verbose`). */
export interface KeywordFailure {
  keyword: string;
  instancePath: string;
  params: Record<string, unknown>;
  schema?: unknown;
  parentSchema?: unknown;
  data?: unknown;
}

const COMBINATORS = new Set(['anyOf', 'oneOf', 'not', 'contains', 'propertyNames']);

/** The failures by schema object, then by keyword and place (`factKey`). */
export function factsOf(failures: readonly KeywordFailure[]): Map<unknown, Map<string, KeywordFailure[]>> {
  const facts = new Map<unknown, Map<string, KeywordFailure[]>>();
  for (const failure of failures) {
    const ofSchema = facts.get(failure.parentSchema) ?? new Map<string, KeywordFailure[]>();
    facts.set(failure.parentSchema, ofSchema);
    const key = factKey(failure.keyword, failure.instancePath);
    const known = ofSchema.get(key);
    if (known) known.push(failure);
    else ofSchema.set(key, [failure]);
  }
  return facts;
}

export function factKey(keyword: string, pointer: string): string {
  return `${keyword} ${pointer}`;
}

/** The shallowest failure, reported alone; of equals a combinator, since the others may be its branches. */
export function asItStands(failures: readonly KeywordFailure[], document: unknown): SchemaViolation {
  const depth = (failure: KeywordFailure) => failure.instancePath.split('/').length;
  const rank = (failure: KeywordFailure) => (COMBINATORS.has(failure.keyword) ? 0 : failure.keyword === 'if' ? 2 : 1);
  const [failure] = [...failures].sort((a, b) => depth(a) - depth(b) || rank(a) - rank(b));
  if (!failure) throw new RangeError('firstViolation needs at least one failure');
  const { keyword: validator, schema: value, data: instance, params, parentSchema } = failure;
  const schema = isObject(parentSchema) ? parentSchema : {};
  const message = messageFor(validator, { value, instance, schema, params, extras: extrasOf(failure) });
  const path = pathInDocument(document, failure.instancePath);
  return { path, validator, validator_value: value, instance, message, schema_excerpt: parentSchema };
}

function extrasOf({ params, data }: KeywordFailure): unknown[] {
  const name = params.additionalProperty ?? params.unevaluatedProperty;
  if (name !== undefined) return [name];
  return typeof params.limit === 'number' ? asArray(data).slice(params.limit) : [];
}
