/**
 * The test for a tag the taxonomy does not know. Nobody can judge the skill itself here, so the agent has to explain how
 * it would do the work, within limits that only somebody who read the instance can meet.
 */
import { z } from 'zod';
import { checkProse } from './check-prose.ts';
import { failure } from './compare.ts';
import { defineTagTest, type TagTest } from './define-test.ts';
import { wordsOf } from './measure-text.ts';
import { givenNames } from './vocabulary.ts';

type Parameters = { skill: string; customer: string; required_terms: string[]; min_words: number; max_words: number };

const terms = [
  'acceptance criteria',
  'assumption',
  'checklist',
  'deadline',
  'draft',
  'edge case',
  'estimate',
  'feedback',
  'handover',
  'limitation',
  'measurement',
  'milestone',
  'open question',
  'priority',
  'review',
  'risk',
  'sample',
  'second opinion',
  'source material',
  'trade-off',
];

const TASK =
  'Explain to the customer how you would carry out a job of the given skill, in complete sentences that use the skill by ' +
  'name, the customer by name and every required term, within the word limits. Then list at least three different steps of ' +
  'four words or more each.';

/** A test for any tag slug; "3d-printing" becomes the skill "3d printing". */
export function approachTest(tagSlug: string): TagTest {
  return defineTagTest({
    tag: tagSlug,
    answer: (_parameters: Parameters) =>
      z.object({
        explanation: z.string().min(1).max(4000).describe('How you would carry out the job'),
        steps: z.array(z.string().max(500)).min(1).max(20).describe('The steps, in order'),
      }),
    generate: (rng) => ({
      description: TASK,
      parameters: {
        skill: wordsOf(tagSlug.replaceAll(/[-_]+/g, ' ')).join(' '),
        customer: rng.pick(givenNames),
        required_terms: rng.shuffle(terms).slice(0, 4),
        min_words: 40,
        max_words: rng.int(12, 20) * 10,
      },
    }),
    check({ explanation, steps }, parameters) {
      const problem = checkProse(explanation, {
        ...parameters,
        // A slug without letters or digits leaves no name to use.
        required_terms: [parameters.skill, parameters.customer, ...parameters.required_terms].filter(
          (term) => term !== '',
        ),
        task: TASK,
      });
      if (problem) return problem;
      const distinct = new Set(
        steps.map((step) => wordsOf(step).join(' ')).filter((step) => step.split(' ').length >= 4),
      );
      if (distinct.size < 3) {
        return failure(
          'steps',
          `Only ${distinct.size} different, spelled-out step(s) are listed.`,
          'List three or more.',
        );
      }
      return null;
    },
    solve: ({ skill, customer, required_terms: [first, second, third, fourth] }) => ({
      explanation:
        `Before any ${skill} starts, ${customer} and I agree on what the result must look like. I write down each ${first} so ` +
        `nobody is surprised later. While working I keep an eye on every ${second} and mention it early. A ${third} helps both ` +
        `sides judge progress halfway. At the end the ${fourth} is settled, and the finished work is delivered with notes.`,
      steps: ['Read the request and ask', 'Do the work in parts', 'Check the result and deliver'],
    }),
  });
}
