import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const source = (name: string) => JSON.stringify(new URL(`../../src/kit/${name}`, import.meta.url).href);

describe('compiled code that is kept', () => {
  let home: string;
  let file: string;
  const folder = () => join(home, 'mcp', 'code-cache');
  const kept = () => readdirSync(folder());

  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'sota-code-'));
    file = join(home, 'start-1a2b3c4d.cjs');
    const answer = '() => require("node:path").basename("/a/42")';
    writeFileSync(file, `(function (exports, require) { exports.answer = ${answer}; })\n`);
  });
  afterEach(() => rmSync(home, { recursive: true, force: true }));

  /** A process that runs the file, says what it got and whether V8 took what was kept, and keeps what it compiled. */
  function start(env: Record<string, string> = {}): { answer: string; taken: boolean; stderr: string } {
    const program = `
      import vm from 'node:vm';
      import { createRequire, syncBuiltinESMExports } from 'node:module';
      const { Script } = vm;
      let taken = false;
      vm.Script = class extends Script {
        constructor(source, options) {
          super(source, options);
          taken = this.cachedDataRejected === false;
        }
      };
      syncBuiltinESMExports();
      const { loadScript } = await import(${source('code-cache.ts')});
      const { keepCompiledCode } = await import(${source('keep-compiled.ts')});
      const { answer } = loadScript(${JSON.stringify(file)}, createRequire(import.meta.url), {});
      const said = { answer: answer(), taken };
      await keepCompiledCode();
      console.log(JSON.stringify(said));`;
    const { stdout, stderr } = spawnSync(
      process.execPath,
      ['--import', 'tsx', '--input-type=module', '--eval', program],
      { encoding: 'utf8', env: { PATH: process.env.PATH, SOTA_HOME: home, ...env } },
    );
    return { ...(JSON.parse(stdout || '{}') as { answer: string; taken: boolean }), stderr };
  }

  it('is taken by the next start, and lies there for this user alone', () => {
    expect(start()).toMatchObject({ answer: '42', taken: false });
    expect(start()).toMatchObject({ answer: '42', taken: true });
    const [name = ''] = kept();
    expect(kept()).toHaveLength(1);
    expect(statSync(join(folder(), name)).mode & 0o777).toBe(0o600);
    expect(statSync(folder()).mode & 0o777).toBe(0o700);
  });

  it('of an earlier version of the file is neither taken nor left lying', () => {
    start();
    const [before] = kept();
    cpSync(file, join(home, 'start-99999999.cjs'));
    file = join(home, 'start-99999999.cjs');
    expect(start()).toMatchObject({ answer: '42', taken: false });
    expect(kept()).toHaveLength(1);
    expect(kept()[0]).not.toBe(before);
  });

  it('that others could have written is not taken', () => {
    start();
    const path = join(folder(), kept()[0] ?? '');
    chmodSync(path, 0o666);
    expect(start()).toMatchObject({ answer: '42', taken: false });
    // And it was made anew.
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('behind a symbolic link is not taken', () => {
    start();
    const path = join(folder(), kept()[0] ?? '');
    cpSync(path, join(home, 'elsewhere.bin'));
    rmSync(path);
    symlinkSync(join(home, 'elsewhere.bin'), path);
    expect(start()).toMatchObject({ answer: '42', taken: false });
  });

  it('that is damaged is replaced', () => {
    start();
    writeFileSync(join(folder(), kept()[0] ?? ''), 'no code at all');
    expect(start()).toMatchObject({ answer: '42', taken: false });
    expect(start()).toMatchObject({ answer: '42', taken: true });
  });

  it('is nothing where it cannot be written, or is not wanted: everything works', () => {
    writeFileSync(join(home, 'mcp'), 'a file in the way');
    expect(start()).toMatchObject({ answer: '42', taken: false, stderr: '' });
    rmSync(join(home, 'mcp'));
    expect(start({ NODE_DISABLE_COMPILE_CACHE: '1' })).toMatchObject({ answer: '42', taken: false });
    expect(readdirSync(home)).not.toContain('mcp');
  });
});
