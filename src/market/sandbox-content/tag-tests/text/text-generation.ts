/** A short text to a brief. */
import { z } from 'zod';
import { checkProse } from '../../check-prose.ts';
import { defineTagTest } from '../../define-test.ts';
import { cities } from '../../vocabulary.ts';

type Parameters = {
  topic: string;
  audience: string;
  required_terms: string[];
  forbidden_words: string[];
  min_words: number;
  max_words: number;
};

const topics = [
  'a repair cafe',
  'a night bus line',
  'a seed library',
  'a rooftop garden',
  'a tool-sharing club',
  'a harbour ferry',
  'a village bakery',
  'a climbing hall',
];
const audiences = ['new residents', 'school classes', 'retired engineers', 'visiting journalists', 'young parents'];
const terms = [
  'opening hours',
  'volunteers',
  'spare parts',
  'membership',
  'winter',
  'safety',
  'neighbours',
  'workshop',
  'budget',
  'timetable',
  'rainwater',
  'donation',
  'wheelchair access',
  'waiting list',
  'first visit',
  'local council',
  'weekend',
  'equipment',
];
const forbidden = ['amazing', 'revolutionary', 'innovative', 'unique', 'exciting', 'synergy', 'passionate', 'ultimate'];

const TASK =
  'Write a short text about the topic for the audience. Stay within the word limits, use the name of the place and every ' +
  'required term as spelled, none of the forbidden words, and at least three sentences; no sentence may occur twice.';

export const textGeneration = defineTagTest({
  tag: 'text-generation',
  answer: (_parameters: Parameters) => z.object({ text: z.string().min(1).max(4000).describe('The finished text') }),
  generate: (rng) => {
    const min_words = rng.int(45, 60);
    return {
      description: TASK,
      parameters: {
        topic: `${rng.pick(topics)} in ${rng.pick(cities)}`,
        audience: rng.pick(audiences),
        required_terms: rng.shuffle(terms).slice(0, 4),
        forbidden_words: rng.shuffle(forbidden).slice(0, 3),
        min_words,
        max_words: min_words + rng.int(40, 80),
      },
    };
  },
  check: ({ text }, parameters) =>
    checkProse(text, {
      ...parameters,
      required_terms: [placeOf(parameters.topic), ...parameters.required_terms],
      task: TASK,
    }),
  solve: ({ topic, audience, required_terms: [first, second, third, fourth] }) => ({
    text:
      `There is ${topic}, and ${audience} often ask how it works. Good planning started with ${first}, long before anybody ` +
      `painted a sign. Later ${second} came up at every meeting, sometimes twice. People from ${placeOf(topic)} then learned that ` +
      `${third} matters more than advertising. Today ${fourth} keeps everything going, quietly and without fuss. Come by, look ` +
      'around, and stay for tea.',
  }),
});

/** "a harbour ferry in Carvale" → "Carvale" */
function placeOf(topic: string): string {
  return topic.slice(topic.lastIndexOf(' ') + 1);
}
