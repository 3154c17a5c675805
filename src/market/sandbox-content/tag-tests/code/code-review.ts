/** Three functions, one of them with a planted defect. The checker finds it by its own reading of the code. */

import { z } from 'zod';
import type { Rng } from '#kit/rng.ts';
import { failure } from '../../compare.ts';
import { defineTagTest } from '../../define-test.ts';
import { nouns, verbs } from '../../vocabulary.ts';
import { type Defect, defects } from './code-review-defects.ts';

type Parameters = { language: 'python' | 'javascript'; code: string };

/** A defect found: line numbers count from 1, and any of them is a right place to point at. */
export interface Finding {
  defect: Defect;
  function: string;
  lines: number[];
}

/** Every defect in a piece of code whose functions are separated by empty lines. */
export function findDefects({ language, code }: Parameters): Finding[] {
  let firstLine = 1;
  return code.split('\n\n').flatMap((block) => {
    const lines = block.split('\n');
    const offset = firstLine;
    firstLine += lines.length + 1;
    const name = /(?:def|function) (\w+)/.exec(block)?.[1] ?? '';
    return defects
      .filter((defect) => defect.language === language)
      .map((defect) => ({ defect, function: name, lines: defect.find(lines).map((index) => index + offset) }))
      .filter((finding) => finding.lines.length > 0);
  });
}

function drawCode(rng: Rng): Parameters {
  const language = rng.pick(['python', 'javascript'] as const);
  const [flawed, ...decoys] = rng.shuffle(defects.filter((defect) => defect.language === language)).slice(0, 3);
  const subjects = rng.shuffle(nouns);
  const actions = rng.shuffle(verbs);
  const blocks = [flawed, ...decoys].flatMap((defect, index) => {
    const [action, noun] = [actions[index] ?? 'handle', subjects[index] ?? 'rows'];
    const name =
      language === 'python' ? `${action}_${noun}` : `${action}${noun.charAt(0).toUpperCase()}${noun.slice(1)}`;
    return defect ? [defect.write(name, noun, defect === flawed).join('\n')] : [];
  });
  return { language, code: rng.shuffle(blocks).join('\n\n') };
}

export const codeReview = defineTagTest({
  tag: 'code-review',
  answer: (_parameters: Parameters) =>
    z.object({
      issues: z
        .array(
          z.object({
            line: z.int().min(1).describe('Line of the defect, counted from 1, empty lines included'),
            function: z.string().max(100).describe('Name of the function it is in'),
            description: z.string().max(1000).describe('What goes wrong, and when'),
          }),
        )
        .min(1)
        .max(2)
        .describe('The defect you found; one entry is enough'),
    }),
  generate: (rng) => ({
    description:
      'Review the following code. Exactly one of its functions has a real defect: a bug or a security hole, not a matter of ' +
      'style. Report it with the line it is on (counted from 1, empty lines included), the function, and an explanation.',
    parameters: drawCode(rng),
  }),
  check({ issues }, parameters) {
    const findings = findDefects(parameters);
    const placed = issues.flatMap((issue) =>
      findings
        .filter((finding) => finding.function === issue.function && finding.lines.includes(issue.line))
        .map((finding) => ({ issue, finding })),
    );
    if (placed.length === 0) {
      const inFunction = issues.some((issue) => findings.some((finding) => finding.function === issue.function));
      return failure(
        'location',
        inFunction
          ? 'An issue names the right function, but not the line of the defect.'
          : `None of the ${issues.length} reported issue(s) is where the defect is.`,
        'Count lines from 1 with empty lines, and point at the line that would have to change.',
      );
    }
    if (!placed.some(({ issue, finding }) => finding.defect.explained.test(issue.description))) {
      return failure(
        'explanation',
        'An issue points at the right line, but its description does not say what goes wrong there.',
        'Name the defect in common words and say which input or situation triggers it.',
      );
    }
    return null;
  },
  solve: (parameters) => ({
    issues: findDefects(parameters)
      .slice(0, 2)
      .map((finding) => ({
        line: finding.lines[0] ?? 1,
        function: finding.function,
        description: descriptions[finding.defect.kind] ?? finding.defect.kind,
      })),
  }),
});

const descriptions: Readonly<Record<string, string>> = {
  'mutable-default': 'The default list is mutable and shared between calls, so values pile up.',
  'empty-division': 'Divides by zero when the list is empty.',
  'off-by-one': 'The loop runs one step too far and reads past the end of the list.',
  'sql-injection': 'The key is concatenated into the SQL text, which allows injection.',
  'resource-leak': 'The file is never closed when reading fails, so its descriptor leaks.',
  'swallowed-error': 'Every error is silently swallowed, so failed saves go unnoticed.',
  'hard-coded-secret': 'The password is hard-coded in the source.',
  'assignment-in-condition': 'The condition assigns instead of comparing, so it is always true.',
};
