/** Where a schema holds other schemas: what is found anywhere else in it is data. */
import { isObject, type JsonObject } from './json-value.ts';

const words = (text: string): ReadonlySet<string> => new Set(text.split(' '));

/** Their value is a schema, or (`items`, until 2019-09) a list of them. */
const ONE = words(
  'additionalItems additionalProperties contains else if items not propertyNames then unevaluatedItems unevaluatedProperties',
);
const LIST = words('allOf anyOf items oneOf prefixItems');
const MAP = words('dependencies dependentSchemas patternProperties properties');
/** Definitions apply to nothing by themselves. */
const DEFINITIONS = words('$defs definitions');

/** The schemas that a schema applies to the instance or to parts of it. */
export function appliedBy(schema: JsonObject): JsonObject[] {
  return Object.entries(schema).flatMap(([keyword, value]) => {
    if (Array.isArray(value)) return LIST.has(keyword) ? value.filter(isObject) : [];
    if (!isObject(value)) return [];
    if (MAP.has(keyword)) return Object.values(value).filter(isObject);
    return ONE.has(keyword) ? [value] : [];
  });
}

/** The schemas that are defined inside a schema and apply where they are referred to. */
export function definedIn(schema: JsonObject): JsonObject[] {
  return Object.entries(schema).flatMap(([keyword, value]) =>
    DEFINITIONS.has(keyword) && isObject(value) ? Object.values(value).filter(isObject) : [],
  );
}
