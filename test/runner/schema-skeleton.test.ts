import { describe, expect, it } from 'vitest';
import { validateJson } from '#kit/json-schema/validate.ts';
import { seededRng } from '#kit/rng.ts';
import { TimeLimitError } from '#kit/time-limit.ts';
import { tagTestFor } from '#market/sandbox-content/catalogue.ts';
import { tags } from '#market/taxonomy/taxonomy.ts';
import { sampleOfPattern } from '#runner/sdk/sample-string.ts';
import { SkeletonError, schemaSkeleton } from '#runner/sdk/schema-skeleton.ts';
import { anyHaveOneOrNone, ordinaryHaveSkeletons } from '../support/skeleton-properties.ts';

describe('a skeleton', () => {
  it.each([
    [{ const: 3, enum: [1] }, undefined],
    [{ enum: ['b', 'a'], default: 'a' }, 'b'],
    [{ type: 'string', default: 'd', examples: ['e'] }, 'd'],
    [{ type: 'string', examples: ['e'] }, 'e'],
    [{ type: 'string', minLength: 3 }, 'xxx'],
    [{ type: 'string', format: 'date-time' }, '2026-01-01T00:00:00Z'],
    [{ type: 'string', pattern: '^[A-Z]{3}-\\d+$' }, 'AAA-0'],
    [{ type: 'integer', exclusiveMinimum: 4, multipleOf: 3 }, 6],
    [{ type: 'number', minimum: 0.2, maximum: 0.4 }, expect.any(Number)],
    [{ type: 'array', minItems: 2, items: { type: 'boolean' } }, [false, false]],
    [{ type: 'array', prefixItems: [{ const: 1 }, { const: 'a' }] }, [1, 'a']],
    [{ type: 'object', required: ['a'], properties: { a: { type: 'null' }, b: {} } }, { a: null }],
    [{ allOf: [{ required: ['a'] }, { properties: { a: { const: 1 } } }], type: 'object' }, { a: 1 }],
    [{ oneOf: [false, { type: 'string' }] }, ''],
    [
      {
        $ref: '#/$defs/x',
        $defs: {
          x: { type: 'object', required: ['y'], properties: { y: { $ref: '#z' } } },
          z: { $anchor: 'z', const: 7 },
        },
      },
      { y: 7 },
    ],
    [{ type: 'array', minItems: 3, uniqueItems: true }, [0, 1, 2]],
    [
      { type: 'object', minProperties: 2, additionalProperties: { type: 'integer' } },
      { x0: 0, x1: 0 },
    ],
    [
      { type: 'object', required: ['a'], dependentRequired: { a: ['b'] }, properties: { b: { const: 2 } } },
      { a: null, b: 2 },
    ],
    [{ type: 'array', contains: { const: 5 }, minContains: 2 }, [5, 5]],
    [{ not: { type: 'object' }, type: ['object', 'string'] }, ''],
  ])('of %j is %j', (schema, expected) => {
    if (expected === undefined) expect(() => schemaSkeleton(schema)).toThrow(SkeletonError);
    else expect(schemaSkeleton(schema)).toEqual(expected);
  });

  it('takes what a parameter of the same name and type says', () => {
    const schema = {
      type: 'object',
      required: ['city', 'n'],
      properties: { city: { type: 'string' }, n: { type: 'integer' } },
    };
    expect(schemaSkeleton(schema, '', { city: 'Oslo', n: 'three' })).toEqual({ city: 'Oslo', n: 0 });
  });

  it('is no answer to a tag test', () => {
    for (const tag of tags.map(({ slug }) => slug)) {
      const test = tagTestFor(tag);
      const task = test?.generate(seededRng(`skeleton/${tag}`));
      if (!test || !task) continue;
      const skeleton = schemaSkeleton(task.expected_schema, task.description, task.parameters);
      expect(validateJson(task.expected_schema, skeleton)).toBeNull();
      expect({ tag, passed: test.check(skeleton, task) === null }).toEqual({ tag, passed: false });
    }
  });

  it('gives up on a pattern that never ends, in time', () => {
    const hostile = {
      type: 'string',
      allOf: [{ pattern: '^(a|aa)+$' }, { pattern: 'b$' }],
      examples: [`${'a'.repeat(60)}b`],
    };
    expect(() => schemaSkeleton(hostile)).toThrow(TimeLimitError);
  });

  it.each(['^a+$', '^(?:ab|c){2}$', '\\d{3,}', '[^a-z]x?', '^\\u0041\\.\\w$', 'a{2,3}b*'])('samples %s', (pattern) => {
    expect(sampleOfPattern(pattern, 0)).toMatch(new RegExp(pattern, 'u'));
  });
});

describe('of generated schemas (a slice of the long suite)', () => {
  it('ordinary ones always have a skeleton', () => ordinaryHaveSkeletons(200));
  it('any have one that validates, or a clear refusal', () => {
    expect(anyHaveOneOrNone(150)).toBeGreaterThan(90);
  });
});
