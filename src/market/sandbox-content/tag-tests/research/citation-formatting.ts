/** A reference list in a house style close to, but not the same as, the common ones: it has to be read. */

import { z } from 'zod';
import type { Rng } from '#kit/rng.ts';
import { failure } from '../../compare.ts';
import { defineTagTest } from '../../define-test.ts';
import { cities, colours, familyNames, givenNames, nouns } from '../../vocabulary.ts';

type Work = {
  authors: { given: string; family: string }[];
  year: number;
  title: string;
  journal: string;
  volume: number;
  first_page: number;
  last_page: number;
};
type Parameters = { works: Work[] };

function drawWorks(rng: Rng): Work[] {
  const families = rng.shuffle(familyNames);
  return Array.from({ length: 3 }, (_, index) => {
    const first_page = rng.int(1, 400);
    return {
      authors: Array.from({ length: rng.int(1, 3) }, (_unused, author) => ({
        given: `${rng.pick(givenNames)}${rng.next() < 0.4 ? ` ${rng.pick(givenNames)}` : ''}`,
        family: families[index * 3 + author] ?? '',
      })),
      year: rng.int(1975, 2023),
      title: `On ${rng.pick(colours)} ${rng.pick(nouns)} and their ${rng.pick(nouns)}`,
      journal: `${rng.pick(['Annals', 'Journal', 'Letters'])} of ${rng.pick(cities)}`,
      volume: rng.int(2, 80),
      first_page,
      last_page: first_page + rng.int(3, 30),
    };
  });
}

function cite({ authors, year, title, journal, volume, first_page, last_page }: Work): string {
  const names = authors.map(({ given, family }) => {
    const initials = given.split(' ').map((name) => `${name.charAt(0)}.`);
    return `${family}, ${initials.join(' ')}`;
  });
  const list = names.length < 2 ? names.join('') : `${names.slice(0, -1).join('; ')} & ${names.at(-1)}`;
  return `${list} (${year}). ${title}. ${journal} ${volume}, pp. ${first_page}-${last_page}.`;
}

function referenceList({ works }: Parameters): string[] {
  const key = (work: Work) => work.authors[0]?.family ?? '';
  return [...works].sort((a, b) => (key(a) < key(b) ? -1 : 1)).map(cite);
}

/** What typography may vary: dashes, emphasis marks, spaces. */
function plain(citation: string): string {
  return citation
    .replace(/[\u2010-\u2015]/g, '-')
    .replace(/[*_]/g, '')
    .replace(/\s+/g, ' ')
    .trim();
}

export const citationFormatting = defineTagTest({
  tag: 'citation-formatting',
  answer: (_parameters: Parameters) =>
    z.object({ references: z.array(z.string().max(1000)).min(1).max(50).describe('One string per work, in order') }),
  generate: (rng) => ({
    description:
      'Format the works as a reference list, ordered by the family name of the first author. Style: authors as "Family, G. H." ' +
      '(initials of all given names), separated by "; " with " & " before the last; year in parentheses and a full stop; title ' +
      'and a full stop; journal and volume, a comma, "pp. first-last." Example: "Doe, J. A.; Roe, R. & Poe, E. (1999). On grey ' +
      'owls. Journal of Birds 7, pp. 12-19."',
    parameters: { works: drawWorks(rng) },
  }),
  check({ references }, parameters) {
    const expected = referenceList(parameters);
    const hint = 'Compare each reference with the example character by character, and check the order of the list.';
    if (references.length !== expected.length) {
      return failure('count', `${references.length} reference(s) do not fit the number of works.`, hint);
    }
    const wrong = expected.findIndex((reference, index) => plain(references[index] ?? '') !== reference);
    return wrong < 0 ? null : failure('format', `The reference at index ${wrong} is not in the style asked for.`, hint);
  },
  solve: (parameters) => ({ references: referenceList(parameters) }),
});
