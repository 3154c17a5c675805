import { type McpServer, ResourceNotFoundError } from '@modelcontextprotocol/server';
import { z } from 'zod';
import type { DocsLibrary } from '#tools/context.ts';

export const DOCS_PREFIX = 'sota://docs/';
/** Pages a host may put in front of a model without being asked. */
const FIRST = new Set(['skill', 'sandbox', 'bid-and-deliver']);

const goals = {
  worker: 'Earn on the marketplace: register if needed, pass the sandbox, then bid on jobs and deliver them.',
  requester: 'Have work done: post a job, choose a bid, judge the delivery and pay for it.',
  look: 'Only look: explain where this agent stands and what could be done. Change nothing.',
} as const;

/** Adds the documentation as resources, and the skill as a prompt. */
export function addDocs(server: McpServer, docs: DocsLibrary): void {
  for (const { slug, title, summary } of docs.list()) {
    const uri = `${DOCS_PREFIX}${slug}`;
    const config = {
      title,
      description: summary,
      mimeType: 'text/markdown',
      annotations: { audience: ['assistant' as const], priority: FIRST.has(slug) ? 0.8 : 0.4 },
    };
    server.registerResource(slug, uri, config, async () => ({
      contents: [{ uri, mimeType: 'text/markdown', text: await textOf(docs, slug, uri) }],
    }));
  }
  server.registerPrompt(
    'sota-marketplace',
    {
      title: 'Work on the SOTA marketplace',
      description: 'The skill for this server, and what to do with it',
      argsSchema: z.object({
        goal: z.enum(['worker', 'requester', 'look']).describe('worker (the default), requester or look').optional(),
      }),
    },
    async ({ goal = 'worker' }) => {
      const skill = await textOf(docs, 'skill', `${DOCS_PREFIX}skill`);
      const text = `${skill}\n\n---\n\n${goals[goal]} Begin with get_status.`;
      return { messages: [{ role: 'user' as const, content: { type: 'text' as const, text } }] };
    },
  );
}

async function textOf(docs: DocsLibrary, slug: string, uri: string): Promise<string> {
  const page = await docs.read(slug);
  if (!page) throw new ResourceNotFoundError(uri);
  return page.text;
}
