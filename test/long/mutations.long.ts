/** Takes out one safeguard after the other, in a copy of the tree: each time the tests must turn red. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { mutants } from '../support/mutants.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const COPIED = ['src', 'test', 'scripts', 'bench', 'docs', 'skill', 'templates', 'types'];
const FILES = ['package.json', 'tsconfig.json', 'vitest.config.ts', 'SKILL.md', 'README.md'];
let copy = '';

interface Report {
  readonly numTotalTests?: number;
  readonly testResults?: readonly { readonly assertionResults: readonly { status: string; fullName: string }[] }[];
}

/** The tests of the copy: whether all pass, whether there were any, and the first that does not. */
function isGreen(tests: readonly string[]): { green: boolean; ran: boolean; first?: string } {
  const args = ['vitest', 'run', '--bail=1', '--reporter=json', ...tests];
  const run = spawnSync('npx', args, {
    cwd: copy,
    encoding: 'utf8',
    env: { ...process.env, SOTA_TEST_SKIP_BUILD: '1', VITEST: '', VITEST_POOL_ID: '', VITEST_WORKER_ID: '' },
    maxBuffer: 64 * 1024 * 1024,
  });
  const from = run.stdout.indexOf('{"numTotalTestSuites"');
  const report: Report = from === -1 ? {} : JSON.parse(run.stdout.slice(from));
  const results = report.testResults?.flatMap(({ assertionResults }) => assertionResults) ?? [];
  const first = results.find(({ status }) => status === 'failed')?.fullName;
  return { green: run.status === 0, ran: (report.numTotalTests ?? 0) > 0, ...(first === undefined ? {} : { first }) };
}

beforeAll(() => {
  copy = realpathSync(mkdtempSync(join(tmpdir(), 'sota-mutants-')));
  for (const name of COPIED) cpSync(join(root, name), join(copy, name), { recursive: true });
  for (const name of FILES) cpSync(join(root, name), join(copy, name));
  symlinkSync(realpathSync(join(root, 'node_modules')), join(copy, 'node_modules'));
});
afterAll(() => rmSync(copy, { recursive: true, force: true }));

test('untouched, the tests are green', () => {
  const all = [...new Set(mutants.flatMap(({ seenBy }) => seenBy))];
  expect(isGreen(all)).toEqual({ green: true, ran: true });
});

test.each(mutants)('without $safeguard they are red', ({ safeguard, file, find, put, seenBy }) => {
  const path = join(copy, file);
  const original = readFileSync(path, 'utf8');
  expect(original.split(find), `${file} has changed: the mutant no longer fits`).toHaveLength(2);
  try {
    writeFileSync(
      path,
      original.replace(find, () => put),
    );
    const { green, ran, first } = isGreen(seenBy);
    console.error(`${green ? 'SURVIVED' : 'red     '}  ${safeguard}${first ? `\n            ${first}` : ''}`);
    expect({ green, ran: ran && first !== undefined }).toEqual({ green: false, ran: true });
  } finally {
    writeFileSync(path, original);
  }
});
