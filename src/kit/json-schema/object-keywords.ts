/** Keywords about the members of an object. */
import { asArray, isObject, members } from './json-value.ts';
import type { Keyword, Visit } from './visit.ts';

export const objectKeywords: Readonly<Record<string, Keyword>> = {
  properties(properties, visit) {
    for (const [name, schema] of members(properties)) if (has(visit, name)) visit.child(schema, name);
  },
  patternProperties(patterns, visit) {
    for (const [pattern, schema] of members(patterns)) {
      const regExp = visit.rules.regExp(pattern);
      for (const name of namesOf(visit)) if (regExp.test(name)) visit.child(schema, name);
    }
  },
  additionalProperties(schema, visit) {
    const names = additionalNames(visit);
    if (schema === false && names.length > 0) visit.fail({ extras: names });
    // As in Python, what these do not let pass is left for `unevaluatedProperties` to name.
    else for (const name of names) if (!visit.child(schema, name)) visit.notEvaluated(name);
  },
  propertyNames(schema, visit) {
    for (const name of namesOf(visit)) visit.instead(schema, name);
  },
  required(names, visit) {
    for (const name of asArray(names)) missing(visit, name, {});
  },
  dependentRequired(dependents, visit) {
    for (const [property, names] of members(dependents)) demand(visit, property, asArray(names));
  },
  unevaluatedProperties(schema, visit) {
    const extras: string[] = [];
    for (const name of namesOf(visit).filter((name) => !visit.names?.has(name))) {
      const failures = visit.failuresBelow(schema, name);
      if (failures === 0) visit.evaluated(name);
      // Python names it once for each thing that is wrong with it.
      else for (let n = 0; n < failures; n++) extras.push(name);
    }
    if (extras.length > 0) visit.fail({ extras });
  },
};

/** Until draft-07 one keyword for what became two: names that are needed too, or a schema. */
export function dependencies(dependents: unknown, visit: Visit): void {
  for (const [property, dependent] of members(dependents)) {
    if (Array.isArray(dependent)) demand(visit, property, dependent);
    else if (has(visit, property)) visit.also(dependent);
  }
}

export function dependentSchemas(dependents: unknown, visit: Visit): void {
  for (const [property, schema] of members(dependents)) if (has(visit, property)) visit.also(schema);
}

function demand(visit: Visit, property: string, names: readonly unknown[]): void {
  if (has(visit, property)) for (const name of names) missing(visit, name, { property });
}

function missing(visit: Visit, name: unknown, params: { property?: string }): void {
  if (isObject(visit.instance) && !has(visit, String(name)))
    visit.fail({ params: { ...params, missingProperty: name } });
}

/** Members only: `toString` is none of an empty object. */
function has({ instance }: Visit, name: string): boolean {
  return isObject(instance) && Object.hasOwn(instance, name);
}

function namesOf({ instance }: Visit): string[] {
  return isObject(instance) ? Object.keys(instance) : [];
}

function additionalNames(visit: Visit): string[] {
  const { properties, patternProperties } = visit.schema;
  const patterns = members(patternProperties).map(([pattern]) => visit.rules.regExp(pattern));
  const named = isObject(properties) ? properties : {};
  return namesOf(visit).filter(
    (name) => !Object.hasOwn(named, name) && !patterns.some((pattern) => pattern.test(name)),
  );
}
