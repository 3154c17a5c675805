import fc from 'fast-check';

/** The part of JSON Schema that zod writes into an OpenAPI document. */
export interface Schema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
}

/** Gives a value for fields that must name something that exists, undefined for all others. */
export type Names = (field: string) => fc.Arbitrary<unknown> | undefined;

/** Values that satisfy a schema, small and at its edges. */
export function fromSchema(schema: Schema, names: Names, field = ''): fc.Arbitrary<unknown> {
  const named = names(field);
  if (named) return named;
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum) return fc.constantFrom(...schema.enum);
  const shapes = schema.anyOf ?? schema.oneOf;
  if (shapes) return fc.oneof(...shapes.map((shape) => fromSchema(shape, names, field)));
  switch (schema.type) {
    case 'string':
      return text(schema);
    case 'integer':
      return number(schema).map((value) => Math.round(value));
    case 'number':
      return number(schema);
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    case 'array': {
      const { items = {}, minItems = 0, maxItems = 4 } = schema;
      return fc.array(fromSchema(items, names, `${field}[]`), {
        minLength: minItems,
        maxLength: Math.min(maxItems, minItems + 3),
      });
    }
    case 'object':
      return object(schema, names);
    default:
      return fc.jsonValue({ maxDepth: 3 });
  }
}

function object({ properties, required = [] }: Schema, names: Names): fc.Arbitrary<unknown> {
  if (!properties) return fc.dictionary(fc.string({ maxLength: 8 }), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 3 });
  const fields = Object.entries(properties).map(([name, schema]) => [name, fromSchema(schema, names, name)] as const);
  return fc.record(Object.fromEntries(fields), { requiredKeys: [...required], noNullPrototype: true });
}

function text({ pattern, minLength = 0, maxLength = 40 }: Schema): fc.Arbitrary<string> {
  if (pattern !== undefined) return fc.stringMatching(new RegExp(pattern));
  const bounds = { minLength, maxLength: Math.max(minLength, Math.min(maxLength, 40)) };
  return fc.oneof(
    { weight: 4, arbitrary: fc.string({ ...bounds, unit: 'grapheme-ascii' }) },
    { weight: 1, arbitrary: fc.string({ ...bounds, unit: 'binary' }) },
  );
}

function number(schema: Schema): fc.Arbitrary<number> {
  const low = schema.minimum ?? schema.exclusiveMinimum ?? 0;
  const high = schema.maximum ?? schema.exclusiveMaximum ?? 1000;
  const fits = fc.integer({ min: Math.ceil(low), max: Math.min(Math.floor(high), Math.ceil(low) + 20) });
  const micros = fc.integer({ min: 1, max: 5_000_000 }).map((micro) => Math.max(low, micro / 1e6));
  return fc.oneof(
    { weight: 4, arbitrary: fits },
    { weight: 2, arbitrary: micros },
    { weight: 1, arbitrary: fc.constantFrom(low, high) },
  );
}

/** What no schema asks for: the values that break parsers, databases and arithmetic. */
export const junk: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    '',
    ' ',
    '\0',
    'a\0b',
    '\ud800',
    '__proto__',
    "'; drop table agents; --",
    '%s%n{{7*7}}${7*7}',
    '../../etc/passwd',
    'x'.repeat(5000),
    '‮ ﷽ 🦾',
    0,
    -0,
    -1,
    0.1,
    1e-7,
    1.0000001,
    2 ** 31,
    2 ** 53,
    -(2 ** 63),
    1e300,
    [],
    {},
    [[[[[[[[]]]]]]]],
    { constructor: { prototype: {} } },
  ),
  fc.jsonValue({ maxDepth: 3 }),
);
