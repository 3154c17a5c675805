import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { root } from '../../scripts/steps.ts';
import { mutants } from '../support/mutants.ts';

it.each(mutants)('the mutant without $safeguard fits the code as it is', ({ file, find, put }) => {
  expect(readFileSync(join(root, file), 'utf8').split(find)).toHaveLength(2);
  expect(put).not.toBe(find);
});
