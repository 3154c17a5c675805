/** Test cases for a function with four branches. The checker reads the function's constants out of its source. */

import { z } from 'zod';
import type { Rng } from '#kit/rng.ts';
import { failure } from '../../compare.ts';
import { defineTagTest } from '../../define-test.ts';

type Parameters = { language: 'javascript'; source: string };

interface TierFunction {
  strictLow: boolean;
  low: number;
  strictMid: boolean;
  mid: number;
  base: number;
  rate: number;
  cap: number;
}

const subjects = [
  ['shippingFee', 'weight'],
  ['parkingFee', 'minutes'],
  ['loanFee', 'days'],
  ['towingFee', 'distance'],
  ['storageFee', 'boxes'],
  ['lateFee', 'hours'],
] as const;

function drawSource(rng: Rng): string {
  const [name, input] = rng.pick(subjects);
  const low = rng.int(2, 30);
  const mid = low + rng.int(3, 40);
  const base = rng.int(3, 60);
  const operator = () => rng.pick(['<', '<=']);
  return [
    `function ${name}(${input}) {`,
    `  if (${input} < 0) return -1;`,
    `  if (${input} ${operator()} ${low}) return ${base};`,
    `  if (${input} ${operator()} ${mid}) return ${base} + (${input} - ${low}) * ${rng.int(2, 9)};`,
    `  return ${base + rng.int(400, 900)};`,
    '}',
  ].join('\n');
}

function readSource(source: string): TierFunction {
  const tiers = [...source.matchAll(/if \(\w+ (<=?) (\d+)\) return (-?\d+)/g)];
  return {
    strictLow: tiers[1]?.[1] === '<',
    strictMid: tiers[2]?.[1] === '<',
    low: Number(tiers[1]?.[2]),
    mid: Number(tiers[2]?.[2]),
    base: Number(tiers[1]?.[3]),
    rate: Number(/\* (\d+);/.exec(source)?.[1]),
    cap: Number(/^ {2}return (\d+);/m.exec(source)?.[1]),
  };
}

function evaluate(tiers: TierFunction, input: number): { branch: string; value: number } {
  if (input < 0) return { branch: 'negative input', value: -1 };
  if (tiers.strictLow ? input < tiers.low : input <= tiers.low) return { branch: 'first tier', value: tiers.base };
  if (tiers.strictMid ? input < tiers.mid : input <= tiers.mid) {
    return { branch: 'second tier', value: tiers.base + (input - tiers.low) * tiers.rate };
  }
  return { branch: 'last return', value: tiers.cap };
}

export const testWriting = defineTagTest({
  tag: 'test-writing',
  answer: (_parameters: Parameters) =>
    z.object({
      cases: z
        .array(
          z.object({ input: z.int().describe('Argument'), expected: z.int().describe('What the function returns') }),
        )
        .min(1)
        .max(20)
        .describe('The test cases'),
    }),
  generate: (rng) => ({
    description:
      'Write test cases for the given function. Together they must reach all four return statements and include, as ' +
      'inputs, zero and both non-zero constants the input is compared with. Whole numbers only, at most 20 cases, no input twice.',
    parameters: { language: 'javascript', source: drawSource(rng) },
  }),
  check({ cases }, { source }) {
    const tiers = readSource(source);
    const inputs = new Set(cases.map((entry) => entry.input));
    if (inputs.size < cases.length) {
      return failure('duplicate_input', 'Two cases have the same input.', 'Use every input once.');
    }
    const wrong = cases.findIndex((entry) => evaluate(tiers, entry.input).value !== entry.expected);
    if (wrong >= 0) {
      return failure(
        'expectation',
        `The function does not return what the case at index ${wrong} expects.`,
        'Run the function by hand, line by line; mind < against <=.',
      );
    }
    const reached = new Set(cases.map((entry) => evaluate(tiers, entry.input).branch));
    if (reached.size < 4) {
      return failure(
        'branch_coverage',
        `Only ${reached.size} of 4 return statements are reached.`,
        'Add a case per return.',
      );
    }
    const boundaries = [0, tiers.low, tiers.mid].filter((boundary) => inputs.has(boundary)).length;
    if (boundaries < 3) {
      return failure(
        'boundary_coverage',
        `Only ${boundaries} of 3 boundary values are among the inputs.`,
        'Test zero and each constant the input is compared with.',
      );
    }
    return null;
  },
  solve({ source }) {
    const tiers = readSource(source);
    const inputs = [-5, 0, tiers.low, tiers.low + 1, tiers.mid, tiers.mid + 1];
    return { cases: inputs.map((input) => ({ input, expected: evaluate(tiers, input).value })) };
  },
});
