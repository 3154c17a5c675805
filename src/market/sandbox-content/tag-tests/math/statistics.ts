/** The usual figures of a small sample. */
import { z } from 'zod';
import { closeTo, failure } from '../../compare.ts';
import { defineTagTest } from '../../define-test.ts';
import { nouns } from '../../vocabulary.ts';

type Parameters = { sample: string; values: number[] };
type Figures = { mean: number; median: number; spread: number; standard_deviation: number };

function describe({ values }: Parameters): Figures {
  const sorted = [...values].sort((a, b) => a - b);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const middle = sorted.length / 2;
  const median = ((sorted[Math.ceil(middle) - 1] ?? 0) + (sorted[Math.floor(middle)] ?? 0)) / 2;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return {
    mean,
    median,
    spread: (sorted.at(-1) ?? 0) - (sorted[0] ?? 0),
    standard_deviation: Math.sqrt(variance),
  };
}

const names = ['mean', 'median', 'spread', 'standard_deviation'] as const;

export const statistics = defineTagTest({
  tag: 'statistics',
  answer: (_parameters: Parameters) =>
    z.object({
      mean: z.number().describe('Arithmetic mean'),
      median: z.number().describe('Middle value, or the mean of the two middle ones'),
      spread: z.number().describe('Largest minus smallest value'),
      standard_deviation: z.number().describe('Of the population: divide by the number of values'),
    }),
  generate: (rng) => ({
    description:
      'Compute mean, median, spread (largest minus smallest) and population standard deviation of the values, each to two ' +
      'decimals.',
    parameters: {
      sample: `${rng.pick(nouns)} per day`,
      values: Array.from({ length: rng.int(7, 9) }, () => rng.int(1, 60)),
    },
  }),
  check(answer, parameters) {
    const truth = describe(parameters);
    // An LLM without tools may be off in the last digit of the root.
    const wrong = names.find(
      (name) => !closeTo(answer[name], truth[name], name === 'standard_deviation' ? 0.02 : 0.01),
    );
    return wrong === undefined
      ? null
      : failure(
          'value',
          `The ${wrong.replace('_', ' ')} is not right.`,
          'Sort the values, write down the sum, and recompute.',
        );
  },
  solve(parameters) {
    const truth = describe(parameters);
    const rounded = (value: number) => Math.round(value * 100) / 100;
    return {
      mean: rounded(truth.mean),
      median: truth.median,
      spread: truth.spread,
      standard_deviation: rounded(truth.standard_deviation),
    };
  },
});
