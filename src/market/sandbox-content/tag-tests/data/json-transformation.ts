/** Nested records to be filtered, flattened, renamed and sorted as a specification says. */

import { z } from 'zod';
import type { Rng } from '#kit/rng.ts';
import { compareRows } from '../../compare.ts';
import { defineTagTest } from '../../define-test.ts';
import { cities, colours, familyNames, givenNames } from '../../vocabulary.ts';

type Source = {
  id: string;
  owner: { given: string; family: string };
  stats: { views: number; likes: number };
  place: { city: string; archived: boolean };
};
type Parameters = {
  input: Source[];
  specification: {
    keep_if: { path: string; at_least: number };
    rename: { to: string; path: string; type: 'string' | 'number' | 'boolean' }[];
    sort: { path: string; order: 'ascending' | 'descending' };
  };
};
type Output = Record<string, unknown>;

const targets: readonly (readonly [string, 'string' | 'number' | 'boolean', readonly string[]])[] = [
  ['id', 'string', ['key', 'ref', 'code']],
  ['owner.given', 'string', ['first_name', 'forename']],
  ['owner.family', 'string', ['last_name', 'surname']],
  ['place.city', 'string', ['location', 'town']],
  ['place.archived', 'boolean', ['is_old', 'retired']],
  ['stats.views', 'number', ['seen', 'hits']],
];

function drawInput(rng: Rng): Source[] {
  // Distinct figures, so that there is one way to sort.
  const figures = rng.shuffle(Array.from({ length: 90 }, (_, index) => index + 10));
  return Array.from({ length: 5 }, (_, index) => ({
    id: `${rng.pick(colours)}-${rng.int(100, 999)}`,
    owner: { given: rng.pick(givenNames), family: rng.pick(familyNames) },
    stats: { views: (figures[index] ?? 0) * 10, likes: figures[index + 5] ?? 0 },
    place: { city: rng.pick(cities), archived: rng.next() < 0.5 },
  }));
}

/** The value at a dotted path. */
function at(source: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((node, key) => (node as Record<string, unknown> | undefined)?.[key], source);
}

function transform({ input, specification }: Parameters): Output[] {
  const { keep_if, rename, sort } = specification;
  const direction = sort.order === 'ascending' ? 1 : -1;
  return input
    .filter((entry) => Number(at(entry, keep_if.path)) >= keep_if.at_least)
    .sort((a, b) => direction * (Number(at(a, sort.path)) - Number(at(b, sort.path))))
    .map((entry) => Object.fromEntries(rename.map(({ to, path }) => [to, at(entry, path)])));
}

const types = { string: () => z.string().max(500), number: () => z.number(), boolean: () => z.boolean() };

export const jsonTransformation = defineTagTest({
  tag: 'json-transformation',
  answer: ({ specification }: Parameters): z.ZodType<{ output: Output[] }> =>
    z.object({
      output: z
        .array(
          z.object(
            Object.fromEntries(specification.rename.map(({ to, type, path }) => [to, types[type]().describe(path)])),
          ),
        )
        .max(50)
        .describe('The transformed records'),
    }),
  generate(rng) {
    const input = drawInput(rng);
    const views = input.map((entry) => entry.stats.views).sort((a, b) => a - b);
    return {
      description:
        'Transform the input records: drop those whose value at keep_if.path is below at_least, sort the rest by sort.path, and ' +
        'turn each into a flat object that has, for every entry of rename, the key "to" with the value at "path". Dots in paths ' +
        'lead into nested objects. No other keys.',
      parameters: {
        input,
        specification: {
          keep_if: { path: 'stats.views', at_least: views[rng.int(1, 2)] ?? 0 },
          rename: rng
            .shuffle(targets)
            .slice(0, 4)
            .map(([path, type, names]) => ({ to: rng.pick(names), path, type })),
          sort: { path: 'stats.likes', order: rng.pick(['ascending', 'descending'] as const) },
        },
      },
    };
  },
  check: ({ output }, parameters) =>
    compareRows(transform(parameters), output, {
      noun: 'record',
      hint: 'Filter first, sort by a path that need not be in the output, then pick and rename.',
    }),
  solve: (parameters) => ({ output: transform(parameters) }),
});
