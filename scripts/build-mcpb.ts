/**
 * Packs the server as an MCPB bundle (a ZIP with a manifest), which Claude Desktop installs with a double click.
 *
 *   tsx scripts/build-mcpb.ts [FILE]    default: dist/sota-mcp.mcpb
 *
 * Equal contents give equal bytes, so that a registry's digest of the file can be checked by building it again.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './steps.ts';
import { zip } from './zip.ts';

const file = process.argv[2] ?? join(root, 'dist', 'sota-mcp.mcpb');
execFileSync(process.execPath, [join(root, 'scripts/build.mjs'), '--quiet'], { stdio: 'inherit' });
const { files: built } = JSON.parse(readFileSync(join(root, 'dist/.stamp'), 'utf8')) as { files: string[] };

const files = new Map<string, Buffer>([
  ['manifest.json', readFileSync(join(root, 'mcpb/manifest.json'))],
  // Says that the .js files are modules.
  ['package.json', Buffer.from('{"type":"module"}\n')],
  ['LICENSE', readFileSync(join(root, 'LICENSE'))],
]);
// What this build made, and nothing an earlier one left behind for processes that still run.
for (const name of built) {
  if (!name.endsWith('.map')) files.set(`dist/${name}`, readFileSync(join(root, 'dist', name)));
}
const bundle = zip(files);
writeFileSync(file, bundle);
const digest = createHash('sha256').update(bundle).digest('hex');
console.log(`${file}  ${(bundle.length / 1024).toFixed(0)} kB  sha256 ${digest}`);
