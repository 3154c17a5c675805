import { promises } from 'node:fs';
import { docEntries } from './docs-manifest.ts';

/** The text of every page by slug. In the bundle the pages are part of it; run from source they are read from disk. */
export async function loadDocs(): Promise<Readonly<Record<string, string>>> {
  if (!import.meta.url.endsWith('.ts')) return (await import('./embedded-markdown.ts')).markdown;
  const root = new URL('../../', import.meta.url);
  const pages = docEntries.map(
    async ({ slug, path }) => [slug, await promises.readFile(new URL(path, root), 'utf8')] as const,
  );
  return Object.fromEntries(await Promise.all(pages));
}
