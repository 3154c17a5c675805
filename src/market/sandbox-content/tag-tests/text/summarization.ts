/** A business note to shorten. Names and figures are read out of the text by the checker, not handed over. */

import { z } from 'zod';
import type { Rng } from '#kit/rng.ts';
import { failure } from '../../compare.ts';
import { defineTagTest } from '../../define-test.ts';
import { figuresOf, longestSharedRun, mentions, wordsOf } from '../../measure-text.ts';
import { cities, companyHeads, companyTails, familyNames, givenNames, months, weekdays } from '../../vocabulary.ts';

type Parameters = { text: string; min_words: number; max_words: number };

/** Names and figures a summary has to keep, and how many words in a row it may copy. */
const NAMES = 3;
const FIGURES = 3;
const LONGEST_COPY = 10;

function writeNote(rng: Rng): string {
  const company = `${rng.pick(companyHeads)} ${rng.pick(companyTails)}`;
  const [home, second, third] = rng.shuffle(cities);
  const [chief, chair, rival] = rng.shuffle(familyNames).map((family) => `${rng.pick(givenNames)} ${family}`);
  const middle = rng.shuffle([
    `Sales rose to ${rng.int(21, 480)} million euros, which is ${rng.int(3, 19)} percent more than the year before.`,
    `The firm opened ${rng.int(12, 40)} new branches, most of them around ${second}, and hired ${rng.int(110, 990)} people.`,
    `Managing director ${chief}, in office since ${rng.int(1995, 2019)}, called the result encouraging but warned of rising costs.`,
    `A strike in ${third} during ${rng.pick(months)} stopped deliveries for ${rng.int(11, 29)} days.`,
    `Customers returned ${rng.int(2, 9)}.${rng.int(1, 9)} percent of all goods, slightly fewer than before.`,
    `The board, chaired by ${chair}, wants to spend ${rng.int(31, 95)} million euros on a new plant near ${second}.`,
    `Analyst ${rival} had expected less and now values the firm at ${rng.int(510, 990)} million euros.`,
  ]);
  const opening = `${company}, a family business based in ${home}, published its yearly results on ${rng.pick(weekdays)}.`;
  return [opening, ...middle.slice(0, 6)].join(' ');
}

const calendar = new Set<string>([...months, ...weekdays]);

/** Capitalised words and runs of them that are names: not merely the first word of a sentence, not a month or weekday. */
function namesIn(text: string): string[] {
  const names = [...text.matchAll(/\p{Lu}\p{Ll}+(?: \p{Lu}\p{Ll}+)*/gu)].flatMap((match) => {
    const [name] = match;
    const opensSentence = match.index === 0 || text.slice(0, match.index).endsWith('. ');
    if (opensSentence && name.startsWith('Analyst ')) return [name.slice('Analyst '.length)];
    return calendar.has(name) || (opensSentence && !name.includes(' ')) ? [] : [name];
  });
  return [...new Set(names)];
}

export const summarization = defineTagTest({
  tag: 'summarization',
  answer: (_parameters: Parameters) =>
    z.object({ summary: z.string().min(1).max(3000).describe('The summary in your own words') }),
  generate: (rng) => ({
    description:
      `Summarize the text in your own words within the word limits. Keep at least ${NAMES} of its names (people, places, ` +
      `companies) and at least ${FIGURES} of its figures, written in digits. Do not copy more than ${LONGEST_COPY} words in a ` +
      'row, and use no figure that is not in the text.',
    parameters: { text: writeNote(rng), min_words: 25, max_words: rng.int(55, 70) },
  }),
  check({ summary }, { text, min_words, max_words }) {
    const words = wordsOf(summary).length;
    if (words < min_words || words > max_words) {
      return failure(
        'word_count',
        `The summary has ${words} words.`,
        `Write between ${min_words} and ${max_words} words.`,
      );
    }
    const copied = longestSharedRun(summary, text);
    if (copied > LONGEST_COPY) {
      return failure('copying', `${copied} words in a row are copied.`, 'Say it in your own words, merging sentences.');
    }
    const names = namesIn(text).filter((name) => mentions(summary, name)).length;
    if (names < NAMES) {
      return failure('key_names', `Only ${names} of the text's names occur.`, `Keep ${NAMES}, spelled as in the text.`);
    }
    const known = new Set(figuresOf(text));
    const used = figuresOf(summary);
    if (used.some((figure) => !known.has(figure))) {
      return failure(
        'invented_figure',
        'A figure does not occur in the text.',
        'Copy figures exactly; compute nothing.',
      );
    }
    if (used.length < FIGURES) {
      return failure(
        'key_figures',
        `Only ${used.length} figure(s) occur.`,
        `Keep ${FIGURES} of the figures, in digits.`,
      );
    }
    return null;
  },
  solve({ text }) {
    const [first, second, third] = namesIn(text);
    const [one, two, three] = figuresOf(text);
    return {
      summary:
        `This note concerns ${first} and mentions ${second} as well as ${third}. Among the numbers that matter most are ${one}, ` +
        `then ${two}, and also ${three}. Overall the outlook described is favourable, although some difficulties remain.`,
    };
  },
});
