import { field, target } from './openapi-document.ts';

/** A schema refers to something that is not in its document. */
export class UnboundSchemaError extends Error {
  override readonly name = 'UnboundSchemaError';
}

/** Members whose values are data and hold no schemas. */
const DATA = new Set(['const', 'default', 'enum', 'example', 'examples']);
/** Members that hold schemas by names of their author's. */
const NAMED = new Set(['properties', 'patternProperties', 'dependentSchemas', '$defs', 'definitions']);
const MOST_DEFINITIONS = 200;

type Json = Readonly<Record<string, unknown>>;

/**
 * A schema of an OpenAPI document as one that stands by itself: what it refers to comes along under `$defs`, and what
 * OpenAPI 3.0 writes in its own way (`nullable`, exclusive limits as flags) is written as JSON Schema does.
 * @throws UnboundSchemaError
 */
export function standaloneSchema(document: unknown, schema: unknown): unknown {
  const old = String(field(document, 'openapi')).startsWith('3.0');
  const names = new Map<string, string>();
  const definitions: Record<string, unknown> = {};
  const root = copy(schema);
  return names.size === 0 ? root : { ...(root as Json), $defs: definitions };

  function copy(value: unknown): unknown {
    if (Array.isArray(value)) return value.map(copy);
    if (typeof value !== 'object' || value === null) return value;
    const made = mapped(value as Json, (member, name) => {
      if (DATA.has(name)) return member;
      if (name === '$ref' && typeof member === 'string') return define(member);
      const named = NAMED.has(name) && typeof member === 'object' && member !== null;
      return named ? mapped(member as Json, copy) : copy(member);
    });
    return old ? modernised(made) : made;
  }

  /** The place of a referenced schema among the definitions; it is copied once, however often and deep it is named. */
  function define(reference: string): string {
    const known = names.get(reference);
    if (known !== undefined) return `#/$defs/${known}`;
    const found = target(document, reference);
    if (found === undefined || names.size >= MOST_DEFINITIONS) throw new UnboundSchemaError(reference.slice(0, 100));
    const name = `d${names.size + 1}`;
    names.set(reference, name);
    definitions[name] = copy(found);
    return `#/$defs/${name}`;
  }
}

function modernised({ nullable, ...schema }: Json): Json {
  const limits = { ...schema };
  for (const [flag, limit] of [
    ['exclusiveMinimum', 'minimum'],
    ['exclusiveMaximum', 'maximum'],
  ] as const) {
    if (typeof limits[flag] !== 'boolean') continue;
    const exclusive = limits[flag];
    delete limits[flag];
    if (!exclusive || limits[limit] === undefined) continue;
    limits[flag] = limits[limit];
    delete limits[limit];
  }
  return nullable === true ? { anyOf: [limits, { type: 'null' }] } : limits;
}

function mapped(value: Json, change: (member: unknown, name: string) => unknown): Json {
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, change(member, name)]));
}
