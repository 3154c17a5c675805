/**
 * Fills the recorded examples of the skill's pages from a real run against the local marketplace.
 *
 *   tsx scripts/record-examples.ts            write the pages that changed
 *   tsx scripts/record-examples.ts --check    write nothing; exit 1 and name the pages whose examples no longer hold
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { docEntries } from '#server/docs-manifest.ts';
import { fillExamples } from './examples/fill-examples.ts';
import { record } from './examples/journey.ts';
import { openStage } from './examples/stage.ts';
import { root } from './steps.ts';

const check = process.argv.includes('--check');
const pages = new Map(docEntries.map(({ path }) => [path as string, readFileSync(join(root, path), 'utf8')]));
const stage = await openStage();
const recorded = await record(stage).finally(() => stage.close());
for (const [path, text] of fillExamples(pages, recorded)) {
  if (text === pages.get(path)) continue;
  if (check) {
    console.error(`${path}: its examples no longer hold: run \`npx tsx scripts/record-examples.ts\``);
    process.exitCode = 1;
  } else {
    writeFileSync(join(root, path), text);
    console.log(`wrote ${path}`);
  }
}
