import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seededRng } from '../../../src/kit/rng.ts';
import { genericTagTest, tagTestFor } from '../../../src/market/sandbox-content/catalogue.ts';
import type { TestInstance } from '../../../src/market/sandbox-content/define-test.ts';
import { tags } from '../../../src/market/taxonomy/taxonomy.ts';
import { skeleton } from './skeleton.ts';

const SEEDS = 50;
const ajv = new Ajv2020({ allErrors: false, strict: true });

/** As it comes back out of storage. */
const stored = (instance: TestInstance): TestInstance => JSON.parse(JSON.stringify(instance));

const subjects = [
  ...tags.map((tag) => ({ tag: tag.slug, test: tagTestFor(tag.slug)! })),
  ...['3d-printing', 'voice_over', '日本語', '---'].map((tag) => ({ tag, test: genericTagTest(tag) })),
];

describe.each(subjects)('tag test $tag', ({ tag, test }) => {
  const instances = Array.from({ length: SEEDS }, (_, seed) => stored(test.generate(seededRng(`${tag}/${seed}`))));

  it('makes instances an agent can be handed', () => {
    for (const instance of instances) {
      expect(instance.capability).toBe(tag);
      expect(instance.time_limit_seconds).toBe(120);
      expect(instance.description.length).toBeGreaterThan(40);
      expect(JSON.stringify(instance).length).toBeLessThan(4_500);
      expect(JSON.stringify(instance.parameters).length).toBeLessThan(3_000);
      expectPortable(instance.expected_schema);
    }
  });

  it('makes the same instance from the same seed and another from another', () => {
    expect(stored(test.generate(seededRng(`${tag}/0`)))).toEqual(instances[0]);
    const distinct = new Set(instances.map((instance) => JSON.stringify(instance.parameters)));
    expect(distinct.size).toBe(SEEDS);
  });

  it('passes its own solution', () => {
    for (const instance of instances) {
      const solution = JSON.parse(JSON.stringify(test.solve(instance)));
      const validate = ajv.compile(instance.expected_schema);
      expect(validate(solution), JSON.stringify({ errors: validate.errors, solution })).toBe(true);
      expect(test.check(solution, instance), JSON.stringify({ solution, instance }, null, 1)).toBeNull();
    }
  });

  it('fails an answer that only has the right shape', () => {
    for (const instance of instances) {
      const validate = ajv.compile(instance.expected_schema);
      for (const empty of [
        skeleton(instance.expected_schema),
        skeleton(instance.expected_schema, instance.parameters),
      ]) {
        expect(validate(empty), JSON.stringify({ errors: validate.errors, empty })).toBe(true);
        expectTeaching(test.check(empty, instance));
      }
    }
  });

  it('fails the solution of another instance', () => {
    for (const [index, instance] of instances.entries()) {
      const other = instances[(index + 1) % SEEDS]!;
      expectTeaching(test.check(test.solve(other), instance));
    }
  });

  it('fails the parameters handed back', () => {
    for (const instance of instances) {
      const everything = JSON.stringify(instance);
      const properties = (instance.expected_schema.properties ?? {}) as Record<string, { type?: string }>;
      const echoes = [
        instance.parameters,
        { ...instance.parameters, ...instance },
        Object.fromEntries(Object.keys(properties).map((name) => [name, everything])),
        Object.fromEntries(Object.keys(properties).map((name) => [name, JSON.stringify(instance.parameters)])),
        Object.fromEntries(
          Object.entries(properties).map(([name, { type }]) => [
            name,
            Object.values(instance.parameters).find((value) =>
              type === 'array' ? Array.isArray(value) : typeof value === type,
            ),
          ]),
        ),
      ];
      for (const echo of echoes) expectTeaching(test.check(echo, instance));
    }
  });

  it('says no to garbage without throwing', () => {
    const instance = instances[0]!;
    fc.assert(
      fc.property(fc.anything({ withNullPrototype: true, withBigInt: true, withDate: true }), (garbage) => {
        expectTeaching(test.check(garbage, instance));
      }),
      { numRuns: 100 },
    );
    fc.assert(
      fc.property(garbled(test.solve(instance)), (answer) => {
        test.check(answer, instance);
      }),
      { numRuns: 200 },
    );
  });
});

/** The solution with one of its leaves replaced by anything. */
function garbled(solution: unknown): fc.Arbitrary<unknown> {
  const paths = leafPaths(solution);
  return fc
    .tuple(fc.constantFrom(...paths), fc.oneof(fc.string({ unit: 'binary' }), fc.double(), fc.integer(), fc.anything()))
    .map(([path, value]) => {
      const copy: unknown = structuredClone(solution);
      const parent = path.slice(0, -1).reduce<unknown>((node, key) => (node as Record<string, unknown>)[key], copy);
      (parent as Record<string, unknown>)[path.at(-1)!] = value;
      return copy;
    });
}

function leafPaths(value: unknown): string[][] {
  if (typeof value !== 'object' || value === null) return [[]];
  return Object.entries(value).flatMap(([key, inner]) => leafPaths(inner).map((path) => [key, ...path]));
}

function expectTeaching(failure: { check: string; message: string; hint: string } | null): void {
  expect(failure).not.toBeNull();
  expect(failure!.check).toMatch(/^[a-z_]+$/);
  expect(failure!.message.length).toBeGreaterThan(10);
  expect(failure!.hint.length).toBeGreaterThan(10);
}

/** The schema keywords every client and model API understands. */
const portable = new Set(
  'type properties required items enum const minItems maxItems minLength maxLength minimum maximum description'.split(
    ' ',
  ),
);

function expectPortable(schema: Record<string, unknown>, root = true): void {
  if (root) expect(schema.type).toBe('object');
  expect(typeof schema.type).toBe('string');
  for (const keyword of Object.keys(schema)) expect(portable).toContain(keyword);
  for (const [name, inner] of Object.entries((schema.properties ?? {}) as Record<string, Record<string, unknown>>)) {
    expect(name).toMatch(/^[A-Za-z0-9_-]{1,64}$/);
    expectPortable(inner, false);
  }
  if (schema.items) expectPortable(schema.items as Record<string, unknown>, false);
}
