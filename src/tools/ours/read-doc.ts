import { z } from 'zod';
import { closest } from '#kit/closest.ts';
import type { DocPage } from '../context.ts';
import { defineTool } from '../define-tool.ts';
import { sectionNotFound, topicNotFound } from '../teach-tools.ts';

const PAGE_CHARS = 16_000;

/** The documentation, for hosts and models that do not read resources. */
export const readDoc = defineTool({
  name: 'read_doc',
  title: 'Read the documentation',
  family: 'ours',
  roles: ['worker', 'requester'],
  description:
    'Guides and references of this marketplace as text; without a topic, the list. For one HTTP operation: get_openapi_operation.',
  input: z.strictObject({
    topic: z.string().max(120).describe('For example sandbox, bid-and-deliver, error-codes').optional(),
    section: z.string().max(120).describe('Only this heading').optional(),
    page: z.number().int().min(1).max(99).describe('Of a long text; 1 unless given').optional(),
  }),
  output: undefined,
  effect: 'read',
  flags: { needsKey: false },
  aliases: { doc: 'topic', name: 'topic', slug: 'topic', path: 'topic', uri: 'topic', heading: 'section' },
  example: { topic: 'sandbox' },
  async run({ topic, section, page = 1 }, { docs }) {
    const list = docs.list();
    if (topic === undefined) return { text: contents(list) };
    const slug = slugOf(topic);
    const whole = await docs.read(slug);
    if (!whole) {
      const known = list.map(({ slug: name }) => name);
      throw topicNotFound(topic, closest(slug, known), known);
    }
    if (section === undefined) return { text: paged(whole, page) };
    const part = await docs.read(slug, section);
    if (!part) throw sectionNotFound(section, whole.slug, closest(section, whole.sections), whole.sections);
    return { text: paged(part, page) };
  },
});

function contents(list: readonly { slug: string; title: string; summary: string }[]): string {
  const lines = list.map(({ slug, title, summary }) => `- ${slug}: ${title}. ${summary}.`);
  return ['Topics for read_doc:', ...lines].join('\n');
}

/** Models also give the path, the file name or the address of a page. */
function slugOf(topic: string): string {
  return topic
    .trim()
    .replace(/^sota:\/\/docs\//, '')
    .replace(/^.*\//, '')
    .replace(/\.md$/i, '')
    .toLowerCase();
}

function paged({ text, slug }: DocPage, page: number): string {
  const pages = Math.max(1, Math.ceil(text.length / PAGE_CHARS));
  if (pages === 1 && page === 1) return text;
  const part = text.slice((page - 1) * PAGE_CHARS, page * PAGE_CHARS);
  const more = page < pages ? ` Next: read_doc with topic ${slug} and page ${page + 1}.` : '';
  return `${part || '(There is nothing on this page.)'}\n\n[Page ${page} of ${pages}.${more}]`;
}
