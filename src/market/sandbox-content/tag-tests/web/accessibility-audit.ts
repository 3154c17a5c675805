/** A fragment of HTML in which some elements shut people out. Each kind of element occurs in a sound form as well. */

import { z } from 'zod';
import type { Rng } from '#kit/rng.ts';
import { compareById } from '../../compare.ts';
import { defineTagTest } from '../../define-test.ts';
import { colours, products } from '../../vocabulary.ts';

const problems = [
  'missing_alt_text',
  'missing_label',
  'empty_button',
  'unclear_link_text',
  'missing_frame_title',
] as const;
type Problem = (typeof problems)[number];
type Parameters = { html: string };

/** How each problem is written, and its sound counterpart. */
const writers: Readonly<Record<Problem, (id: string, thing: string, flawed: boolean) => string>> = {
  missing_alt_text: (id, thing, flawed) =>
    `<img id="${id}" src="/img/${thing}.jpg"${flawed ? '' : ` alt="A ${thing} on a table"`}>`,
  missing_label: (id, thing, flawed) =>
    `${flawed ? `<span>Your ${thing}</span>` : `<label for="${id}">Your ${thing}</label>`} <input id="${id}" type="text">`,
  empty_button: (id, thing, flawed) =>
    `<button id="${id}" type="button"><svg aria-hidden="true"></svg>${flawed ? '' : ` Add ${thing}`}</button>`,
  unclear_link_text: (id, thing, flawed) =>
    `<a id="${id}" href="/${thing}">${flawed ? 'Click here' : `Read our ${thing} guide`}</a>`,
  missing_frame_title: (id, thing, flawed) =>
    `<iframe id="${id}" src="/map/${thing}"${flawed ? '' : ` title="Map of ${thing} shops"`}></iframe>`,
};

function writeHtml(rng: Rng): string {
  const chosen = rng.shuffle([...problems, ...problems]).slice(0, 8);
  const flaws = rng.shuffle([true, true, true, rng.next() < 0.5, false, false, false, false]);
  return chosen
    .map((kind, index) => {
      const thing = rng.pick(products);
      return writers[kind](`${rng.pick(colours)}-${index}${rng.int(10, 99)}`, thing, flaws[index] ?? false);
    })
    .join('\n');
}

function audit({ html }: Parameters): { element_id: string; problem: Problem }[] {
  return html.split('\n').flatMap((line): { element_id: string; problem: Problem }[] => {
    const id = / id="([^"]+)"/.exec(line)?.[1] ?? '';
    const problem: Problem | null =
      line.startsWith('<img') && !line.includes(' alt=')
        ? 'missing_alt_text'
        : line.includes('<input') && !line.includes('<label')
          ? 'missing_label'
          : line.includes('<button') && line.includes('</svg></button>')
            ? 'empty_button'
            : line.includes('>Click here<')
              ? 'unclear_link_text'
              : line.startsWith('<iframe') && !line.includes(' title=')
                ? 'missing_frame_title'
                : null;
    return problem ? [{ element_id: id, problem }] : [];
  });
}

export const accessibilityAudit = defineTagTest({
  tag: 'accessibility-audit',
  answer: (_parameters: Parameters) =>
    z.object({
      findings: z
        .array(
          z.object({
            element_id: z.string().max(100).describe('The id attribute of the element'),
            problem: z.enum(problems).describe('What is wrong with it'),
          }),
        )
        .min(1)
        .max(50)
        .describe('One entry per element with a problem, in any order'),
    }),
  generate: (rng) => ({
    description:
      'Audit the HTML for accessibility. List every element that has one of these problems, by its id: an image without alt ' +
      'text, an input without a label of its own, a button without any text, a link whose text does not say where it leads, an ' +
      'iframe without a title. Leave out elements that are fine.',
    parameters: { html: writeHtml(rng) },
  }),
  check: ({ findings }, parameters) =>
    compareById({
      expected: audit(parameters),
      actual: findings,
      id: (finding) => finding.element_id,
      noun: 'finding',
      wrongField: (truth, given) => (truth.problem === given.problem ? null : 'problem'),
      hint: 'Go through the elements one by one; a label counts only when its "for" names the input.',
    }),
  solve: (parameters) => ({ findings: audit(parameters) }),
});
