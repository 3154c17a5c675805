import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { program, temporaryHome } from '../support/mcp-clients.ts';
import { initialize, spawnServer } from '../support/raw-server.ts';

const dist = dirname(program);
const url = (name: string) => JSON.stringify(pathToFileURL(join(dist, name)).href);

describe('the script of the start', () => {
  let home: ReturnType<typeof temporaryHome>;
  beforeEach(() => {
    home = temporaryHome();
  });
  afterEach(() => home.remove());

  const folder = () => join(home.path, 'mcp', 'code-cache');
  const kept = () => readdirSync(folder()).filter((name) => name.endsWith('.bin'));

  /** A whole life of a server; its host hears nothing but answers. */
  async function live(env: Record<string, string> = {}, stay: () => Promise<unknown> = async () => {}): Promise<void> {
    const server = spawnServer({ env: { SOTA_HOME: home.path, ...env } });
    const { result } = await server.request('initialize', initialize);
    expect(result).toMatchObject({ serverInfo: { name: 'sota-mcp' } });
    expect((await server.request('tools/list')).result?.tools).toHaveLength(37);
    await stay();
    server.child.stdin?.end();
    expect(await server.exited).toEqual({ code: 0, signal: null });
    expect(server.stderr()).toBe('');
  }
  const untilKept = () => vi.waitFor(() => expect(kept()).toHaveLength(1), { timeout: 10_000 });

  it('runs with nothing kept, with what it kept, and with what became of that', async () => {
    await live({}, untilKept);
    const path = join(folder(), kept()[0] ?? '');
    const whole = readFileSync(path);
    await live();
    expect(readFileSync(path)).toEqual(whole);
    for (const damage of [
      () =>
        writeFileSync(
          path,
          whole.map((byte, at) => (at > 1e5 && at < 1e5 + 4000 ? byte ^ 0x5a : byte)),
        ),
      () => writeFileSync(path, 'no code at all'),
      () => writeFileSync(path, whole.subarray(0, whole.length / 2)),
      () => truncateSync(path),
    ]) {
      damage();
      await live();
    }
  }, 30_000);

  it('runs where nothing can be kept', async () => {
    await live({ NODE_DISABLE_COMPILE_CACHE: '1' });
    // A file in the way of the folder: nothing below it can be read or written.
    mkdirSync(dirname(folder()), { recursive: true });
    writeFileSync(folder(), '');
    await live();
  }, 30_000);

  it('shares what it made with every module that is loaded later, whichever comes first', () => {
    const find = (pattern: RegExp) => readdirSync(dist).find((name) => pattern.test(name)) ?? '';
    const script = readdirSync(join(dist, 'vendor')).filter((name) => /^start-.*\.cjs$/.test(name));
    const hash = /start-(\w+)\.cjs/.exec(readFileSync(program, 'utf8'))?.[1] ?? '';
    expect(script).toContain(`start-${hash}.cjs`);
    const code = `
      const scripts = () => globalThis[Symbol.for('sota-mcp.loaded-scripts')];
      const { part } = await import(${url(`parts-${hash}.mjs`)});
      const packages = await import(${url(`packages-${hash}.mjs`)});
      const main = await import(${url(find(/^main\.mjs$/))});
      const index = await import(${url('index.mjs')});
      const same = Object.entries(packages).every(([name, value]) => part('packages')[name] === value);
      console.log(JSON.stringify({
        scripts: scripts().size,
        same: same && main.main === part('base').main,
        library: typeof index.SOTAClient,
      }));`;
    const output = execFileSync(process.execPath, ['--input-type=module', '--eval', code], {
      encoding: 'utf8',
      env: { PATH: process.env.PATH, SOTA_HOME: home.path },
    });
    expect(JSON.parse(output)).toEqual({ scripts: 1, same: true, library: 'function' });
  });
});
