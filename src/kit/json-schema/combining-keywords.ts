/** Keywords that combine schemas, or stand for another. What holds evaluates; what is only tried does not report. */
import { asArray, isObject } from './json-value.ts';
import type { Keyword, Scope, Visit } from './visit.ts';

export const combiningKeywords: Readonly<Record<string, Keyword>> = {
  allOf(schemas, visit) {
    for (const schema of asArray(schemas)) visit.each(schema);
  },
  anyOf(schemas, visit) {
    // Where somebody asks what has been evaluated, every branch that holds adds to it.
    const branches = asArray(schemas);
    const holding = visit.rules.tracking ? branches.filter((schema) => visit.holds(schema)) : undefined;
    if (!(holding ? holding.length > 0 : branches.some((schema) => visit.holds(schema)))) visit.fail();
  },
  oneOf(schemas, visit) {
    const passing = [...asArray(schemas).entries()].flatMap(([index, schema]) => (visit.holds(schema) ? [index] : []));
    if (passing.length !== 1) visit.fail({ params: { passing } });
  },
  not(schema, visit) {
    if (visit.satisfies(schema)) visit.fail();
  },
  if(schema, visit) {
    const clause = visit.holds(schema) ? 'then' : 'else';
    if (Object.hasOwn(visit.schema, clause)) visit.also(visit.schema[clause]);
  },
  $ref(ref, visit) {
    if (typeof ref === 'string') visit.also(visit.rules.index.resolve(visit.schema, ref));
  },
};

/** Draft 2020-12: the outermost resource on the way here that has the anchor, if the nearest has it as a dynamic one. */
export function dynamicRef(ref: unknown, visit: Visit): void {
  if (typeof ref !== 'string') return;
  const { index } = visit.rules;
  const target = index.resolve(visit.schema, ref);
  const anchor = isObject(target) ? target.$dynamicAnchor : undefined;
  const isDynamic = typeof anchor === 'string' && ref.endsWith(`#${anchor}`);
  const outer = isDynamic ? outermost(visit.scope, (base) => index.dynamicAnchor(base, anchor)) : undefined;
  visit.also(outer ?? target);
}

/** Draft 2019-09: the outermost root on the way here that wants to be recurred to, if the nearest does. */
export function recursiveRef(ref: unknown, visit: Visit): void {
  if (typeof ref !== 'string') return;
  const { index } = visit.rules;
  const target = index.resolve(visit.schema, ref);
  const wants = (root: unknown) => isObject(root) && root.$recursiveAnchor === true;
  const rootThatWants = (base: string) => (wants(index.rootOf(base)) ? index.rootOf(base) : undefined);
  visit.also(wants(target) ? (outermost(visit.scope, rootThatWants) ?? target) : target);
}

function outermost(scope: Scope | undefined, find: (base: string) => unknown): unknown {
  let found: unknown;
  for (let each = scope; each; each = each.outer) found = find(each.base) ?? found;
  return found;
}
