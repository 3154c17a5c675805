/** Two reports on one festival that agree on some figures, disagree on others, and each leave something out. */

import { z } from 'zod';
import type { Rng } from '#kit/rng.ts';
import { compareById, failure } from '../../compare.ts';
import { defineTagTest } from '../../define-test.ts';
import { cities, companyHeads } from '../../vocabulary.ts';

type Parameters = { first_report: string; second_report: string; measures: string[] };

/** Two wordings per figure; `#` stands for it. */
const wordings: Readonly<Record<string, readonly [string, string]>> = {
  visitors: ['About the gates we learned that # visitors came.', 'The police counted # visitors.'],
  concerts: ['On the stages, # concerts were given.', 'The programme lists # concerts.'],
  volunteers: ['Without its # volunteers nothing would have worked.', 'In all, # volunteers lent a hand.'],
  tents: ['The camp site held # tents.', 'At night # tents stood on the meadow.'],
  buses: ['From the station # buses ran in turns.', 'The town had rented # buses.'],
  injuries: ['Doctors treated # injuries, all of them minor.', 'The aid post noted # injuries.'],
  stalls: ['Food was sold at # stalls.', 'Around the square there were # stalls.'],
};

interface Comparison {
  disagreements: { measure: string; first: number; second: number }[];
  only_in_one: string[];
}

function drawParameters(rng: Rng): Parameters {
  const chosen = rng.shuffle(Object.keys(wordings));
  const scale: Readonly<Record<string, number>> = { visitors: 900, volunteers: 20, tents: 30 };
  const figures = chosen.map((measure) => {
    const figure = rng.int(12, 97) * (scale[measure] ?? 1);
    return { measure, first: figure, second: figure };
  });
  for (const entry of figures.slice(0, rng.int(2, 3))) entry.second += rng.int(1, 9) * rng.pick([-1, 1]);
  const [onlyFirst, onlySecond] = [chosen.at(-1), chosen.at(-2)];
  const report = (side: 'first' | 'second', absent: string | undefined) =>
    rng
      .shuffle(figures.filter((entry) => entry.measure !== absent))
      .map((entry) => (wordings[entry.measure]?.[side === 'first' ? 0 : 1] ?? '').replace('#', String(entry[side])))
      .join(' ');
  const name = `the ${rng.pick(companyHeads)} festival in ${rng.pick(cities)}`;
  return {
    first_report: `A report on ${name}. ${report('first', onlySecond)}`,
    second_report: `Looking back at ${name}. ${report('second', onlyFirst)}`,
    measures: Object.keys(wordings),
  };
}

function compareReports({ first_report, second_report, measures }: Parameters): Comparison {
  const read = (report: string, measure: string) => new RegExp(`(\\d+) ${measure}\\b`).exec(report)?.[1];
  const both = measures.map((measure) => ({
    measure,
    first: read(first_report, measure),
    second: read(second_report, measure),
  }));
  return {
    disagreements: both.flatMap(({ measure, first, second }) =>
      first !== undefined && second !== undefined && first !== second
        ? [{ measure, first: Number(first), second: Number(second) }]
        : [],
    ),
    only_in_one: both
      .filter(({ first, second }) => (first === undefined) !== (second === undefined))
      .map(({ measure }) => measure),
  };
}

export const sourceComparison = defineTagTest({
  tag: 'source-comparison',
  answer: (_parameters: Parameters) =>
    z.object({
      disagreements: z
        .array(
          z.object({
            measure: z.string().max(100).describe('One of the measures'),
            first: z.number().describe('Its figure in the first report'),
            second: z.number().describe('Its figure in the second report'),
          }),
        )
        .max(50)
        .describe('In any order'),
      only_in_one: z.array(z.string().max(100)).max(50).describe('Measures that only one report gives, in any order'),
    }),
  generate: (rng) => ({
    description:
      'Compare the two reports. For every one of the measures that both give, list it as a disagreement when the figures ' +
      'differ, with both figures. List apart the measures that only one of the reports gives. Leave out what they agree on.',
    parameters: drawParameters(rng),
  }),
  check({ disagreements, only_in_one }, parameters) {
    const truth = compareReports(parameters);
    const hint = 'Look up each measure in both reports; the sentences differ even where the figures do not.';
    const problem = compareById({
      expected: truth.disagreements,
      actual: disagreements,
      id: (entry) => entry.measure,
      noun: 'disagreement',
      wrongField: (wanted, given) =>
        wanted.first !== given.first ? 'first' : wanted.second !== given.second ? 'second' : null,
      hint,
    });
    if (problem) return problem;
    return [...new Set(only_in_one)].sort().join() === [...truth.only_in_one].sort().join()
      ? null
      : failure('only_in_one', 'The list of measures that only one report gives is not right.', hint);
  },
  solve: compareReports,
});
