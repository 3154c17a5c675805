/**
 * `npm run test:long -- NAME [vitest arguments]`: one of the suites that take minutes, test/long/NAME.long.ts.
 * Without a name: what there is.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { closest } from '#kit/closest.ts';
import { root, runSteps } from './steps.ts';
import { printCounts, runVitest } from './vitest.ts';

const SUFFIX = '.long.ts';
const folder = join(root, 'test/long');
const [name, ...vitestArgs] = process.argv.slice(2);
const suites = listSuites();

if (name === undefined) {
  if (suites.length === 0) console.log('There are no long suites (test/long/NAME.long.ts).');
  else console.log('Run one with: npm run test:long -- NAME\n');
  const width = Math.max(...suites.map((suite) => suite.length));
  for (const suite of suites) console.log(`  ${suite.padEnd(width)}  ${describeSuite(suite)}`);
} else if (!suites.includes(name)) {
  const near = closest(name, suites);
  console.error(`There is no long suite "${name}".${near ? ` Did you mean "${near}"?` : ''}`);
  console.error(`There is: ${suites.join(', ') || 'none'}`);
  process.exitCode = 2;
} else {
  const failedSteps = await runSteps([
    { name: 'build', commands: [{ file: process.execPath, args: ['scripts/build.mjs'] }] },
  ]);
  const file = join('test/long', name + SUFFIX);
  const counts = await runVitest(['--config', 'vitest.long.config.ts', file, ...vitestArgs]);
  printCounts({ ...counts, failed: counts.failed + failedSteps });
  process.exitCode = counts.failed + failedSteps > 0 ? 1 : 0;
}

/** Names of the suites: paths below test/long without the suffix. */
function listSuites(): string[] {
  if (!existsSync(folder)) return [];
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  const names = files.filter((file) => file.endsWith(SUFFIX)).map((file) => file.slice(0, -SUFFIX.length));
  return names.map((file) => file.replaceAll('\\', '/')).sort();
}

/** The first line of the comment a suite opens with. */
function describeSuite(suite: string): string {
  const source = readFileSync(join(folder, suite + SUFFIX), 'utf8');
  const [, text] = source.match(/^\s*(?:\/\*\*?|\/\/)[\s*]*([^\n]*?)\s*(?:\*\/)?\s*$/m) ?? [];
  return text ?? '';
}
