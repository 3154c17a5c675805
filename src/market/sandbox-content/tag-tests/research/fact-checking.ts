/** Claims to hold against short sources. What no source speaks about is neither true nor false. */

import { z } from 'zod';
import type { Rng } from '#kit/rng.ts';
import { compareById } from '../../compare.ts';
import { defineTagTest } from '../../define-test.ts';
import { cities, companyHeads, companyTails, familyNames, givenNames } from '../../vocabulary.ts';

const verdicts = ['supported', 'contradicted', 'not_covered'] as const;
type Verdict = (typeof verdicts)[number];
type Statement = { id: string; text: string };
type Parameters = { sources: Statement[]; claims: Statement[] };

/** What can be said about a company, in a source's words and in a claim's. The capture is the value. */
const attributes = [
  {
    draw: (rng: Rng) => String(rng.int(1890, 2010)),
    source: (company: string, value: string) => `${company} opened its doors in ${value}.`,
    claim: (company: string, value: string) => `${company} was founded in ${value}.`,
    inSource: / opened its doors in (.+)\.$/,
    inClaim: / was founded in (.+)\.$/,
  },
  {
    draw: (rng: Rng) => rng.pick(cities),
    source: (company: string, value: string) => `The head office of ${company} is in ${value}.`,
    claim: (company: string, value: string) => `${company} is based in ${value}.`,
    inSource: / is in (.+)\.$/,
    inClaim: / is based in (.+)\.$/,
  },
  {
    draw: (rng: Rng) => `${rng.pick(givenNames)} ${rng.pick(familyNames)}`,
    source: (company: string, value: string) => `${company} has been led by ${value} for some years.`,
    claim: (company: string, value: string) => `${value} is in charge of ${company}.`,
    inSource: / has been led by (.+) for some years\.$/,
    inClaim: /^(.+) is in charge of /,
  },
  {
    draw: (rng: Rng) => String(rng.int(40, 4000)),
    source: (company: string, value: string) => `At last count, ${company} paid ${value} people.`,
    claim: (company: string, value: string) => `${company} employs ${value} people.`,
    inSource: / paid (.+) people\.$/,
    inClaim: / employs (.+) people\.$/,
  },
] as const;

function drawParameters(rng: Rng): Parameters {
  const heads = rng.shuffle(companyHeads);
  const companies = [0, 1].map((index) => `${heads[index]} ${rng.pick(companyTails)}`);
  const facts = companies.flatMap((company) =>
    attributes.map((attribute) => ({ company, attribute, value: attribute.draw(rng) })),
  );
  const shuffled = rng.shuffle(facts);
  const known = shuffled.slice(0, 5);
  const claims = [
    ...known.slice(0, 2),
    ...known.slice(2, 4).map((fact) => ({ ...fact, value: differentValue(rng, fact.attribute.draw, fact.value) })),
    ...shuffled.slice(5, 7),
  ];
  const number = (prefix: string) => (text: string, index: number) => ({
    id: `${prefix}${index}${rng.int(10, 99)}`,
    text,
  });
  return {
    sources: rng
      .shuffle(known)
      .map((fact) => fact.attribute.source(fact.company, fact.value))
      .map(number('S')),
    claims: rng
      .shuffle(claims)
      .map((fact) => fact.attribute.claim(fact.company, fact.value))
      .map(number('C')),
  };
}

function differentValue(rng: Rng, draw: (rng: Rng) => string, value: string): string {
  const other = draw(rng);
  return other === value ? differentValue(rng, draw, value) : other;
}

/** The verdict on a claim, with the id of the source that decides it ("" when none does). */
function judge(claim: string, sources: readonly Statement[]): { verdict: Verdict; source_id: string } {
  const company = new RegExp(`(?:${companyHeads.join('|')}) (?:${companyTails.join('|')})`).exec(claim)?.[0] ?? '';
  const attribute = attributes.find((candidate) => candidate.inClaim.test(claim));
  const claimed = attribute?.inClaim.exec(claim)?.[1];
  const source = sources.find(({ text }) => text.includes(company) && attribute?.inSource.test(text));
  if (!source) return { verdict: 'not_covered', source_id: '' };
  const stated = attribute?.inSource.exec(source.text)?.[1];
  return { verdict: stated === claimed ? 'supported' : 'contradicted', source_id: source.id };
}

export const factChecking = defineTagTest({
  tag: 'fact-checking',
  answer: (_parameters: Parameters) =>
    z.object({
      verdicts: z
        .array(
          z.object({
            claim_id: z.string().max(100).describe('Id of the claim'),
            verdict: z.enum(verdicts).describe('What the sources say about it'),
            source_id: z.string().max(100).describe('Id of the source that decides it; empty when none does'),
          }),
        )
        .min(1)
        .max(50)
        .describe('One entry per claim, in any order'),
    }),
  generate: (rng) => ({
    description:
      'Check every claim against the sources alone: supported when a source says the same in other words, contradicted when a ' +
      'source gives a different value for it, not_covered when no source speaks about it. Name the deciding source, or give an ' +
      'empty string.',
    parameters: drawParameters(rng),
  }),
  check: (answer, { sources, claims }) =>
    compareById({
      expected: claims.map(({ id, text }) => ({ claim_id: id, ...judge(text, sources) })),
      actual: answer.verdicts,
      id: (entry) => entry.claim_id,
      noun: 'verdict',
      wrongField: (truth, given) =>
        truth.verdict !== given.verdict ? 'verdict' : truth.source_id !== given.source_id ? 'source_id' : null,
      hint: 'Find the source about the same company and the same property; what is merely plausible is not covered.',
    }),
  solve: ({ sources, claims }) => ({
    verdicts: claims.map(({ id, text }) => ({ claim_id: id, ...judge(text, sources) })),
  }),
});
