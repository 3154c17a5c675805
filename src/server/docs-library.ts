import type { DocPage, DocsLibrary } from '#tools/context.ts';
import { docEntries } from './docs-manifest.ts';
import { loadDocs } from './embedded-docs.ts';

/**
 * The documentation inside the package. Listing needs no text; the text is loaded with the first page that is read.
 * @example (await createDocsLibrary().read('sandbox'))?.title // 'Pass the sandbox'
 */
export function createDocsLibrary(load: typeof loadDocs = loadDocs): DocsLibrary {
  let loading: ReturnType<typeof loadDocs> | undefined;
  return {
    list: () => docEntries.map(({ slug, title, summary }) => ({ slug, title, summary })),
    async read(topic, section) {
      const entry = docEntries.find(({ slug, path }) => slug === topic || path === topic);
      if (!entry) return undefined;
      loading ??= load();
      const raw = (await loading)[entry.slug] ?? '';
      const text = withoutFrontMatter(raw).replace(/<!--[\s\S]*?-->\n*/g, '');
      const page: DocPage = {
        slug: entry.slug,
        title: entry.title,
        summary: entry.summary,
        text,
        sections: headings(text),
      };
      if (section === undefined) return page;
      const part = sectionOf(text, section);
      return part === undefined ? undefined : { ...page, text: part };
    },
  };
}

/** The header of a skill file is for the hosts that load it, not for its reader. */
function withoutFrontMatter(text: string): string {
  return text.replace(/^---\n[\s\S]*?\n---\n+/, '');
}

const HEADING = /^(#{2,3}) (.+)$/gm;

function headings(text: string): string[] {
  return [...text.matchAll(HEADING)].map(([, , title = '']) => title);
}

function sectionOf(text: string, section: string): string | undefined {
  const wanted = plain(section);
  const found = [...text.matchAll(HEADING)];
  const start =
    found.find(([, , title = '']) => plain(title) === wanted) ??
    found.find(([, , title = '']) => plain(title).includes(wanted));
  if (!start || !wanted) return undefined;
  const level = start[1]?.length ?? 2;
  const end = found.find((match) => match.index > start.index && (match[1]?.length ?? 2) <= level);
  return text.slice(start.index, end?.index).trimEnd();
}

function plain(title: string): string {
  return title
    .toLowerCase()
    .replace(/[^a-z0-9 ]/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
}
