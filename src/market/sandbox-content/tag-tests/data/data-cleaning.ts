/** Dirty contact rows: spacing, case, dates, and the same person twice. */

import { z } from 'zod';
import type { Rng } from '#kit/rng.ts';
import { compareRows } from '../../compare.ts';
import { defineTagTest } from '../../define-test.ts';
import { cities, familyNames, givenNames } from '../../vocabulary.ts';

type Dirty = { id: number; name: string; email: string; joined: string };
type Parameters = { rows: Dirty[]; date_format: 'month/day/year' | 'day.month.year' };

function drawRows(rng: Rng, format: Parameters['date_format']): Dirty[] {
  const families = rng.shuffle(familyNames);
  const first = rng.int(100, 900);
  const disturbCase = (text: string) => rng.pick([text.toUpperCase(), text.toLowerCase(), text]);
  const disturbSpace = (text: string) => `${' '.repeat(rng.int(0, 2))}${text}${' '.repeat(rng.int(0, 2))}`;
  const rows = Array.from({ length: 5 }, (_, index): Dirty => {
    const [given, family] = [rng.pick(givenNames), families[index] ?? ''];
    const [month, day, year] = [rng.int(1, 12), rng.int(1, 28), rng.int(2011, 2024)];
    return {
      id: first + index,
      name: disturbSpace(`${disturbCase(given)}${' '.repeat(rng.int(1, 3))}${disturbCase(family)}`),
      email: disturbSpace(disturbCase(`${given}.${family}@${rng.pick(cities)}.example`)),
      joined: format === 'month/day/year' ? `${month}/${day}/${year}` : `${day}.${month}.${year}`,
    };
  });
  // One address returns under a new id, spelled differently.
  const again = rng.pick(rows.slice(0, 4));
  const repeated = { ...again, id: first + rows.length, email: disturbSpace(again.email.trim().toUpperCase()) };
  return [...rows, repeated];
}

function clean({ rows, date_format }: Parameters): Dirty[] {
  const seen = new Set<string>();
  return rows.flatMap(({ id, name, email, joined }) => {
    const address = email.trim().toLowerCase();
    if (seen.has(address)) return [];
    seen.add(address);
    const [first = '', second = '', year = ''] = joined.split(/[/.]/);
    const [month, day] = date_format === 'month/day/year' ? [first, second] : [second, first];
    const words = name.trim().toLowerCase().split(/ +/);
    return [
      {
        id,
        name: words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join(' '),
        email: address,
        joined: `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`,
      },
    ];
  });
}

export const dataCleaning = defineTagTest({
  tag: 'data-cleaning',
  answer: (_parameters: Parameters) =>
    z.object({
      cleaned: z
        .array(
          z.object({
            id: z.int().describe('As given'),
            name: z.string().max(200).describe('Single spaces, each word capitalised'),
            email: z.string().max(200).describe('Trimmed, lower case'),
            joined: z.string().max(40).describe('YYYY-MM-DD'),
          }),
        )
        .min(1)
        .max(50)
        .describe('The cleaned rows in their original order'),
    }),
  generate(rng) {
    const date_format = rng.pick(['month/day/year', 'day.month.year'] as const);
    return {
      description:
        'Clean the rows. Names: no outer spaces, one space between words, each word with one capital followed by small letters. ' +
        'E-mail addresses: no outer spaces, lower case. Dates: from the given format to YYYY-MM-DD. When an address occurs again, ' +
        'keep only the first row that has it. Keep ids and order.',
      parameters: { rows: drawRows(rng, date_format), date_format },
    };
  },
  check: ({ cleaned }, parameters) =>
    compareRows(clean(parameters), cleaned, {
      noun: 'row',
      hint: 'Normalise each field first, then compare addresses to drop later duplicates; mind the order of day and month.',
    }),
  solve: (parameters) => ({ cleaned: clean(parameters) }),
});
