/** The pages that a model reads, as one file of dist/. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync } from 'node:zlib';

/** Its name there, by which `src/server/packed-docs.ts` finds it. */
export const DOCS = 'docs.json.br';

/** JSON of the texts by path, compressed with Brotli (RFC 7932); undefined for a project that has no skill. */
export function packDocs(root) {
  if (!existsSync(join(root, 'skill'))) return undefined;
  const below = readdirSync(join(root, 'skill'), { recursive: true }).filter((path) => path.endsWith('.md'));
  const paths = ['SKILL.md', ...below.map((path) => `skill/${path.replaceAll('\\', '/')}`).sort()];
  const texts = paths.map((path) => [path, readFileSync(join(root, path), 'utf8')]);
  return brotliCompressSync(JSON.stringify(Object.fromEntries(texts)));
}
