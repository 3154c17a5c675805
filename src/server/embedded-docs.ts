import { promises } from 'node:fs';
import { docEntries } from './docs-manifest.ts';

/** The text of every page by slug. Run from source they are read from disk, and in the bundle from what it brings. */
export async function loadDocs(): Promise<Readonly<Record<string, string>>> {
  const bundled = !import.meta.url.endsWith('.ts');
  const packed = bundled ? await (await import('./packed-docs.ts')).readPackedDocs() : undefined;
  const root = new URL('../../', import.meta.url);
  const pages = docEntries.map(
    async ({ slug, path }) => [slug, packed?.[path] ?? (await promises.readFile(new URL(path, root), 'utf8'))] as const,
  );
  return Object.fromEntries(await Promise.all(pages));
}
