import { type McpServer, ResourceNotFoundError, ResourceTemplate } from '@modelcontextprotocol/server';
import type { DocsLibrary } from '#tools/context.ts';

export const DOCS_PREFIX = 'sota://docs/';
const MARKDOWN = 'text/markdown';
/** Pages a host may put in front of a model without being asked. */
const FIRST = new Set(['skill', 'sandbox', 'bid-and-deliver']);
const MOST_COMPLETIONS = 100;

/** Adds every page as a resource, and a template for one section of a page. */
export function addDocs(server: McpServer, docs: DocsLibrary, sizes: Readonly<Record<string, number>> = {}): void {
  const list = docs.list();
  for (const { slug, title, summary } of list) {
    const uri = `${DOCS_PREFIX}${slug}`;
    const size = sizes[slug];
    const config = {
      title,
      description: summary,
      mimeType: MARKDOWN,
      ...(size === undefined ? {} : { size }),
      annotations: { audience: ['assistant' as const], priority: FIRST.has(slug) ? 0.8 : 0.4 },
    };
    server.registerResource(slug, uri, config, async () => ({
      contents: [{ uri, mimeType: MARKDOWN, text: await textOf(docs, slug, uri) }],
    }));
  }
  const topics = list.map(({ slug }) => slug);
  const template = new ResourceTemplate(`${DOCS_PREFIX}{topic}/{section}`, {
    list: undefined,
    complete: {
      topic: (typed) => topics.filter((topic) => topic.startsWith(typed)),
      section: async (typed, context) => {
        const topic = context?.arguments?.topic;
        const page = topic === undefined ? undefined : await docs.read(topic);
        const wanted = typed.toLowerCase();
        return (page?.sections ?? [])
          .map(sectionSlug)
          .filter((section) => section.includes(wanted))
          .slice(0, MOST_COMPLETIONS);
      },
    },
  });
  server.registerResource(
    'section',
    template,
    {
      title: 'One section of a page',
      description: 'Topic and heading, for example sandbox/repair',
      mimeType: MARKDOWN,
    },
    async (uri, { topic, section }) => ({
      contents: [
        {
          uri: uri.href,
          mimeType: MARKDOWN,
          text: await textOf(docs, decode(topic), uri.href, decode(section).replaceAll('-', ' ')),
        },
      ],
    }),
  );
}

/** @throws ResourceNotFoundError */
export async function textOf(docs: DocsLibrary, slug: string, uri: string, section?: string): Promise<string> {
  const page = await docs.read(slug, section);
  if (!page) throw new ResourceNotFoundError(uri);
  return page.text;
}

/** A heading as part of an address. */
function sectionSlug(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
}

function decode(part: string | string[] | undefined): string {
  const text = String(part ?? '');
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
