import { encode } from 'gpt-tokenizer';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { errorCatalogue } from '#contract/errors/catalogue.ts';
import { operations } from '#contract/operations/registry.ts';
import { webhookEventTypes } from '#contract/webhook-events.ts';
import { tools } from '#tools/registry.ts';
import { pages, readPage } from './pages.ts';
import { brokenLinks } from './reader.ts';
import { ownErrorCodes, toolByName, vocabulary } from './vocabulary.ts';

describe('links', () => {
  it('lead to files and headings that exist', () => {
    expect(pages.flatMap(({ prose }) => [...prose.matchAll(/\]\(/g)]).length).toBeGreaterThan(20);
    expect(pages.flatMap((page) => brokenLinks(page).map((target) => `${page.path} → ${target}`))).toEqual([]);
  });
});

/** Literals that look like codes and are none a caller gets. */
const NO_REFUSAL = new Set([
  'custom',
  'ok',
  'unchecked',
  'no_schema',
  'error_code',
  'resource_unavailable',
  'invalid_json',
]);

describe('names', () => {
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

  it('explains every code of our own refusals, and no other', () => {
    const { text } = readPage('skill/reference/error-codes.md');
    const [, table = ''] = /## Codes of the tools\n([\s\S]*?)\n## /.exec(text) ?? [];
    const explained = [...table.matchAll(/^\| ((?:`\w+`(?:, )?)+) \|/gm)].flatMap(([, codes]) => codes!.match(/\w+/g)!);
    const made = new Set(
      ownErrorCodes().filter((code) => !Object.hasOwn(errorCatalogue, code) && !NO_REFUSAL.has(code)),
    );
    expect([...explained].sort()).toEqual([...made].sort());
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
