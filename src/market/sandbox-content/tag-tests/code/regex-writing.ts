/** A pattern for an invented reference format. Examples not shown are tried too, so listing the shown ones fails. */

import { z } from 'zod';
import { type Rng, seededRng } from '#kit/rng.ts';
import { failure } from '../../compare.ts';
import { defineTagTest } from '../../define-test.ts';
import { compilePattern, MAX_PATTERN_LENGTH, PatternError } from '../../safe-pattern.ts';
import { colours, products } from '../../vocabulary.ts';

type Part =
  | { kind: 'uppercase' | 'lowercase' | 'digits'; min: number; max: number }
  | { kind: 'literal'; text: string }
  | { kind: 'one_of'; options: string[] };

type Parameters = { format: Part[]; must_match: string[]; must_not_match: string[] };

const alphabets = {
  uppercase: 'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
  lowercase: 'abcdefghijklmnopqrstuvwxyz',
  digits: '0123456789',
};
const classes = { uppercase: '[A-Z]', lowercase: '[a-z]', digits: '[0-9]' };

function drawFormat(rng: Rng): Part[] {
  const run = (kind: 'uppercase' | 'lowercase' | 'digits', shortest: number): Part => {
    const min = rng.int(shortest, shortest + 2);
    return { kind, min, max: min + rng.int(0, 2) };
  };
  const separators = rng.shuffle(['-', '/', '#', ':', '_']);
  const words = rng.shuffle([...colours, ...products]).slice(0, 3);
  const runs = rng.shuffle<Part>([run('uppercase', 2), run('digits', 3), { kind: 'one_of', options: words }]);
  return [...runs, run(rng.pick(['lowercase', 'digits'] as const), 1)].flatMap((part, index): Part[] =>
    index === 0 ? [part] : [{ kind: 'literal', text: separators[index] ?? '-' }, part],
  );
}

function example(format: readonly Part[], rng: Rng): string {
  return format
    .map((part) => {
      if (part.kind === 'literal') return part.text;
      if (part.kind === 'one_of') return rng.pick(part.options);
      const letters = [...alphabets[part.kind]];
      return Array.from({ length: rng.int(part.min, part.max) }, () => rng.pick(letters)).join('');
    })
    .join('');
}

/** Near misses, at least two per part: good examples in which just that part is broken. */
function counterExamples(format: readonly Part[], rng: Rng): string[] {
  return format.flatMap((part, index) => breaks(part).map((broken) => example(format.with(index, broken), rng)));
}

function breaks(part: Part): Part[] {
  const literal = (text: string): Part => ({ kind: 'literal', text });
  if (part.kind === 'literal') return [literal(''), literal('.'), literal(part.text + part.text)];
  if (part.kind === 'one_of') return [literal(''), literal('other'), literal(part.options.join(''))];
  const ofLength = (length: number): Part => ({ ...part, min: length, max: length });
  const foreign: Part = { ...part, kind: part.kind === 'digits' ? 'lowercase' : 'digits' };
  return [ofLength(part.min - 1), ofLength(part.max + 1), foreign];
}

function referencePattern(format: readonly Part[]): string {
  const quoted = (text: string) => text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
  return format
    .map((part) => {
      if (part.kind === 'literal') return quoted(part.text);
      if (part.kind === 'one_of') return `(?:${part.options.map(quoted).join('|')})`;
      return `${classes[part.kind]}{${part.min},${part.max}}`;
    })
    .join('');
}

/** Strings of the format and near misses that truly are none (two runs that meet can make up for each other). */
function draw(format: readonly Part[], rng: Rng): { right: string[]; wrong: string[] } {
  const matches = compilePattern(referencePattern(format));
  return {
    right: Array.from({ length: 12 }, () => example(format, rng)),
    wrong: counterExamples(format, rng).filter((text) => !matches(text)),
  };
}

export const regexWriting = defineTagTest({
  tag: 'regex-writing',
  answer: (_parameters: Parameters) =>
    z.object({
      pattern: z.string().min(1).max(MAX_PATTERN_LENGTH).describe('The pattern without delimiters or flags'),
    }),
  generate(rng) {
    const format = drawFormat(rng);
    const { right, wrong } = draw(format, rng);
    return {
      description:
        'Write a regular expression that matches exactly the whole strings of the given format: its parts one after ' +
        'another, where min and max count characters. It must match every entry of must_match, none of must_not_match, ' +
        'and is tried on further strings of both kinds. Use common syntax only: no back-references, no lookbehind.',
      parameters: { format, must_match: right.slice(0, 4), must_not_match: rng.shuffle(wrong).slice(0, 4) },
    };
  },
  check({ pattern }, parameters) {
    let matches: (subject: string) => boolean;
    try {
      matches = compilePattern(pattern);
    } catch (error) {
      if (!(error instanceof PatternError)) throw error;
      return failure(
        'pattern_syntax',
        `The pattern has ${error.message}.`,
        'Use classes, groups, | and quantifiers only.',
      );
    }
    const missed = parameters.must_match.find((text) => !matches(text));
    if (missed !== undefined) {
      return failure(
        'must_match',
        `The pattern does not match "${missed}".`,
        'Walk through the parts of format in order.',
      );
    }
    const caught = parameters.must_not_match.find(matches);
    if (caught !== undefined) {
      return failure('must_not_match', `The pattern matches "${caught}".`, 'Mind the min and max of each part.');
    }
    // Seeded by the format itself: the same unseen strings at every verdict, without storing them.
    const unseen = draw(parameters.format, seededRng(JSON.stringify(parameters.format)));
    if (!unseen.right.every(matches)) {
      return failure(
        'unseen_match',
        'The pattern misses a string of the format that is not listed.',
        'Describe the format instead of listing the examples.',
      );
    }
    if (unseen.wrong.some(matches)) {
      return failure(
        'unseen_mismatch',
        'The pattern matches an unlisted string that breaks the format.',
        'Tighten character classes and counts to what format says.',
      );
    }
    return null;
  },
  solve: ({ format }) => ({ pattern: `^${referencePattern(format)}$` }),
});
