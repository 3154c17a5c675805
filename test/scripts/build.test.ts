import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** A program that needs all the bundle promises: SQLite, the pages, the version, a CommonJS package, a lazy chunk. */
const ENTRY = `
import { readFileSync } from 'node:fs';
import { brotliDecompressSync } from 'node:zlib';
import levenshtein from 'fastest-levenshtein';
declare const __SOTA_VERSION__: string;
const packed = brotliDecompressSync(readFileSync(new URL('./docs.json.br', import.meta.url)));
const guide = JSON.parse(String(packed))['skill/guide.md'];
const wait = (process.argv[2] ?? '') === 'wait';
console.log(JSON.stringify({ version: __SOTA_VERSION__, guide, distance: levenshtein.distance('ab', 'ac') }));
if (wait) await new Promise((resolve) => process.stdin.once('data', resolve));
const { answer } = await import('./lazy.ts');
console.log(JSON.stringify(await answer()));
process.exit(0);
`;
const LAZY = `
export async function answer() {
  const { default: sqlite } = await import('node-sqlite3-wasm');
  const database = new sqlite.Database(':memory:');
  const row = database.get('select 6 * 7 as answer');
  database.close();
  const native = await import('node:sqlite').then(() => true, () => false);
  return { ...row, native, marker: 'first' };
}
`;

describe('scripts/build.mjs', { timeout: 120_000 }, () => {
  let folder: string;
  let project: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sota-build-'));
    project = join(folder, 'project');
    await put('package.json', JSON.stringify({ name: 'x', version: '9.8.7', type: 'module' }));
    await put('SKILL.md', '# Skill\n');
    await put('skill/guide.md', '# Guide\n');
    await put('src/cli/sota-mcp.ts', ENTRY);
    await put('src/cli/lazy.ts', LAZY);
    await symlink(join(root, 'node_modules'), join(project, 'node_modules'));
  });

  afterEach(() => rm(folder, { recursive: true, force: true }));

  async function put(path: string, content: string): Promise<void> {
    await mkdir(dirname(join(project, path)), { recursive: true });
    await writeFile(join(project, path), content);
  }

  const build = (...flags: string[]) =>
    run(process.execPath, [join(root, 'scripts/build.mjs'), '--root', project, ...flags]);
  const entry = () => join(project, 'dist/sota-mcp.js');

  it('makes a dist/ that runs alone, with its database, outside the project', async () => {
    expect(await build('--quiet')).toEqual({ code: 0, stdout: '', stderr: '' });
    const elsewhere = join(folder, 'elsewhere');
    await cp(join(project, 'dist'), join(elsewhere, 'dist'), { recursive: true });
    await writeFile(join(elsewhere, 'package.json'), '{"type":"module"}');
    await rm(project, { recursive: true });

    // Run as a command, the way npm's bin links do: this needs the shebang and the mode bits.
    const result = await run(join(elsewhere, 'dist/sota-mcp.js'), []);
    expect(result.stderr.replace(/.*ExperimentalWarning.*\n.*trace-warnings.*\n/, '')).toBe('');
    const [head, answer] = result.stdout.trim().split('\n');
    expect(JSON.parse(head!)).toEqual({ version: '9.8.7', guide: '# Guide\n', distance: 1 });
    expect(JSON.parse(answer!)).toMatchObject({ answer: 42, marker: 'first' });
  });

  it('maps errors back to source lines and ships the licences of what it bundles', async () => {
    await put(
      'src/cli/sota-mcp.ts',
      `${'// a line\n'.repeat(6)}import 'fastest-levenshtein';\nthrow new Error('here');\n`,
    );
    expect((await build()).code).toBe(0);
    const result = await run(process.execPath, ['--enable-source-maps', entry()]);
    expect(result.stderr).toMatch(/src\/cli\/sota-mcp\.ts:8:/);
    const licenses = await readFile(join(project, 'dist/LICENSES.txt'), 'utf8');
    expect(licenses).toContain('fastest-levenshtein');
    expect(licenses).toContain('MIT License');
  });

  it('does nothing when nothing it reads has changed, and rebuilds when something has', async () => {
    expect((await build()).stdout).toContain('dist/sota-mcp.js');
    const first = await stat(entry());
    expect((await build()).stdout).toBe('dist/ is current\n');
    expect((await stat(entry())).ino).toBe(first.ino);

    await put('skill/guide.md', '# Another guide\n');
    expect((await build()).stdout).toContain('dist/sota-mcp.js');
    expect((await run(process.execPath, [entry()])).stdout).toContain('# Another guide');

    await rm(join(project, 'dist/sota-mcp.js'));
    expect((await build()).stdout).toContain('dist/sota-mcp.js');
  });

  it('keeps the last good dist/ when the sources do not compile, and names the place', async () => {
    await build();
    const before = await readFile(entry(), 'utf8');
    await put('src/cli/sota-mcp.ts', 'const = 1;\n');
    const result = await build('--quiet');
    expect(result.code).toBe(1);
    expect(result.stderr).toContain('src/cli/sota-mcp.ts:1:6');
    expect(await readFile(entry(), 'utf8')).toBe(before);
    expect((await readdir(join(project, 'dist'))).filter((name) => /lock|building/.test(name))).toEqual([]);
  });

  it('refuses a static import of node:sqlite, which Node 20 does not have', async () => {
    await put('src/cli/sota-mcp.ts', "import { DatabaseSync } from 'node:sqlite';\nconsole.log(DatabaseSync);\n");
    const result = await build('--quiet');
    expect(result.code).toBe(1);
    expect(result.stderr).toContain("await import('node:sqlite')");
  });

  it('lets a process started before a rebuild load its old chunks, and drops them when packing', async () => {
    await build();
    const child = execFile(process.execPath, [entry(), 'wait']);
    const output: string[] = [];
    child.stdout!.on('data', (text) => output.push(String(text)));
    const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
    await new Promise((resolve) => child.stdout!.once('data', resolve));

    await put('src/cli/lazy.ts', LAZY.replace('first', 'second'));
    expect((await build()).code).toBe(0);
    child.stdin!.end('go on\n');
    expect(await exited).toBe(0);
    expect(output.join('')).toContain('first');
    expect((await run(process.execPath, [entry()])).stdout).toContain('second');

    const chunks = async () => (await readdir(join(project, 'dist'))).filter((name) => /^lazy-.*\.js$/.test(name));
    expect(await chunks()).toHaveLength(2);
    expect((await build('--clean')).code).toBe(0);
    expect(await chunks()).toHaveLength(1);
    // Source maps stay at home, and nothing sends a debugger after them.
    const packed = (await readdir(join(project, 'dist'))).filter((name) => /\.(js|map)$/.test(name));
    expect(packed.filter((name) => name.endsWith('.map'))).toEqual([]);
    for (const name of packed) {
      expect(await readFile(join(project, 'dist', name), 'utf8')).not.toContain('sourceMappingURL');
    }
  });

  it('drops replaced chunks by itself once they are old', async () => {
    await build();
    const [old] = (await readdir(join(project, 'dist'))).filter((name) => /^lazy-.*\.js$/.test(name));
    await put('src/cli/lazy.ts', LAZY.replace('first', 'second'));
    await build();
    const longAgo = new Date(Date.now() - 3_600_000);
    await utimes(join(project, 'dist', old!), longAgo, longAgo);
    await put('src/cli/lazy.ts', LAZY.replace('first', 'third'));
    await build();
    expect(await readdir(join(project, 'dist'))).not.toContain(old);
  });

  it('survives builds at once and readers in between: every run is of one whole build', async () => {
    await build();
    let building = true;
    const runs: { code: number; stdout: string; stderr: string }[] = [];
    const reader = (async () => {
      while (building) runs.push(await run(process.execPath, [entry()]));
    })();
    for (const marker of ['second', 'third', 'fourth']) {
      await put('src/cli/lazy.ts', LAZY.replace('first', marker));
      const results = await Promise.all([build('--quiet'), build('--quiet'), build('--quiet')]);
      expect(results.map(({ code, stderr }) => ({ code, stderr }))).toEqual(
        results.map(() => ({ code: 0, stderr: '' })),
      );
      expect((await run(process.execPath, [entry()])).stdout).toContain(marker);
    }
    building = false;
    await reader;
    expect(runs.length).toBeGreaterThan(0);
    for (const { code, stderr } of runs) expect(code, stderr).toBe(0);
  });

  it('goes on past the lock of a build that was killed', async () => {
    const { stdout: deadPid } = await run(process.execPath, ['-p', 'process.pid']);
    await put('dist/.lock', deadPid.trim());
    await put('dist/.building-left-over/sota-mcp.js', 'half a file');
    expect((await build()).stdout).toContain('dist/sota-mcp.js');
    expect(await readdir(join(project, 'dist'))).not.toContain('.building-left-over');
  });

  it('builds only the entry points that are there', async () => {
    await rm(join(project, 'src'), { recursive: true });
    expect(await build()).toMatchObject({ code: 0, stdout: expect.stringContaining('nothing to build') });
  });
});

function run(file: string, args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(file, args, (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code ?? 1) : 0, stdout, stderr });
    });
  });
}
