import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Client as LegacyClient } from '@modelcontextprotocol/sdk/client/index.js';
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { buildServer } from '#server/build-server.ts';
import { catalogue } from '#server/built-catalogue.ts';
import { createDispatch } from '#server/dispatch.ts';
import { createDocsLibrary } from '#server/docs-library.ts';
import { docEntries } from '#server/docs-manifest.ts';
import { profiles, selectTools } from '#server/profiles.ts';
import { tools } from '#tools/registry.ts';
import { type Answers, fakeSession } from '../tools/fake-session.ts';

const quiet = { error() {}, warn() {}, debug() {} };
const root = fileURLToPath(new URL('../../', import.meta.url));
const me = {
  id: 'a1',
  name: 'ada',
  status: 'active',
  capabilities: ['code-review'],
  created_at: '2026-01-01T00:00:00Z',
};

async function connect(answers: Answers = {}, selection = {}) {
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

const textOf = (result: { contents: object[] }) => (result.contents[0] as { text: string }).text;

describe('the pages', () => {
  it('are listed with the size they are read with', async () => {
    const { client } = await connect();
    const { resources } = await client.listResources();
    for (const { slug } of docEntries) {
      const uri = `sota://docs/${slug}`;
      const text = textOf(await client.readResource({ uri }));
      expect(resources.find((resource) => resource.uri === uri)).toMatchObject({
        size: Buffer.byteLength(text),
        mimeType: 'text/markdown',
        annotations: { priority: expect.any(Number) },
      });
      expect(text.length).toBeLessThan(40_000);
    }
  });

  it('come by section, with topics and headings completed', async () => {
    const { client } = await connect();
    const ref = { type: 'ref/resource', uri: 'sota://docs/{topic}/{section}' } as const;
    const topics = await client.complete({ ref, argument: { name: 'topic', value: 'sand' } });
    expect(topics.completion.values).toEqual(['sandbox']);
    const context = { arguments: { topic: 'sandbox' } };
    const sections = await client.complete({ ref, argument: { name: 'section', value: 'repair' }, context });
    expect(sections.completion.values).toEqual(['4-repair']);
    const text = textOf(await client.readResource({ uri: `sota://docs/sandbox/${sections.completion.values[0]}` }));
    expect(text).toMatch(/^## 4. Repair/);
    await expect(client.readResource({ uri: 'sota://docs/sandbox/nothing-like-it' })).rejects.toThrow();
    await expect(client.readResource({ uri: 'sota://docs/nothing' })).rejects.toThrow();
  });
});

describe('the skill', () => {
  const any = z.any();

  it('is published with digests of the files as they are on disk', async () => {
    const { client } = await connect();
    expect(client.getServerCapabilities()).toMatchObject({
      extensions: { 'io.modelcontextprotocol/skills': { directoryRead: true } },
    });
    const { skills } = await client.request({ method: 'skills/list' } as never, any);
    expect(skills).toHaveLength(1);
    expect(skills[0]).toMatchObject({
      uri: 'skill://sota-marketplace/SKILL.md',
      frontmatter: { name: 'sota-marketplace', metadata: { 'mcp-server': 'sota-mcp' } },
    });
    expect(skills[0].resources).toHaveLength(docEntries.length);
    for (const { uri, digest, size } of skills[0].resources) {
      const bytes = readFileSync(root + uri.replace('skill://sota-marketplace/', ''));
      expect(digest).toBe(`sha256:${createHash('sha256').update(bytes).digest('hex')}`);
      expect(size).toBe(bytes.length);
      expect(textOf(await client.readResource({ uri }))).toBe(bytes.toString());
    }
  });

  it('is found in the list of resources, and its folders can be looked through', async () => {
    const { client } = await connect();
    const { resources } = await client.listResources();
    expect(resources.map(({ uri }) => uri)).toContain('skill://sota-marketplace/SKILL.md');
    const read = (uri: string) =>
      client
        .request({ method: 'resources/directory/read', params: { uri } } as never, any)
        .then((result) => result.resources.map((resource: { name: string }) => resource.name));
    expect(await read('skill://sota-marketplace')).toEqual(['SKILL.md', 'skill']);
    expect(await read('skill://sota-marketplace/skill')).toEqual(['CHANGELOG.md', 'flows', 'reference']);
    expect(await read('skill://sota-marketplace/skill/flows')).toContain('sandbox.md');
    await expect(client.readResource({ uri: 'skill://sota-marketplace/../package.json' })).rejects.toThrow();
    await expect(client.readResource({ uri: 'skill://sota-marketplace/constructor' })).rejects.toThrow();
  });
});

describe('live resources', () => {
  it('show the agent as it is at this moment', async () => {
    const { client, sent } = await connect({ get_me: () => me });
    const [first, second] = [
      JSON.parse(textOf(await client.readResource({ uri: 'sota://agent/status' }))),
      JSON.parse(textOf(await client.readResource({ uri: 'sota://agent/status' }))),
    ];
    expect(first).toMatchObject({ status: 'active', agent: { id: 'a1' } });
    expect(second).toEqual(first);
    expect(sent.filter(({ operation }) => operation === 'get_me')).toHaveLength(2);
  });

  it('pass on why a job cannot be read', async () => {
    const { client } = await connect({
      get_agent_job: () => {
        throw new Error('gone');
      },
    });
    await expect(client.readResource({ uri: 'sota://jobs/job_1' })).rejects.toThrow(/get_job/);
  });

  it('are not there without their tools', async () => {
    const { client } = await connect({}, { tools: ['list_tags'] });
    expect((await client.listResources()).resources.map(({ uri }) => uri)).not.toContain('sota://agent/status');
    expect((await client.listPrompts()).prompts.map(({ name }) => name)).toEqual(['sota-marketplace']);
  });
});

describe('prompts', () => {
  const names = ['sota-marketplace', 'earn', 'bid', 'sandbox', 'delegate', 'diagnose'];
  const filled: Record<string, Record<string, string>> = {
    'sota-marketplace': { goal: 'look' },
    earn: { tag: 'code-review', min_usdc: '2' },
    bid: { job_id: 'job_9', max_usdc: '7' },
    sandbox: { tag: 'code-review' },
    delegate: { task: 'Summarise "this"', budget_usdc: '3', tag: 'summarization' },
    diagnose: { problem: 'no jobs', job_id: 'job_9' },
  };
  const get = async (client: LegacyClient, name: string, args: Record<string, string>) => {
    const { messages } = await client.getPrompt({ name, arguments: args });
    return (messages[0]!.content as { text: string }).text;
  };

  it('are these six, and carry what was typed', async () => {
    const { client } = await connect();
    expect((await client.listPrompts()).prompts.map(({ name }) => name).sort()).toEqual([...names].sort());
    for (const name of names.slice(1)) {
      const text = await get(client, name, filled[name]!);
      for (const value of Object.values(filled[name]!)) expect(text).toContain(JSON.stringify(value));
    }
    expect(await get(client, 'sota-marketplace', { goal: 'look' })).toMatch(/^# Working on[\s\S]*Change nothing/);
  });

  it.each(Object.keys(profiles))('of the profile %s name no tool that is absent there', async (profile) => {
    const { client } = await connect({}, { profile });
    const active = new Set(selectTools({ profile }, tools).map(({ name }) => name));
    const absent = tools.map(({ name }) => name).filter((name) => name.includes('_') && !active.has(name));
    for (const { name } of (await client.listPrompts()).prompts) {
      if (name === 'sota-marketplace') continue;
      const text = await get(client, name, filled[name]!);
      expect(absent.filter((tool) => new RegExp(`\\b${tool}\\b`).test(text))).toEqual([]);
    }
  });

  it('complete what the marketplace knows, and nothing when it does not answer', async () => {
    const taxonomy = () => ({
      clusters: [
        {
          slug: 'code',
          name: 'Code',
          description: 'Programs',
          tags: ['code-review', 'test-writing'].map((slug) => ({ slug, usage_count: 1, admin_verified_at: null })),
        },
      ],
    });
    const ask = async (client: LegacyClient, name: string, argument: { name: string; value: string }) =>
      (await client.complete({ ref: { type: 'ref/prompt', name }, argument })).completion.values;
    const { client } = await connect({ taxonomy });
    expect(await ask(client, 'earn', { name: 'tag', value: 'code' })).toEqual(['code-review']);
    expect(await ask(client, 'sota-marketplace', { name: 'goal', value: 're' })).toEqual(['requester']);
    const { client: alone } = await connect({});
    expect(await ask(alone, 'earn', { name: 'tag', value: '' })).toEqual([]);
  });
});
