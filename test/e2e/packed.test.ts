import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

/** The package as npm would publish it, installed into an empty folder with no network to fetch anything from. */

const root = fileURLToPath(new URL('../..', import.meta.url));
const run = promisify(execFile);
const made = realpathSync(mkdtempSync(join(tmpdir(), 'sota-packed-')));
const folder = join(made, 'empty');
let env: Record<string, string>;
const bin = (name: string) => join(folder, 'node_modules/.bin', name);
const inFolder = (file: string, args: string[], cwd = folder) => run(file, args, { cwd, env, timeout: 90_000 });

beforeAll(async () => {
  const packed = join(made, 'packed');
  for (const path of [folder, packed]) mkdirSync(path);
  env = { PATH: process.env.PATH ?? '', HOME: packed, SOTA_HOME: join(folder, '.home') };
  // The build of these tests is packed; building it anew would pull dist/ away under the tests beside this one.
  await run('npm', ['pack', '--ignore-scripts', '--pack-destination', packed], { cwd: root, env });
  const [tarball] = readdirSync(packed).filter((name) => name.endsWith('.tgz'));
  writeFileSync(join(folder, 'package.json'), '{"private":true}');
  await inFolder('npm', ['install', '--offline', '--no-audit', '--no-fund', join(packed, tarball!)]);
}, 120_000);
afterAll(() => rmSync(made, { recursive: true, force: true }));

describe('the packed package', () => {
  it('brings no other package with it', () => {
    expect(readdirSync(join(folder, 'node_modules')).filter((name) => !name.startsWith('.'))).toEqual(['sota-mcp']);
    const { dependencies } = JSON.parse(readFileSync(join(folder, 'node_modules/sota-mcp/package.json'), 'utf8'));
    expect(dependencies ?? {}).toEqual({});
  });

  it('takes an agent from init to active and its first payment, unedited', { timeout: 120_000 }, async () => {
    const { stdout } = await inFolder(bin('sota-runner'), ['init', 'a', '--template', 'det']);
    expect(stdout.trim().split('\n').slice(-2)).toEqual(['  cd a', '  sota-runner dev']);
    const lived = await inFolder(bin('sota-runner'), ['dev', '--until-paid', '--port', '0'], join(folder, 'a'));
    expect(lived.stdout).toMatch(/mode: sandbox[\s\S]*mode: active[\s\S]*delivered[\s\S]*paid: 4\.05 USDC, 5 stars/);
    expect(lived.stdout).not.toMatch(/refused|failed/);
    expect(lived.stderr).toBe('');
    const again = await inFolder(bin('sota-runner'), ['dev', '--until-paid', '--port', '0'], join(folder, 'a'));
    expect(again.stdout).not.toMatch(/mode: sandbox/);
    expect(again.stdout).toMatch(/mode: active[\s\S]*paid: 4\.05 USDC, 5 stars/);
  });

  it('is a library, with its harness and its vectors', { timeout: 60_000 }, async () => {
    mkdirSync(join(folder, 'own'));
    const file = join(folder, 'own/try.mjs');
    writeFileSync(
      file,
      `import { SOTAClient, schemaSkeleton } from 'sota-mcp';
       import { createTestHarness } from 'sota-mcp/sdk';
       import file from 'sota-mcp/vectors/webhook-signatures.json' with { type: 'json' };
       const harness = await createTestHarness();
       await harness.agent('mine', { tags: ['summarization'], exports: { dispatch: () => schemaSkeleton({ const: 7 }) } });
       const id = await harness.post({ tags: ['summarization'], budget_usdc: 5, description: 'Sum it up' });
       const { result } = await harness.waitFor(id, 'delivered');
       await harness.close();
       console.log(JSON.stringify({ result, client: typeof SOTAClient, vectors: file.groups.flatMap(({ tests }) => tests).length > 100 }));`,
    );
    const { stdout } = await inFolder(process.execPath, [file]);
    expect(JSON.parse(stdout)).toEqual({ result: '7', client: 'function', vectors: true });
  });
});
