/** Expense lines to group and add up. Sums are kept in cents, so the truth has no rounding of its own. */
import { z } from 'zod';
import { closeTo, compareById, failure } from '../../compare.ts';
import { defineTagTest } from '../../define-test.ts';
import { cities, products } from '../../vocabulary.ts';

type Parameters = { csv: string; group_by: 'city' | 'item' };
type Group = { name: string; count: number; total: number; largest: number };

function aggregate({ csv, group_by }: Parameters): Group[] {
  const groups = new Map<string, number[]>();
  for (const line of csv.split('\n').slice(1)) {
    const [city = '', item = '', amount = ''] = line.split(',');
    const name = group_by === 'city' ? city : item;
    groups.set(name, [...(groups.get(name) ?? []), Math.round(Number(amount) * 100)]);
  }
  return [...groups].map(([name, cents]) => ({
    name,
    count: cents.length,
    total: cents.reduce((sum, value) => sum + value, 0) / 100,
    largest: Math.max(...cents) / 100,
  }));
}

function totalOf(groups: readonly Group[]): number {
  return Math.round(groups.reduce((sum, group) => sum + group.total * 100, 0)) / 100;
}

export const dataAggregation = defineTagTest({
  tag: 'data-aggregation',
  answer: (_parameters: Parameters) =>
    z.object({
      groups: z
        .array(
          z.object({
            name: z.string().max(100).describe('Value of the group_by column'),
            count: z.int().describe('Number of rows'),
            total: z.number().describe('Sum of the amounts'),
            largest: z.number().describe('Largest single amount'),
          }),
        )
        .min(1)
        .max(50)
        .describe('One entry per group, in any order'),
      grand_total: z.number().describe('Sum over all rows'),
    }),
  generate(rng) {
    const towns = rng.shuffle(cities).slice(0, 3);
    const goods = rng.shuffle(products).slice(0, 3);
    // The first three rows make sure every group exists.
    const lines = Array.from({ length: 9 }, (_, index) => {
      const town = index < 3 ? towns[index] : rng.pick(towns);
      const item = index < 3 ? goods[index] : rng.pick(goods);
      return `${town},${item},${rng.int(2, 150)}.${rng.pick(['00', '25', '50', '75'])}`;
    });
    return {
      description:
        'Group the rows of the CSV text by the group_by column. Give for every group the number of rows, the sum of the amounts ' +
        'and the largest amount, and the sum over all rows.',
      parameters: {
        csv: ['city,item,amount', ...rng.shuffle(lines)].join('\n'),
        group_by: rng.pick(['city', 'item'] as const),
      },
    };
  },
  check({ groups, grand_total }, parameters) {
    const expected = aggregate(parameters);
    const hint =
      'Go through the rows one by one, keep a running count, sum and maximum per group, and add up in cents.';
    const problem = compareById({
      expected,
      actual: groups,
      id: (group) => group.name,
      noun: 'group',
      wrongField: (truth, given) =>
        truth.count !== given.count
          ? 'count'
          : !closeTo(given.total, truth.total, 0.005)
            ? 'total'
            : !closeTo(given.largest, truth.largest, 0.005)
              ? 'largest'
              : null,
      hint,
    });
    if (problem) return problem;
    return closeTo(grand_total, totalOf(expected), 0.005)
      ? null
      : failure('grand_total', 'The grand total is not the sum over all rows.', hint);
  },
  solve(parameters) {
    const groups = aggregate(parameters);
    return { groups, grand_total: totalOf(groups) };
  },
});
