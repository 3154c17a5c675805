import fc from 'fast-check';
import { expect } from 'vitest';
import { InvalidSchemaError, validateJson } from '#kit/json-schema/validate.ts';
import { TimeLimitError } from '#kit/time-limit.ts';
import { SkeletonError, schemaSkeleton } from '#runner/sdk/schema-skeleton.ts';
import { schemas } from '../kit/json-schema/schema-arbitrary.ts';

const SEED = 6;

/** Schemas written the way people do: satisfiable by construction. */
const ordinary: fc.Arbitrary<unknown> = fc.letrec<{ schema: unknown }>((tie) => ({
  schema: fc.oneof(
    { maxDepth: 3, depthSize: 'small' },
    fc.record({ type: fc.constant('string'), minLength: fc.nat(5), maxLength: fc.integer({ min: 5, max: 9 }) }),
    fc.record({
      type: fc.constant('string'),
      pattern: fc.constantFrom('^[a-z]+$', '^\\d{4}-\\d{2}$', '^#[0-9a-f]{6}$'),
    }),
    fc.record({ type: fc.constant('string'), format: fc.constantFrom('date', 'email', 'uri', 'uuid', 'date-time') }),
    fc.record({ enum: fc.uniqueArray(fc.oneof(fc.string(), fc.integer()), { minLength: 1, maxLength: 4 }) }),
    fc.record({ type: fc.constantFrom('number', 'integer'), minimum: fc.integer({ min: -9, max: 9 }) }),
    fc.record({
      type: fc.constant('integer'),
      exclusiveMinimum: fc.integer({ min: -9, max: 9 }),
      multipleOf: fc.integer({ min: 1, max: 7 }),
    }),
    fc.record({ type: fc.constantFrom('boolean', 'null') }),
    fc.record({ type: fc.constant('array'), items: tie('schema'), minItems: fc.nat(3) }),
    fc.record({ anyOf: fc.array(tie('schema'), { minLength: 1, maxLength: 3 }) }),
    fc
      .dictionary(fc.constantFrom('a', 'b', 'c', 'd'), tie('schema'), { maxKeys: 4, noNullPrototype: true })
      .map((properties) => ({
        type: 'object',
        properties,
        required: Object.keys(properties).slice(0, 3),
        additionalProperties: false,
      })),
  ),
})).schema;

/** Whatever is satisfiable by construction has a skeleton. */
export function ordinaryHaveSkeletons(runs: number): void {
  fc.assert(
    fc.property(ordinary, (schema) => {
      expect(validateJson(schema, schemaSkeleton(schema))).toBeNull();
    }),
    { numRuns: runs, seed: SEED },
  );
}

/** Any schema at all has a skeleton that validates, or is refused in words; how many had one. */
export function anyHaveOneOrNone(runs: number): number {
  let found = 0;
  fc.assert(
    fc.property(schemas, (schema) => {
      try {
        expect(validateJson(schema, schemaSkeleton(schema))).toBeNull();
        found += 1;
      } catch (error) {
        const refusals = [SkeletonError, InvalidSchemaError, TimeLimitError];
        if (!refusals.some((kind) => error instanceof kind)) throw error;
      }
    }),
    { numRuns: runs, seed: SEED },
  );
  return found;
}
