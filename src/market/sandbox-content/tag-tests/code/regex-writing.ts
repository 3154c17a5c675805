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

/** Near misses: one part of a good example is broken. */
function counterExample(format: readonly Part[], rng: Rng): string {
  const index = rng.int(0, format.length - 1);
  const broken = format.map((part, at): Part => {
    if (at !== index) return part;
    if (part.kind === 'literal') return { kind: 'literal', text: rng.pick(['', '.', `${part.text}${part.text}`]) };
    if (part.kind === 'one_of') return { kind: 'literal', text: rng.pick(['', 'other', part.options.join('')]) };
    const length = rng.pick([part.min - 1, part.max + 1]);
    return { ...part, min: length, max: length };
  });
  return example(broken, rng);
}

function referencePattern(format: readonly Part[]): string {
  const quoted = (text: string) => text.replace(/[^A-Za-z0-9]/g, '\\$&');
  return format
    .map((part) => {
      if (part.kind === 'literal') return quoted(part.text);
      if (part.kind === 'one_of') return `(?:${part.options.map(quoted).join('|')})`;
      return `${classes[part.kind]}{${part.min},${part.max}}`;
    })
    .join('');
}

function draw(format: Part[], rng: Rng, count: number): Pick<Parameters, 'must_match' | 'must_not_match'> {
  const right = compilePattern(referencePattern(format));
  const wrong = Array.from({ length: count * 2 }, () => counterExample(format, rng)).filter((text) => !right(text));
  return {
    must_match: Array.from({ length: count }, () => example(format, rng)),
    must_not_match: [...new Set(wrong)].slice(0, count),
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
    return {
      description:
        'Write a regular expression that matches exactly the whole strings of the given format: its parts one after ' +
        'another, where min and max count characters. It must match every entry of must_match, none of must_not_match, ' +
        'and is tried on further strings of both kinds. Use common syntax only: no back-references, no lookbehind.',
      parameters: { format, ...draw(format, rng, 4) },
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
    const unseen = draw(parameters.format, seededRng(JSON.stringify(parameters.format)), 24);
    if (!unseen.must_match.every(matches)) {
      return failure(
        'unseen_match',
        'The pattern misses a string of the format that is not listed.',
        'Describe the format instead of listing the examples.',
      );
    }
    if (unseen.must_not_match.some(matches)) {
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
