/** Keywords about the items of an array. */
import { asArray } from './json-value.ts';
import { legacyContainsMessage } from './python-wording.ts';
import type { Visit } from './visit.ts';

export function prefixItems(schemas: unknown, visit: Visit): void {
  const count = Math.min(asArray(schemas).length, itemsOf(visit).length);
  for (let index = 0; index < count; index++) visit.child(asArray(schemas)[index], index);
}

/** Draft 2020-12: one schema, for the items after those of `prefixItems`. */
export function items(schema: unknown, visit: Visit): void {
  const from = asArray(visit.schema.prefixItems).length;
  demand(schema, visit, from);
}

/** Until 2019-09: one schema for all, or one for each of the first. */
export function legacyItems(schemas: unknown, visit: Visit): void {
  if (Array.isArray(schemas)) prefixItems(schemas, visit);
  else each(schemas, visit, 0);
}

/** Until 2019-09: the items for which a list of schemas has none. */
export function additionalItems(schema: unknown, visit: Visit): void {
  if (!Array.isArray(visit.schema.items)) return;
  const from = visit.schema.items.length;
  demand(schema, visit, from);
}

export function contains(schema: unknown, visit: Visit): void {
  const { minContains = 1, maxContains } = visit.schema;
  const { instance } = visit;
  if (!Array.isArray(instance)) return;
  const matching = matches(schema, visit);
  for (const index of matching) visit.evaluated(index);
  if (typeof maxContains === 'number' && matching.length > maxContains) {
    visit.fail({ keyword: 'maxContains', value: maxContains });
  } else if (matching.length < Number(minContains)) {
    if (matching.length === 0) visit.fail();
    else visit.fail({ keyword: 'minContains', value: minContains, params: { matches: matching.length } });
  }
}

/** Until draft-07 one match is enough and none too many, and the words are others. */
export function legacyContains(schema: unknown, visit: Visit): void {
  const { instance } = visit;
  if (!Array.isArray(instance) || matches(schema, visit).length > 0) return;
  visit.fail({ message: () => legacyContainsMessage(instance) });
}

export function unevaluatedItems(schema: unknown, visit: Visit): void {
  const extras: unknown[] = [];
  for (const [index, item] of itemsOf(visit).entries()) {
    if (visit.items?.has(index)) continue;
    if (visit.childHolds(schema, index)) visit.evaluated(index);
    else extras.push(item);
  }
  if (extras.length > 0) visit.fail({ extras });
}

function itemsOf({ instance }: Visit): readonly unknown[] {
  return asArray(instance);
}

/** Of items that must not be there each is named, in one sentence. */
function demand(schema: unknown, visit: Visit, from: number): void {
  const extras = itemsOf(visit).slice(from);
  if (schema === false && extras.length > 0) {
    visit.fail({ extras });
    for (const index of extras.keys()) visit.evaluated(from + index);
  } else each(schema, visit, from);
}

function each(schema: unknown, visit: Visit, from: number): void {
  for (let index = from; index < itemsOf(visit).length; index++) visit.child(schema, index);
}

function matches(schema: unknown, visit: Visit): number[] {
  return [...itemsOf(visit).keys()].filter((index) => visit.childHolds(schema, index));
}
