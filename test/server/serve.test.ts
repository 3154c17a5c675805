import { Client as LegacyClient } from '@modelcontextprotocol/sdk/client/index.js';
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js';
import { describe, expect, it } from 'vitest';
import { buildServer } from '#server/build-server.ts';
import { catalogue } from '#server/built-catalogue.ts';
import { createDispatch } from '#server/dispatch.ts';
import { createDocsLibrary } from '#server/docs-library.ts';
import { selectTools } from '#server/profiles.ts';
import { tools } from '#tools/registry.ts';
import { type Answers, fakeSession } from '../tools/fake-session.ts';

const quiet = { error() {}, warn() {}, debug() {} };

async function connect(answers: Answers, selection = {}) {
  const { session, sent } = fakeSession(answers);
  const activeTools = selectTools(selection, tools);
  const docs = createDocsLibrary();
  const validator = { validate: async () => ({ ok: true as const }) };
  const dispatch = createDispatch({ session, activeTools, allTools: tools, docs, validator, log: quiet });
  const server = buildServer({ catalogue, tools: selectTools(selection, catalogue.tools), dispatch, docs });
  const [mine, theirs] = InMemoryTransport.createLinkedPair();
  await server.connect(theirs as never);
  const client = new LegacyClient({ name: 'test', version: '0' });
  await client.connect(mine);
  return { client, sent };
}

const taxonomy = () => ({
  clusters: [
    {
      slug: 'code',
      name: 'Code',
      description: 'Programs',
      tags: [{ slug: 'code-review', usage_count: 3, admin_verified_at: null }],
    },
  ],
});

describe('the server', () => {
  it('gives text and structured content with the same data', async () => {
    const { client } = await connect({ taxonomy });
    const result = await client.callTool({ name: 'list_clusters', arguments: {} });
    const [first] = result.content as { text: string }[];
    expect(JSON.parse(first!.text)).toEqual(result.structuredContent);
    expect(result.structuredContent).toMatchObject({ clusters: [{ slug: 'code', tags_count: 1 }] });
  });

  it('teaches about a tool that does not exist, as an answer a model can read', async () => {
    const { client } = await connect({});
    const result = await client.callTool({ name: 'list_cluster', arguments: {} });
    expect(result.isError).toBe(true);
    expect(result.structuredContent).toBeUndefined();
    expect(JSON.parse((result.content as { text: string }[])[0]!.text)).toMatchObject({
      outcome: 'rejected',
      error: { code: 'unknown_tool', did_you_mean: 'list_clusters', retryable: false },
    });
  });
});
