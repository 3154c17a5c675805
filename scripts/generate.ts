/**
 * `npm run generate`: fills the generated blocks of every Markdown page from the code.
 *
 *   tsx scripts/generate.ts            write the pages that changed
 *   tsx scripts/generate.ts --check    write nothing; exit 1 and name the pages that are stale
 *   tsx scripts/generate.ts --root DIR the pages of another folder (the tests have small ones)
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { tools } from '#tools/registry.ts';
import { blocksOf, fillBlocks } from './generated-blocks.ts';

/** Where pages with generated parts may stand, below the root. */
const PLACES = ['README.md', 'SKILL.md', 'AGENTS.md', 'docs', 'skill'];

const { values: options } = parseArgs({ options: { check: { type: 'boolean' }, root: { type: 'string' } } });
const root = options.root ?? fileURLToPath(new URL('..', import.meta.url));

const blocks = blocksOf(tools);
const stale: string[] = [];
const broken: string[] = [];
for (const path of PLACES.flatMap((place) => pagesBelow(join(root, place)))) {
  const page = readFileSync(path, 'utf8');
  const name = relative(root, path);
  try {
    const filled = fillBlocks(page, blocks);
    if (filled === page) continue;
    stale.push(name);
    if (!options.check) writeFileSync(path, filled);
  } catch (error) {
    broken.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

for (const problem of broken) console.error(problem);
if (options.check) for (const name of stale) console.error(`${name} is stale: run \`npm run generate\``);
else for (const name of stale) console.log(`wrote ${name}`);
process.exitCode = broken.length > 0 || (options.check && stale.length > 0) ? 1 : 0;

function pagesBelow(path: string): string[] {
  if (!existsSync(path)) return [];
  if (path.endsWith('.md')) return [path];
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.md'))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}
