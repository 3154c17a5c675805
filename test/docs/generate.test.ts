import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { errorCatalogue } from '#contract/errors/catalogue.ts';
import { fillBlocks } from '../../scripts/generated-blocks.ts';
import { root } from './pages.ts';

describe('fillBlocks', () => {
  const blocks = { codes: () => 'a table' };

  it('replaces what is between the comments and nothing else', () => {
    const page = 'before\n\n<!-- generated:codes -->\nold\n<!-- /generated -->\n\nafter\n';
    const filled = fillBlocks(page, blocks);
    expect(filled).toBe('before\n\n<!-- generated:codes -->\n\na table\n\n<!-- /generated -->\n\nafter\n');
    expect(fillBlocks(filled, blocks)).toBe(filled);
  });

  it('refuses a block nobody writes, naming those there are', () => {
    expect(() => fillBlocks('<!-- generated:typo -->\n<!-- /generated -->', blocks)).toThrow(/"typo".*codes/);
    expect(() => fillBlocks('<!-- generated:toString -->\n<!-- /generated -->', blocks)).toThrow(/toString/);
  });

  it('refuses a block without an end, which would never be filled', () => {
    expect(() => fillBlocks('<!-- generated:codes -->\nold\n', blocks)).toThrow(/no end/);
  });
});

describe('npm run generate', () => {
  let folder: string;
  const page = () => join(folder, 'skill/reference/error-codes.md');
  const generate = (...args: string[]) => {
    const tsx = join(root, 'node_modules/.bin/tsx');
    const { status, stderr } = spawnSync(tsx, [join(root, 'scripts/generate.ts'), '--root', folder, ...args], {
      encoding: 'utf8',
    });
    return { status, stderr };
  };

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sota-docs-'));
    cpSync(join(root, 'skill'), join(folder, 'skill'), { recursive: true });
    generate();
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('writes every code of the catalogue, and is then content', () => {
    const text = readFileSync(page(), 'utf8');
    for (const [code, { status }] of Object.entries(errorCatalogue))
      expect(text).toContain(`| \`${code}\` | ${status} |`);
    expect(generate('--check').status).toBe(0);
  });

  it('with --check names a stale page, fails, and leaves the page alone', () => {
    const stale = readFileSync(page(), 'utf8').replace('| `job_not_found` | 404 |', '| `job_not_found` | 410 |');
    writeFileSync(page(), stale);
    const { status, stderr } = generate('--check');
    expect(status).toBe(1);
    expect(stderr).toContain('skill/reference/error-codes.md');
    expect(stderr).not.toContain('webhooks.md');
    expect(readFileSync(page(), 'utf8')).toBe(stale);
  });

  it('fails on an unknown block and says where', () => {
    writeFileSync(page(), '<!-- generated:nonsense -->\n<!-- /generated -->\n');
    const { status, stderr } = generate();
    expect(status).toBe(1);
    expect(stderr).toMatch(/error-codes\.md: no block is called "nonsense"/);
  });
});
