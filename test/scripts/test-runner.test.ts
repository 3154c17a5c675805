import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** The scripts under test and what they need; not generate.ts, for what it generates is not in this small copy. */
const SCRIPTS = [
  'biome.floors.jsonc',
  'build.mjs',
  'bundle.mjs',
  'packed-packages.mjs',
  'bake-catalogue.mjs',
  'merge-chunks.mjs',
  'start-script.mjs',
  'lazy-schemas.mjs',
  'lean-packages.mjs',
  'lean-kysely.mjs',
  'lean-sdk.mjs',
  'left-out.mjs',
  'pack-docs.mjs',
  'slim-chunks.mjs',
  'check.ts',
  'count-reporter.ts',
  'floors.ts',
  'like-the-bundle.ts',
  'steps.ts',
  'test.ts',
  'test-long.ts',
  'vitest.ts',
];

const MIXED = `import { beforeAll, describe, expect, it } from 'vitest';

it('passes', () => expect(1).toBe(1));
it('fails', () => expect(1).toBe(2));
it('needs a database', (context) => context.skip('no PostgreSQL here'));
describe('with a hook', () => {
  beforeAll(() => {
    throw new Error('the hook threw');
  });
  it('never runs', () => {});
});
`;
const GOOD = `import { expect, it } from 'vitest';

it('passes', () => expect(1).toBe(1));
`;
const LONG = `/** A year in a minute. */
${GOOD}`;

// Each test runs whole suites of its own: minutes, not seconds, before they count as hung.
describe('npm test, npm run check and npm run test:long', { timeout: 180_000 }, () => {
  let project: string;

  beforeAll(async () => {
    project = await mkdtemp(join(tmpdir(), 'sota-runner-'));
    for (const path of [
      ...SCRIPTS.map((name) => `scripts/${name}`),
      'package.json',
      'package-lock.json',
      'biome.json',
      'tsconfig.json',
      '.gitignore',
      'vitest.config.ts',
      'vitest.long.config.ts',
      'test/support/build-once.ts',
      'src/kit/closest.ts',
    ]) {
      await cp(join(root, path), join(project, path), { recursive: true });
    }
    await symlink(join(root, 'node_modules'), join(project, 'node_modules'));
    await put('test/good.test.ts', GOOD);
    await put('test/long/year.long.ts', LONG);
  });

  afterAll(() => rm(project, { recursive: true, force: true }));

  async function put(path: string, content: string): Promise<void> {
    await mkdir(dirname(join(project, path)), { recursive: true });
    await writeFile(join(project, path), content);
  }

  function script(name: string, ...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
    const tsx = join(root, 'node_modules/.bin/tsx');
    const env = { ...process.env, NO_COLOR: '1', FORCE_COLOR: undefined, VITEST: undefined };
    return new Promise((resolve) => {
      execFile(tsx, [join('scripts', `${name}.ts`), ...args], { cwd: project, env }, (error, stdout, stderr) => {
        resolve({ code: error ? Number(error.code ?? 1) : 0, stdout, stderr });
      });
    });
  }

  it('passes on a sound tree, and ends with the counts', async () => {
    const { code, stdout, stderr } = await script('test');
    expect(stderr).toBe('');
    expect(code, stdout).toBe(0);
    for (const step of ['types', 'lint', 'generated files', 'build', 'tests']) {
      expect(stdout).toMatch(new RegExp(`^${step} +ok +\\d+\\.\\d s$`, 'm'));
    }
    expect(stdout).toMatch(/\n1 passed, 0 failed, 0 skipped\n$/);
  });

  it('counts failing tests, broken hooks and failing steps, and says what was skipped and why', async () => {
    await put('test/mixed.test.ts', MIXED);
    await put('scripts/wrong.ts', "export const wrong: number = 'text';\n");
    const { code, stdout } = await script('test');
    expect(code).toBe(1);
    expect(stdout).toMatch(/types +FAILED/);
    expect(stdout).toContain('scripts/wrong.ts(1,14): error TS2322');
    expect(stdout).toContain('test/mixed.test.ts > needs a database (no PostgreSQL here)');
    expect(stdout).toContain('test/mixed.test.ts > with a hook > never runs (its setup failed)');
    // Failed: the test, the hook, and the types.
    expect(stdout).toMatch(/\n2 passed, 3 failed, 2 skipped\n$/);

    const check = await script('check');
    expect(check.code).toBe(1);
    expect(check.stdout).toMatch(/\n1 of 4 checks failed\n$/);

    await rm(join(project, 'scripts/wrong.ts'));
    expect((await script('check')).stdout).toMatch(/\nall 4 checks passed\n$/);
    // A filter reaches vitest, and what it leaves out is not called skipped.
    expect((await script('test', 'test/mixed', '-t', 'passes')).stdout).toMatch(/\n1 passed, 0 failed, 0 skipped\n$/);
    const nothing = await script('test', 'test/nowhere');
    expect(nothing.code).toBe(1);
    expect(nothing.stdout).toMatch(/\n0 passed, 1 failed, 0 skipped\n$/);
    await rm(join(project, 'test/mixed.test.ts'));
  });

  it('runs one long suite by name, lists them without, and guesses at a misspelt one', async () => {
    const list = await script('test-long');
    expect(list.code).toBe(0);
    expect(list.stdout).toMatch(/^ {2}year +A year in a minute\.$/m);

    const misspelt = await script('test-long', 'yaer');
    expect(misspelt.code).toBe(2);
    expect(misspelt.stderr).toContain('Did you mean "year"?');

    const run = await script('test-long', 'year');
    expect(run.code, run.stdout).toBe(0);
    expect(run.stdout).toMatch(/\n1 passed, 0 failed, 0 skipped\n$/);
  });
});
