import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDocsLibrary } from '#server/docs-library.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const run = promisify(execFile);
const LEFT_OUT = new Set(['node_modules', '.git', 'dist', 'test', 'bench']);

describe('the package as it is published', () => {
  let folder: string;
  let tarball: string;
  let content: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'sota-package-'));
    // As `prepack` does it, but beside this dist/: there the chunks of earlier builds lie until nobody needs them.
    const project = join(folder, 'project');
    cpSync(root, project, { recursive: true, filter: (path) => !LEFT_OUT.has(relative(root, path)) });
    symlinkSync(realpathSync(join(root, 'node_modules')), join(project, 'node_modules'));
    await run(process.execPath, [join(root, 'scripts/build.mjs'), '--quiet', '--clean', '--root', project]);
    const flags = ['pack', '--ignore-scripts', '--pack-destination', folder];
    const { stdout } = await run('npm', flags, { cwd: project, env: { ...process.env, npm_config_loglevel: 'error' } });
    tarball = join(folder, stdout.trim());
    await run('tar', ['-xzf', tarball, '-C', folder]);
    content = join(folder, 'package');
  }, 60_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('is one package: nothing to install with it, nothing that runs on installing', () => {
    const manifest = JSON.parse(readFileSync(join(content, 'package.json'), 'utf8')) as Record<string, unknown>;
    for (const field of ['dependencies', 'optionalDependencies', 'peerDependencies', 'bundledDependencies']) {
      expect(manifest[field] ?? {}).toEqual({});
    }
    const scripts = Object.keys(manifest.scripts as object);
    expect(scripts.filter((name) => /^(pre|post)?install$/.test(name))).toEqual([]);
  });

  it('holds what runs and what is read, and no sources, tests or source maps', () => {
    const files = readdirSync(content, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => relative(content, join(entry.parentPath, entry.name)));
    expect(files).toEqual(expect.arrayContaining(['dist/sota-mcp.js', 'dist/sota-runner.js', 'SKILL.md', 'LICENSE']));
    expect(files.filter((name) => /\.map$|^src|^test|^bench|^scripts|(^|[\\/])\./.test(name))).toEqual([]);
  });

  it('prints every page that a model reads, whole', async () => {
    const docs = createDocsLibrary();
    for (const { slug } of docs.list()) {
      const { stdout } = await run(process.execPath, [join(content, 'dist/sota-mcp.js'), 'skill', slug]);
      expect(stdout.trim()).toBe((await docs.read(slug))?.text.trim());
    }
  });

  it('grows only on purpose', () => {
    const bytes = readdirSync(content, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !entry.name.endsWith('.wasm'))
      .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
    expect(bytes).toBeLessThan(1_500_000);
  });

  it('loads little before the first answer', () => {
    const size = (prefix: string, folder = 'dist') =>
      readdirSync(join(content, folder))
        .filter((name) => name.startsWith(prefix))
        .map((name) => statSync(join(content, folder, name)).size);
    expect(size('start-', 'dist/vendor')).toEqual([expect.toSatisfy((bytes: number) => bytes < 450_000)]);
    expect(size('sota-mcp.js')).toEqual([expect.toSatisfy((bytes: number) => bytes < 4_000)]);
  });

  it('keeps what publint asks of a package', async () => {
    const { messages, pkg } = await publint({ pkgDir: content, strict: true });
    expect(messages.map((message) => formatMessage(message, pkg ?? {}))).toEqual([]);
  });

  it('has types that fit what is imported, wherever it is imported from as a module', async () => {
    const checked = await checkPackage(createPackageFromTarballData(readFileSync(tarball)));
    if (!checked.types) throw new Error('No types at all');
    // The package is modules only: require() of it is no promise.
    const relevant = checked.problems.filter(
      (problem) => !('resolutionKind' in problem && ['node10', 'node16-cjs'].includes(problem.resolutionKind)),
    );
    expect(relevant).toEqual([]);
  });
});
