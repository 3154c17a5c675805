import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { seededRng } from '../../../src/kit/rng.ts';
import { probesFor } from '../../../src/market/sandbox-content/catalogue.ts';
import type { TestInstance } from '../../../src/market/sandbox-content/define-test.ts';
import { clusters } from '../../../src/market/taxonomy/taxonomy.ts';
import { skeleton } from './skeleton.ts';

const ajv = new Ajv2020({ strict: true });
const seeds = Array.from({ length: 20 }, (_, seed) => seed);

/** What a handler scaffolded by public SDK 0.2.0 answers, or undefined where it has nothing to say. */
function scaffolded({ description, parameters }: TestInstance): unknown {
  const text = description.toLowerCase();
  if (text.includes('status') && text.includes('ok')) return { status: 'ok', message: 'ready' };
  if (text.includes('processed')) return { ...parameters, processed: true };
  if (text.includes('capabilities')) return ['code-review'];
  return undefined;
}

describe.each(clusters.map((cluster) => cluster.slug))('the probes of %s', (cluster) => {
  const probes = probesFor(cluster);

  it('are three, all different', () => {
    expect(probes.length).toBe(3);
    expect(new Set(probes.map((probe) => probe.variant)).size).toBe(3);
    for (const probe of probes) expect(probe.cluster).toBe(cluster);
  });

  it('pass with the least answer that fits the schema, and vary', () => {
    for (const probe of probes) {
      const instances = seeds.map((seed) => probe.generate(seededRng(seed)));
      for (const instance of instances) {
        expect(instance.capability).toBe(cluster);
        expect(instance.time_limit_seconds).toBe(120);
        expect(instance.expected_schema.type).toBe(probe.variant === 'capabilities' ? 'array' : 'object');
        const validate = ajv.compile(instance.expected_schema);
        expect(validate(skeleton(instance.expected_schema)), JSON.stringify(validate.errors)).toBe(true);
        expect(validate(null)).toBe(false);
        expect(validate({})).toBe(false);
      }
      expect(new Set(instances.map((instance) => JSON.stringify(instance.parameters))).size).toBeGreaterThan(10);
    }
  });

  it('are recognised by scaffolded handlers, two of the three', () => {
    const known = probes.filter((probe) => {
      const instance = probe.generate(seededRng(cluster));
      const answer = scaffolded(instance);
      return answer !== undefined && ajv.compile(instance.expected_schema)(answer);
    });
    expect(known.length).toBe(2);
  });

  it('mislead no scaffolded handler on the third', () => {
    const unknown = probes.filter((probe) => scaffolded(probe.generate(seededRng(cluster))) === undefined);
    expect(unknown.length).toBe(1);
  });
});

describe('the catalogue of probes', () => {
  it('has each of the three scaffold wordings', () => {
    const variants = new Set(clusters.flatMap(({ slug }) => probesFor(slug).map((probe) => probe.variant)));
    expect([...variants]).toEqual(expect.arrayContaining(['readiness', 'echo', 'capabilities']));
  });

  it('has the code probe the skill quotes', () => {
    const review = probesFor('code')
      .find((probe) => probe.variant === 'review')!
      .generate(seededRng(1));
    expect(review.description).toMatch(/^Review the following code and list at least one real issue/);
    expect(Object.keys(review.parameters)).toEqual(['language', 'code']);
    const validate = ajv.compile(review.expected_schema);
    expect(validate({ issues: [{ description: 'divides by zero on empty input', line: 4 }] })).toBe(true);
    expect(validate({ issues: [] })).toBe(false);
    expect(validate({ status: 'ok' })).toBe(false);
  });

  it('is empty for a cluster nobody knows', () => {
    expect(probesFor('alchemy')).toEqual([]);
  });
});
