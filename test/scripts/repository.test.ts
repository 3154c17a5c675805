import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { lintProbes, run } from './lint-probes.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

const read = (path: string) => readFile(join(root, path), 'utf8');

/** Every file that is or is about to be in version control, or undefined outside a checkout. */
async function repositoryFiles(): Promise<string[] | undefined> {
  const { code, output } = await run('git', ['ls-files', '--cached', '--others', '--exclude-standard'], root);
  if (code !== 0) return undefined;
  return output.split('\n').filter((path) => path && existsSync(join(root, path)));
}

describe('the repository', () => {
  it('locks packages by content, not by the registry they once came from', async () => {
    const lock = JSON.parse(await read('package-lock.json'));
    const packages = Object.entries<Record<string, unknown>>(lock.packages).filter(([path]) => path !== '');
    expect(packages.length).toBeGreaterThan(0);
    expect(packages.filter(([, entry]) => 'resolved' in entry).map(([path]) => path)).toEqual([]);
    expect(packages.filter(([, entry]) => !entry.integrity && !entry.link).map(([path]) => path)).toEqual([]);
    expect(await read('.npmrc')).toMatch(/^omit-lockfile-registry-resolved=true$/m);
  });

  it('has no run-time dependency: all that ships is in the bundle', async () => {
    const manifest = JSON.parse(await read('package.json'));
    for (const kind of ['dependencies', 'optionalDependencies', 'peerDependencies', 'bundleDependencies']) {
      expect(manifest[kind], kind).toBeUndefined();
    }
    for (const hook of ['preinstall', 'install', 'postinstall']) expect(manifest.scripts[hook], hook).toBeUndefined();
  });

  it('holds nothing that looks like a key, but for examples in tests and documents', async (context) => {
    const files = await repositoryFiles();
    if (!files) return context.skip('not a git checkout');
    const suspects: string[] = [];
    for (const path of files) {
      if (/^(test|docs|skill)\/|\.md$/.test(path)) continue;
      if (/\b(sk_live|sk_test|whsec)_[A-Za-z0-9]{12,}/.test(await read(path))) suspects.push(path);
    }
    expect(suspects).toEqual([]);
  });

  it('lets only commands print: elsewhere stdout belongs to the protocol', async () => {
    const places = ['kit', 'contract', 'client', 'market', 'tools', 'server', 'cli'];
    const files = new Map<string, string>();
    for (const place of places) {
      files.set(`src/${place}/log.ts`, "console.log('x');\n");
      files.set(`src/${place}/error.ts`, "console.error('x');\n");
    }
    const refused = await lintProbes('suspicious/noConsole', files);
    const silent = places.filter((place) => place !== 'cli');
    expect([...refused]).toEqual(silent.map((place) => `src/${place}/log.ts`));
  });

  it('never silences these rules in place', async (context) => {
    const files = await repositoryFiles();
    if (!files) return context.skip('not a git checkout');
    const silenced: string[] = [];
    for (const path of files.filter((file) => file.startsWith('src/'))) {
      if (
        /biome-ignore(-\w+)? lint(\/(style|suspicious))?(\/(noRestrictedImports|noConsole))?:/.test(await read(path))
      ) {
        silenced.push(path);
      }
    }
    expect(silenced).toEqual([]);
  });
});
