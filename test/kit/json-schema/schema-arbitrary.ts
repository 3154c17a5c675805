import fc from 'fast-check';

/** Small vocabularies, so that schema and instance meet often enough to agree and to disagree. */
const names = fc.constantFrom('a', 'b', 'ab', "it's", 'a/b', 'm~n', 'é"', '0');
const scalars = fc.oneof(
  fc.constantFrom<unknown>(null, true, false, 'a', 'b', '', "it's", 'tab\tné"', '😀', 0.5, 1e-7, -3.25),
  fc.integer({ min: -3, max: 5 }),
  fc.string({ maxLength: 4, unit: 'grapheme' }),
);

export const instances: fc.Arbitrary<unknown> = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, depthSize: 'small' },
    scalars,
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(names, tie('value'), { maxKeys: 3, noNullPrototype: true }),
  ),
})).value;

const patterns = fc.constantFrom('^a', 'b$', '^[ab]+$', '\\d', '^it', '.');
const small = fc.integer({ min: 0, max: 3 });
const kinds = fc.constantFrom('string', 'number', 'integer', 'boolean', 'null', 'array', 'object');
const nameLists = fc.uniqueArray(names, { maxLength: 3 });

/** Schemas of draft 2020-12 over the same vocabularies; about half of the pairs with `instances` are valid. */
export const schemas: fc.Arbitrary<unknown> = fc.letrec<{ schema: unknown; root: unknown }>((tie) => {
  const sub = tie('schema');
  const subs = fc.array(sub, { minLength: 1, maxLength: 3 });
  const keyed = fc.dictionary(names, sub, { maxKeys: 3, noNullPrototype: true });
  const keyword = (name: string, value: fc.Arbitrary<unknown>) => value.map((v): [string, unknown] => [name, v]);
  const keywords = fc.oneof(
    keyword('type', fc.oneof(kinds, fc.uniqueArray(kinds, { minLength: 1, maxLength: 3 }))),
    keyword('enum', fc.array(instances, { minLength: 1, maxLength: 3 })),
    keyword('const', instances),
    ...['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum'].map((k) =>
      keyword(k, fc.integer({ min: -2, max: 3 })),
    ),
    keyword('multipleOf', fc.constantFrom(2, 3, 0.5)),
    ...['minLength', 'maxLength', 'minItems', 'maxItems', 'minProperties', 'maxProperties'].map((k) =>
      keyword(k, small),
    ),
    keyword('pattern', patterns),
    keyword('uniqueItems', fc.boolean()),
    keyword('required', nameLists),
    keyword('dependentRequired', fc.dictionary(names, nameLists, { maxKeys: 2, noNullPrototype: true })),
    keyword('properties', keyed),
    keyword('patternProperties', fc.dictionary(patterns, sub, { maxKeys: 2, noNullPrototype: true })),
    keyword('additionalProperties', fc.oneof(fc.constant(false), sub)),
    keyword('propertyNames', sub),
    keyword('dependentSchemas', keyed),
    keyword('prefixItems', subs),
    keyword('items', fc.oneof(fc.constant(false), sub)),
    keyword('contains', sub),
    keyword('minContains', small),
    keyword('maxContains', small),
    keyword('allOf', subs),
    keyword('anyOf', subs),
    keyword('oneOf', subs),
    keyword('not', sub),
    keyword('if', sub),
    keyword('then', sub),
    keyword('else', sub),
    keyword('unevaluatedProperties', fc.constant(false)),
    keyword('unevaluatedItems', fc.constant(false)),
    keyword('$ref', fc.constantFrom('#/$defs/one', '#/$defs/m~0n%25', '#two')),
  );
  const objectSchema = fc.array(keywords, { minLength: 1, maxLength: 4 }).map((entries) => Object.fromEntries(entries));
  return {
    schema: fc.oneof({ maxDepth: 3, depthSize: 'medium' }, fc.boolean(), objectSchema),
    root: fc
      .tuple(
        objectSchema,
        fc.constantFrom({ type: 'string' }, { minimum: 1 }, { type: 'object' }, { enum: ['a', 1] }),
        instances,
      )
      .map(([schema, one, two]) => ({
        ...schema,
        $defs: { one, 'm~n%': { items: { type: 'integer' } }, two: { $anchor: 'two', const: two } },
      })),
  };
}).root;
