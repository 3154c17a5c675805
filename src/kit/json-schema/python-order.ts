/**
 * Which of many broken rules to report: the one nearest the root of the document, and among equals the one that comes
 * first in the schema as written.
 *
 * ajv answers with a flat list in an order of its own, and mixes in the failures of `anyOf` branches, which are not
 * failures of the document (Python keeps them apart as `context`). So the schema is walked again in Python's order, and
 * ajv's list is used as a set of facts: "keyword K of schema object S fails at place P". Such a fact is true wherever it
 * came from, so it can be looked up by the identity of S. The walk decides nothing ajv has decided; it adds only the
 * order, and does not enter the branches of anyOf, oneOf and not.
 *
 * Where the walk finds nothing (a `$dynamicRef` it resolves differently), the shallowest fact is reported as it stands.
 */
import { escapeToken, type JsonPath } from './json-pointer.ts';
import { asArray, isObject, type JsonObject, members } from './json-value.ts';
import { asItStands, factKey, factsOf, type KeywordFailure } from './keyword-facts.ts';
import { FALSE_SCHEMA, legacyContainsMessage, messageFor, type SchemaViolation } from './python-wording.ts';
import type { SchemaIndex } from './schema-index.ts';

export interface OrderContext {
  index: SchemaIndex;
  /** Draft-07 and older: `$ref` replaces its siblings, and `contains` has another wording. */
  refReplacesSiblings: boolean;
  /** 2019-09 and older: `items: false` is reported per item. */
  itemsFalsePerItem: boolean;
  /** Whether a value satisfies a sub-schema; asked only where ajv stops before it has counted all matches. */
  isValid(schema: unknown, instance: unknown): boolean;
  /** Compiles a pattern the way the validator does. */
  regExp(pattern: string): { test(text: string): boolean };
}

interface Place {
  instance: unknown;
  path: JsonPath;
  pointer: string;
}
interface Found {
  depth: number;
  build(): SchemaViolation;
}
type Emit = (found: Found) => void;
type Visit = (value: unknown, schema: JsonObject, at: Place, walk: Walk) => void;

/** The violation Python would name first among the shallowest. `failures` must not be empty. */
export function firstViolation(
  schema: unknown,
  instance: unknown,
  failures: readonly KeywordFailure[],
  context: OrderContext,
): SchemaViolation {
  let best: Found | undefined;
  const walk = new Walk(context, factsOf(failures), (found) => {
    if (!best || found.depth < best.depth) best = found;
  });
  walk.enter(schema, { instance, path: [], pointer: '' });
  return best?.build() ?? asItStands(failures, instance);
}

class Walk {
  constructor(
    readonly context: OrderContext,
    private readonly facts: ReadonlyMap<unknown, ReadonlyMap<string, readonly KeywordFailure[]>>,
    private readonly emit: Emit,
  ) {}

  enter(schema: unknown, at: Place): void {
    if (schema === false) this.report(FALSE_SCHEMA, false, false, at);
    if (!isObject(schema)) return;
    if (this.context.refReplacesSiblings && typeof schema.$ref === 'string') {
      followRef(schema.$ref, schema, at, this);
      return;
    }
    for (const [keyword, value] of Object.entries(schema)) {
      const visit = Object.hasOwn(VISITS, keyword) ? VISITS[keyword] : undefined;
      if (visit) visit(value, schema, at, this);
      else for (const { params } of this.factsAt(schema, keyword, at)) this.report(keyword, value, schema, at, params);
    }
  }

  factsAt(schema: JsonObject, keyword: string, at: Place): KeywordFailure[] {
    const found = this.facts.get(schema)?.get(factKey(keyword, at.pointer)) ?? [];
    // Names checked by propertyNames share the place of their object; only the value tells them apart.
    return found.filter(({ data }) => Object.is(data, at.instance));
  }

  report(
    validator: string,
    value: unknown,
    schema: unknown,
    at: Place,
    params: JsonObject = {},
    extras: readonly unknown[] = [],
  ): void {
    const owner = isObject(schema) ? schema : {};
    // The message quotes the instance, which may be large: written for the winner only.
    this.emit({
      depth: at.path.length,
      build: () => ({
        path: [...at.path],
        validator,
        validator_value: value,
        instance: at.instance,
        message:
          validator === 'contains' && this.context.refReplacesSiblings
            ? legacyContainsMessage(at.instance)
            : messageFor(validator, { value, instance: at.instance, schema: owner, params, extras }),
        schema_excerpt: schema,
      }),
    });
  }

  /** How many violations the walk sees for a schema at a place, none of them reported. */
  count(schema: unknown, at: Place): number {
    let seen = 0;
    new Walk(this.context, this.facts, () => seen++).enter(schema, at);
    return seen;
  }
}

const VISITS: Readonly<Record<string, Visit>> = {
  $ref: followRef,
  $dynamicRef: followRef,
  $recursiveRef: followRef,
  allOf(branches, _schema, at, walk) {
    for (const branch of asArray(branches)) walk.enter(branch, at);
  },
  // ajv reports the failing clause under `if`; Python reports only what the clause found.
  if(_value, schema, at, walk) {
    for (const { params } of walk.factsAt(schema, 'if', at)) walk.enter(schema[String(params.failingKeyword)], at);
  },
  properties(properties, _schema, at, walk) {
    for (const [name, child] of members(properties)) {
      if (isObject(at.instance) && Object.hasOwn(at.instance, name)) walk.enter(child, below(at, name));
    }
  },
  patternProperties(patterns, _schema, at, walk) {
    for (const [pattern, child] of members(patterns)) {
      const { regExp } = walk.context;
      const names = members(at.instance).map(([name]) => name);
      for (const name of names.filter((name) => regExp(pattern).test(name))) walk.enter(child, below(at, name));
    }
  },
  additionalProperties(value, schema, at, walk) {
    if (isObject(value)) {
      for (const name of additionalNames(schema, at, walk)) walk.enter(value, below(at, name));
      return;
    }
    const extras = walk.factsAt(schema, 'additionalProperties', at).map(({ params }) => params.additionalProperty);
    if (extras.length > 0) walk.report('additionalProperties', value, schema, at, {}, extras);
  },
  propertyNames(value, _schema, at, walk) {
    for (const [name] of members(at.instance)) walk.enter(value, { ...at, instance: name });
  },
  dependentSchemas: dependents,
  dependencies: dependents,
  prefixItems: eachInTurn,
  items(value, schema, at, walk) {
    if (Array.isArray(value)) return eachInTurn(value, schema, at, walk);
    const extras = asArray(at.instance).slice(asArray(schema.prefixItems).length);
    if (value !== false || walk.context.itemsFalsePerItem)
      return rest(value, at, walk, asArray(schema.prefixItems).length);
    if (extras.length > 0) walk.report('items', value, schema, at, {}, extras);
  },
  additionalItems(value, schema, at, walk) {
    if (!Array.isArray(schema.items)) return;
    if (isObject(value)) return rest(value, at, walk, schema.items.length);
    const extras = asArray(at.instance).slice(schema.items.length);
    for (const { params } of walk.factsAt(schema, 'additionalItems', at)) {
      walk.report('additionalItems', value, schema, at, params, extras);
    }
  },
  contains(value, schema, at, walk) {
    if (walk.factsAt(schema, 'contains', at).length === 0) return;
    const matches = asArray(at.instance).filter((item) => walk.context.isValid(value, item)).length;
    const { minContains, maxContains } = schema;
    if (typeof maxContains === 'number' && matches > maxContains) {
      walk.report('maxContains', maxContains, schema, at);
    } else if (matches > 0) walk.report('minContains', minContains, schema, at, { matches });
    else walk.report('contains', value, schema, at);
  },
  oneOf(value, schema, at, walk) {
    for (const { params } of walk.factsAt(schema, 'oneOf', at)) {
      const known = asArray(params.passingSchemas) as number[];
      const untried = known[1] === undefined ? Number.POSITIVE_INFINITY : known[1] + 1;
      const alsoPassing = asArray(value).flatMap((branch, index) =>
        index >= untried && walk.context.isValid(branch, at.instance) ? [index] : [],
      );
      walk.report('oneOf', value, schema, at, { passing: [...known, ...alsoPassing] });
    }
  },
  unevaluatedProperties(value, schema, at, walk) {
    const extras =
      value === false
        ? walk.factsAt(schema, 'unevaluatedProperties', at).map(({ params }) => params.unevaluatedProperty)
        : members(at.instance).flatMap(([name]) => Array(walk.count(value, below(at, name))).fill(name));
    if (extras.length > 0) walk.report('unevaluatedProperties', value, schema, at, {}, extras);
  },
  unevaluatedItems(value, schema, at, walk) {
    const items = asArray(at.instance);
    const extras =
      value === false
        ? walk.factsAt(schema, 'unevaluatedItems', at).flatMap(({ params }) => items.slice(Number(params.limit)))
        : items.filter((_, index) => walk.count(value, below(at, index)) > 0);
    if (extras.length > 0) walk.report('unevaluatedItems', value, schema, at, {}, extras);
  },
};

function followRef(ref: unknown, schema: JsonObject, at: Place, walk: Walk): void {
  if (typeof ref === 'string') walk.enter(walk.context.index.resolve(schema, ref), at);
}

function dependents(value: unknown, schema: JsonObject, at: Place, walk: Walk): void {
  const keyword = schema.dependentSchemas === value ? 'dependentSchemas' : 'dependencies';
  const missing = walk.factsAt(schema, keyword, at);
  for (const [name, dependent] of members(value)) {
    if (!isObject(at.instance) || !Object.hasOwn(at.instance, name)) continue;
    if (!Array.isArray(dependent)) walk.enter(dependent, at);
    for (const { params } of missing.filter(({ params }) => params.property === name)) {
      walk.report(keyword, value, schema, at, params);
    }
  }
}

function eachInTurn(schemas: unknown, _schema: JsonObject, at: Place, walk: Walk): void {
  const children = asArray(schemas).slice(0, asArray(at.instance).length);
  for (const [index, child] of children.entries()) walk.enter(child, below(at, index));
}

function rest(schema: unknown, at: Place, walk: Walk, from: number): void {
  for (let index = from; index < asArray(at.instance).length; index++) walk.enter(schema, below(at, index));
}

function additionalNames(schema: JsonObject, at: Place, walk: Walk): string[] {
  const patterns = members(schema.patternProperties).map(([pattern]) => walk.context.regExp(pattern));
  const named = isObject(schema.properties) ? schema.properties : {};
  return members(at.instance)
    .map(([name]) => name)
    .filter((name) => !Object.hasOwn(named, name) && !patterns.some((pattern) => pattern.test(name)));
}

function below(at: Place, key: string | number): Place {
  return {
    instance: (at.instance as Record<string | number, unknown>)[key],
    path: [...at.path, key],
    pointer: `${at.pointer}/${escapeToken(key)}`,
  };
}
