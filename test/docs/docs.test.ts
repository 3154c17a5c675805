import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { encode } from 'gpt-tokenizer';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { errorCatalogue, failureCodes } from '#contract/errors/catalogue.ts';
import { operations } from '#contract/operations/registry.ts';
import { agentMachine } from '#contract/states/agent.ts';
import { bidMachine } from '#contract/states/bid.ts';
import { escrowMachine } from '#contract/states/escrow.ts';
import { jobMachine } from '#contract/states/job.ts';
import { testJobMachine } from '#contract/states/test-job.ts';
import { verdictFailureCodes } from '#contract/verdict.ts';
import { webhookEventTypes } from '#contract/webhook-events.ts';
import { scenarioSchema } from '#market/world/scenario/scenario-schema.ts';
import { tools } from '#tools/registry.ts';
import { pages, readPage, root } from './pages.ts';

const toolByName = new Map(tools.map((tool) => [tool.name, tool]));

describe('links', () => {
  const links = pages.flatMap((page) =>
    [...page.prose.matchAll(/\[[^\]]*\]\(([^)\s]+)\)/g)].map(([, target]) => ({ page, target: target! })),
  );

  it('lead to files and headings that exist', () => {
    const paths = new Map(pages.map((page) => [page.path, page]));
    const broken = links
      .filter(({ target }) => !/^https?:/.test(target))
      .filter(({ page, target }) => {
        const [file = '', anchor] = target.split('#');
        const path = file ? relative(root, join(root, dirname(page.path), file)) : page.path;
        if (!existsSync(join(root, path))) return true;
        return anchor !== undefined && !paths.get(path)?.anchors.has(anchor);
      })
      .map(({ page, target }) => `${page.path} → ${target}`);
    expect(links.length).toBeGreaterThan(20);
    expect(broken).toEqual([]);
  });
});

describe('names', () => {
  /** Not in any table of the contract, and explained where they are used. */
  const OTHERS = [
    'auto_release', // instruction of the on-chain program
    'cancelled_by_requester', // error_code of a job
    'refused_by_policy', // outcome of a tool
    'env_vars', // configuration of a client
    'hidden_characters_removed', // in `untrusted` of an answer
    'marketplace_said', // of an error
    'pg_dump', // a program of PostgreSQL
    'postgres_changes', // of the Realtime channel
  ];
  const machines = [agentMachine, jobMachine, bidMachine, escrowMachine, testJobMachine];
  const vocabulary = new Set<string>([
    ...OTHERS,
    ...tools.map((tool) => tool.name),
    ...Object.keys(errorCatalogue),
    ...ownErrorCodes(),
    ...failureCodes,
    ...verdictFailureCodes,
    ...machines.flatMap((machine) => Object.keys(machine.states)),
    ...operations.flatMap(({ params, query, body, response }) => [params, query, body, response].flatMap(wordsOf)),
    ...tools.flatMap(({ input, output }) => [input, output].flatMap(wordsOf)),
    ...wordsOf(scenarioSchema),
    // Fields of every tool's answer and of every error (docs/architecture.md).
    ...['retry_after_seconds', 'did_you_mean', 'next_cursor'],
  ]);

  it.each(pages)('$path names only tools, codes, statuses and fields that exist', ({ prose }) => {
    const named = [...prose.matchAll(/`([a-z]+(?:_[a-z0-9]+)+)(?:\(\))?`/g)].map(([, word]) => word!);
    expect([...new Set(named)].filter((word) => !vocabulary.has(word))).toEqual([]);
  });

  it.each(pages)('$path names only operations and webhook events that exist', ({ prose }) => {
    const known = new Set(operations.map(({ method, path }) => `${method} ${path}`));
    const named = [...prose.matchAll(/\b(GET|POST|PUT|PATCH|DELETE) `?(\/[\w/{}.-]+)/g)]
      .map(([, method, path]) => `${method} ${path}`)
      .filter((operation) => !operation.includes(' /_local/'));
    expect(named.filter((operation) => !known.has(operation))).toEqual([]);
    const events = [...prose.matchAll(/`((?:agent|job|bid|payout|test_job)\.[a-z_]+)`/g)].map(([, type]) => type!);
    expect(events.filter((type) => !Object.hasOwn(webhookEventTypes, type))).toEqual([]);
  });

  it('knows a made-up name when it sees one', () => {
    expect(vocabulary.has('submit_test_result')).toBe(true);
    expect(vocabulary.has('expected_schema')).toBe(true);
    expect(vocabulary.has('send_private_message')).toBe(false);
  });

  it('mentions every tool on some page of the skill', () => {
    const skill = pages.filter(({ path }) => path.startsWith('skill/') && path !== 'skill/CHANGELOG.md');
    const written = skill.map(({ text }) => text.replace(/<!-- generated:tools -->[\s\S]*?<!-- \/generated -->/, ''));
    expect(tools.map(({ name }) => name).filter((name) => !written.some((text) => text.includes(name)))).toEqual([]);
  });
});

describe('examples', () => {
  const json = pages.flatMap(({ path, fences }) =>
    fences.filter(({ language }) => language === 'json').map(({ content }) => ({ path, content })),
  );
  const calls = json
    .map(({ path, content }) => ({ path, call: JSON.parse(content) as { tool?: string; arguments?: unknown } }))
    .filter(({ call }) => 'tool' in call);

  it('show calls of tools that exist, with arguments those tools accept', () => {
    const wrong = calls.flatMap(({ path, call }) => {
      const tool = toolByName.get(call.tool ?? '');
      const parsed = tool?.input.safeParse(call.arguments);
      if (parsed?.success) return [];
      return [`${path}: ${JSON.stringify(call)} ${parsed ? z.prettifyError(parsed.error) : 'no such tool'}`];
    });
    expect(calls.length).toBeGreaterThan(20);
    expect(wrong).toEqual([]);
  });
});

describe('SKILL.md', () => {
  const { text } = readPage('SKILL.md');
  const [, frontmatter = '', body = ''] = /^---\n([\s\S]*?)\n---\n([\s\S]*)$/.exec(text) ?? [];
  const folded = (key: string) =>
    new RegExp(`^${key}: >-\\n((?: {2}.*\\n?)+)`, 'm').exec(frontmatter)?.[1]?.trim().replace(/\s+/g, ' ') ?? '';

  it('keeps to the limits of the Agent Skills format', () => {
    expect(frontmatter).toMatch(/^name: sota-marketplace$/m);
    expect(folded('description').length).toBeGreaterThan(100);
    expect(folded('description').length).toBeLessThanOrEqual(1024);
    expect(folded('compatibility').length).toBeGreaterThan(0);
    expect(folded('compatibility').length).toBeLessThanOrEqual(500);
    expect(body.split('\n').length).toBeLessThan(500);
    expect(encode(body).length).toBeLessThan(5000);
  });

  it('leads to every page of the skill, by path and by topic', () => {
    for (const { path } of pages.filter(({ path }) => /^skill\/(flows|reference)\//.test(path))) {
      expect(body).toContain(`(${path})`);
      expect(body).toContain(`\`${/([\w-]+)\.md$/.exec(path)?.[1]}\``);
    }
  });
});

/** Codes of refusals that never reach a marketplace: the literals of the factories that make them. */
function ownErrorCodes(): string[] {
  const folders = ['src/contract/errors', 'src/client', 'src/tools', 'src/server'].map((folder) => join(root, folder));
  return folders
    .flatMap((folder) => readdirSync(folder, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .flatMap((entry) => [...readFileSync(join(entry.parentPath, entry.name), 'utf8').matchAll(/\bcode: '(\w+)'/g)])
    .map(([, code]) => code!);
}

/** The property names and enumerated words anywhere in a schema. */
function wordsOf(schema: z.ZodType | undefined): string[] {
  const words: string[] = [];
  const visit = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return;
    const { properties, enum: values, const: only, ...rest } = node as Record<string, unknown>;
    if (typeof only === 'string') words.push(only);
    if (Array.isArray(values)) words.push(...values.filter((value) => typeof value === 'string'));
    if (properties) words.push(...Object.keys(properties));
    for (const child of Object.values({ ...rest, properties })) visit(child);
  };
  if (schema) visit(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }));
  return words;
}
