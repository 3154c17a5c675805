/** Short reviews to label. Irony and contrast make word-counting fail; the checker knows every sentence it can write. */

import { z } from 'zod';
import type { Rng } from '#kit/rng.ts';
import { compareById } from '../../compare.ts';
import { defineTagTest } from '../../define-test.ts';
import { sentencesOf } from '../../measure-text.ts';
import { colours, products } from '../../vocabulary.ts';

const labels = ['positive', 'negative', 'neutral'] as const;
type Label = (typeof labels)[number];
type Parameters = { reviews: { id: string; text: string }[] };

/** `{}` stands for the product. */
const sentences: Readonly<Record<Label, readonly string[]>> = {
  positive: [
    'I expected a cheap {} that falls apart, and after two years it still works like new.',
    'My sister wanted to return hers until she tried it once; now she will not lend the {} to anybody.',
    'Nobody in this house has complained about the {} since the day it came, which has never happened before.',
    'I would buy the {} again without a second thought.',
    'For once the {} does what the box says, and a little more.',
    'The old one was a nightmare; this {} has ended that.',
    'Hard to find anything wrong with the {}, and I did try.',
  ],
  negative: [
    'The {} looks wonderful in the photos; mine came apart within a week.',
    'If you enjoy talking to customer service, this {} is the perfect gift.',
    'I really wanted to love the {}, but it goes back tomorrow.',
    'Great idea, great box, and a {} that does not switch on.',
    'The second {} they sent failed faster than the first.',
    'It would be a good {} if it did what it was bought for.',
    'I have stopped recommending the {} to friends after what happened to mine.',
  ],
  neutral: [
    'The {} arrived on a weekday and came in a plain box.',
    'It is used in the kitchen, next to the window.',
    'The {} is the same size as the one we had before.',
    'I bought the {} for my office and have not opened it yet.',
    'The manual of the {} has twelve pages and two drawings.',
    'There are two versions of the {}; this is the smaller one.',
  ],
};

/** Every sentence that can occur, with what it says. */
const meaning = new Map<string, Label>(
  labels.flatMap((label) =>
    sentences[label].flatMap((template) =>
      products.map((product): [string, Label] => [template.replace('{}', product), label]),
    ),
  ),
);

function writeReview(rng: Rng, label: Label): string {
  const product = rng.pick(products);
  const main = rng.shuffle(sentences[label]);
  const other = label === 'neutral' ? main[1] : rng.pick(sentences.neutral);
  return rng
    .shuffle([main[0] ?? '', other ?? ''])
    .map((template) => template.replace('{}', product))
    .join(' ');
}

function labelOf(text: string): Label {
  return (
    sentencesOf(text)
      .map((sentence) => meaning.get(sentence))
      .find((label) => label !== 'neutral') ?? 'neutral'
  );
}

export const sentimentAnalysis = defineTagTest({
  tag: 'sentiment-analysis',
  answer: (_parameters: Parameters) =>
    z.object({
      labels: z
        .array(
          z.object({
            review_id: z.string().max(100).describe('Id of the review'),
            label: z.enum(labels).describe('What its author thinks of the product'),
          }),
        )
        .min(1)
        .max(50)
        .describe('One entry per review, in any order'),
    }),
  generate(rng) {
    const wanted = rng.shuffle<Label>([...labels, rng.pick(labels), rng.pick(labels), rng.pick(labels)]);
    return {
      description:
        'Label every review by what its author thinks of the product: positive, negative, or neutral when it only states facts. ' +
        'Judge the meaning, not single words.',
      parameters: {
        reviews: wanted.map((label, index) => ({
          id: `${rng.pick(colours)}-${index + 1}${rng.int(100, 999)}`,
          text: writeReview(rng, label),
        })),
      },
    };
  },
  check: (answer, { reviews }) =>
    compareById({
      expected: reviews.map(({ id, text }) => ({ review_id: id, label: labelOf(text) })),
      actual: answer.labels,
      id: (entry) => entry.review_id,
      noun: 'label',
      wrongField: (truth, given) => (truth.label === given.label ? null : 'label'),
      hint: 'Label each review of the parameters by its id, and read for irony: praise can be a complaint.',
    }),
  solve: ({ reviews }) => ({ labels: reviews.map(({ id, text }) => ({ review_id: id, label: labelOf(text) })) }),
});
