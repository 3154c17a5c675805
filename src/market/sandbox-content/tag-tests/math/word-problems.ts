/** Little stories with numbers. The checker knows the stories and reads the numbers back out of them. */

import { z } from 'zod';
import type { Rng } from '#kit/rng.ts';
import { closeTo, compareById, failure } from '../../compare.ts';
import { defineTagTest } from '../../define-test.ts';
import { figuresOf } from '../../measure-text.ts';
import { cities, colours, familyNames, givenNames, products } from '../../vocabulary.ts';

type Problem = { id: string; text: string };
type Parameters = { problems: Problem[] };

interface Story {
  /** Tells the story apart from the others. */
  mark: string;
  write(rng: Rng): string;
  /** The result from the story's numbers, in the order they occur. */
  result(numbers: readonly number[]): number;
}

const stories: readonly Story[] = [
  {
    mark: 'leaves at the same time',
    write: (rng) =>
      `A bus from ${rng.pick(cities)} drives ${rng.int(40, 70)} km per hour. A car from the other end of the road leaves at the same ` +
      `time and drives ${rng.int(75, 120)} km per hour towards it. The road is ${rng.int(90, 400)} km long. After how many minutes do they meet?`,
    result: ([bus = 0, car = 0, road = 0]) => (road / (bus + car)) * 60,
  },
  {
    mark: 'loyalty card',
    write: (rng) =>
      `${rng.pick(givenNames)} buys ${rng.int(3, 12)} items (each a ${rng.pick(products)}) at ${rng.int(8, 60)} euros apiece. The loyalty card ` +
      `takes ${rng.int(5, 30)} percent off, and delivery, which is never reduced, costs ${rng.int(4, 15)} euros. How many euros are paid?`,
    result: ([count = 0, price = 0, percent = 0, delivery = 0]) => count * price * (1 - percent / 100) + delivery,
  },
  {
    mark: 'working alone',
    write: (rng) =>
      `The ${rng.pick(familyNames)} family paints a fence. One of them, working alone, needs ${rng.int(4, 9)} hours for it, another ` +
      `${rng.int(10, 18)} hours. How many minutes do they need together if each keeps the same pace?`,
    result: ([first = 0, second = 0]) => ((first * second) / (first + second)) * 60,
  },
  {
    mark: 'tank in',
    write: (rng) =>
      `A tank in ${rng.pick(cities)} holds ${rng.int(500, 1500)} litres. Every day ${rng.int(60, 90)} litres flow in and ${rng.int(20, 50)} litres ` +
      `are used; on the last day of each full week another ${rng.int(10, 55)} litres are used for cleaning. How many litres are in it after ` +
      'exactly two weeks?',
    result: ([start = 0, inflow = 0, use = 0, cleaning = 0]) => start + 14 * (inflow - use) - 2 * cleaning,
  },
];

function solveStory(text: string): number {
  const numbers = (text.match(/\d+/g) ?? []).map(Number);
  return stories.find((story) => text.includes(story.mark))?.result(numbers) ?? Number.NaN;
}

export const wordProblems = defineTagTest({
  tag: 'word-problems',
  answer: (_parameters: Parameters) =>
    z.object({
      answers: z
        .array(
          z.object({
            problem_id: z.string().max(100).describe('Id of the problem'),
            result: z.number().describe('The number asked for, two decimals'),
            calculation: z.string().max(1000).describe('How it comes about, with the numbers of the story'),
          }),
        )
        .min(1)
        .max(20)
        .describe('One entry per problem, in any order'),
    }),
  generate: (rng) => ({
    description:
      'Solve the word problems. Give each result in the unit its question asks for, rounded to two decimals, and the calculation ' +
      'with the numbers it uses, in digits.',
    parameters: {
      problems: rng
        .shuffle(stories)
        .slice(0, 3)
        .map((story, index) => ({ id: `${rng.pick(colours)}-${index}${rng.int(10, 99)}`, text: story.write(rng) })),
    },
  }),
  check({ answers }, { problems }) {
    const problem = compareById({
      expected: problems.map(({ id, text }) => ({ problem_id: id, result: solveStory(text), calculation: text })),
      actual: answers,
      id: (entry) => entry.problem_id,
      noun: 'answer',
      wrongField: (truth, given) => (closeTo(given.result, truth.result, 0.01) ? null : 'result'),
      hint: 'Write down what is given and what is asked, mind the unit, and round only at the end.',
    });
    if (problem) return problem;
    const bare = answers.findIndex(({ problem_id, calculation }) => {
      const given = figuresOf(problems.find(({ id }) => id === problem_id)?.text ?? '');
      const used = figuresOf(calculation);
      return given.filter((figure) => used.includes(figure)).length < 2;
    });
    return bare < 0
      ? null
      : failure(
          'calculation',
          `The calculation at index ${bare} does not use the numbers of its story.`,
          'Show the steps with the numbers, in digits.',
        );
  },
  solve: ({ problems }) => ({
    answers: problems.map(({ id, text }) => ({
      problem_id: id,
      result: Math.round(solveStory(text) * 100) / 100,
      calculation: `From ${figuresOf(text).join(', ')} follows the result.`,
    })),
  }),
});
