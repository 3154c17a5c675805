/** One question, several passages: the same subject in another year, another subject in the same year, a correction. */

import { z } from 'zod';
import type { Rng } from '#kit/rng.ts';
import { failure } from '../../compare.ts';
import { defineTagTest } from '../../define-test.ts';
import { figuresOf, mentions, wordsOf } from '../../measure-text.ts';
import { cities, colours } from '../../vocabulary.ts';

type Passage = { id: string; text: string };
type Question = { subject: string; measure: string; year: number };
type Parameters = { question: string; passages: Passage[] };

const measures = ['visitors', 'passengers', 'loans', 'repairs', 'subscribers'];
const kinds = ['museum', 'ferry', 'library', 'bus line', 'workshop'];

function drawParameters(rng: Rng): Parameters {
  const [city = '', elsewhere = ''] = rng.shuffle(cities);
  const kind = rng.pick(kinds);
  const [asked, other] = [`the ${city} ${kind}`, `the ${elsewhere} ${kind}`];
  const measure = rng.pick(measures);
  const year = rng.int(2008, 2022);
  const count = () => rng.int(2_100, 98_000);
  const state = (subject: string, when: number) =>
    rng.pick([
      `According to its yearly report, ${subject} counted ${count()} ${measure} in ${when}.`,
      `Figures for ${subject} in ${when}: ${count()} ${measure}, as a local paper wrote.`,
      `In the season of ${when}, ${count()} ${measure} were recorded at ${subject}.`,
    ]);
  const passages = [
    state(asked, year),
    state(asked, year - rng.int(1, 3)),
    state(other, year),
    `The director of ${asked} said in ${year} that nobody had expected so many ${measure}.`,
    ...(rng.next() < 0.5
      ? [`Correction: the number of ${measure} at ${asked} in ${year} was misprinted; it should read ${count()}.`]
      : [`Correction: the number of ${measure} at ${other} in ${year} was misprinted; it should read ${count()}.`]),
  ];
  return {
    question: `How many ${measure} did ${asked} have in ${year}?`,
    passages: rng
      .shuffle(passages)
      .map((text, index) => ({ id: `${rng.pick(colours)}-${index}${rng.int(10, 99)}`, text })),
  };
}

function readQuestion(question: string): Question {
  const [, measure = '', subject = '', year = ''] = /^How many (\w+) did (.+) have in (\d{4})\?$/.exec(question) ?? [];
  return { measure, subject, year: Number(year) };
}

/** The passage that settles the question: a correction outranks the report it corrects. */
function settle({ question, passages }: Parameters): { passage_id: string; figure: number } | null {
  const { subject, year } = readQuestion(question);
  const relevant = passages.filter(({ text }) => text.includes(subject) && mentions(text, String(year)));
  const counted = relevant.flatMap(({ id, text }) => {
    const figure = figuresOf(text).find((candidate) => candidate !== String(year));
    return figure === undefined
      ? []
      : [{ passage_id: id, figure: Number(figure), corrects: text.startsWith('Correction') }];
  });
  return counted.find((entry) => entry.corrects) ?? counted[0] ?? null;
}

export const research = defineTagTest({
  tag: 'research',
  answer: (_parameters: Parameters) =>
    z.object({
      answer: z.string().max(1000).describe('One full sentence that answers the question'),
      figure: z.number().describe('The number asked for'),
      passage_id: z.string().max(100).describe('Id of the passage that settles it'),
    }),
  generate: (rng) => ({
    description:
      'Answer the question from the passages: one full sentence that names subject, year and figure (in digits) and no other ' +
      'figure, the figure as a number, and the id of the passage that settles it. When a passage corrects another one, the ' +
      'correction counts.',
    parameters: drawParameters(rng),
  }),
  check({ answer, figure, passage_id }, parameters) {
    const truth = settle(parameters);
    const { subject, year } = readQuestion(parameters.question);
    const hint = 'Compare subject and year of every passage with the question, and look for a correction.';
    if (passage_id !== truth?.passage_id) {
      return failure('citation', 'The cited passage is not the one that settles the question.', hint);
    }
    if (figure !== truth.figure) return failure('figure', 'The figure is not what the cited passage says.', hint);
    const figures = figuresOf(answer);
    if (
      !figures.includes(String(truth.figure)) ||
      figures.some((entry) => ![truth.figure, year].includes(Number(entry)))
    ) {
      return failure(
        'answer_figure',
        'The sentence lacks the figure or contains another one.',
        'State only year and figure.',
      );
    }
    if (
      !mentions(answer, subject.replace(/^the /, '')) ||
      !mentions(answer, String(year)) ||
      wordsOf(answer).length < 6
    ) {
      return failure('answer_sentence', 'The sentence does not name subject and year.', 'Write one complete sentence.');
    }
    return null;
  },
  solve(parameters) {
    const { subject, measure, year } = readQuestion(parameters.question);
    const { passage_id, figure } = settle(parameters) ?? { passage_id: '', figure: 0 };
    return { answer: `In ${year}, ${subject} had ${figure} ${measure} in total.`, figure, passage_id };
  },
});
