import type { DocsLibrary } from '#tools/context.ts';
import { tools } from '#tools/registry.ts';
import type { Catalogue } from './catalogue.ts';
import { renderTool } from './render.ts';

/** Renders every tool and measures every page. */
export async function makeCatalogue(docs: DocsLibrary): Promise<Catalogue> {
  const sizes = docs.list().map(async ({ slug }) => {
    const page = await docs.read(slug);
    return [slug, Buffer.byteLength(page?.text ?? '')] as const;
  });
  return {
    tools: tools.map((tool) => {
      const { name, effect, roles } = tool;
      return { name, effect, roles, listing: renderTool(tool) };
    }),
    docSizes: Object.fromEntries(await Promise.all(sizes)),
  };
}
