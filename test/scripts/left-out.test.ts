import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'esbuild';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const load = async <T>(script: string): Promise<T> =>
  (await import(new URL(`../../scripts/${script}`, import.meta.url).href)) as T;
const { onlyUsedSdk } = await load<{ onlyUsedSdk(root: string): Plugin }>('lean-sdk.mjs');
const { onlyUsedHono, withoutWebSockets } =
  await load<Record<'onlyUsedHono' | 'withoutWebSockets', (root: string) => Plugin>>('lean-packages.mjs');

let project: string;
beforeEach(() => {
  project = mkdtempSync(join(tmpdir(), 'sota-left-out-'));
});
afterEach(() => rmSync(project, { recursive: true, force: true }));

function put(path: string, content: string): void {
  mkdirSync(dirname(join(project, path)), { recursive: true });
  writeFileSync(join(project, path), content);
}

/** Builds a program as the package is built, and runs it. */
async function run(code: string, plugins: Plugin[]): Promise<unknown> {
  put('program.ts', code);
  const outfile = join(project, 'program.mjs');
  const options = { bundle: true, format: 'esm', platform: 'node', logLevel: 'silent' } as const;
  await build({ entryPoints: [join(project, 'program.ts')], outfile, plugins, ...options });
  return ((await import(outfile)) as { default: unknown }).default;
}

const said = (code: string) => `let said; try { ${code} } catch (error) { said = error.message; } export default said;`;

describe('what nobody here asks of a package', () => {
  beforeEach(() => symlinkSync(join(root, 'node_modules'), join(project, 'node_modules')));

  it.each([
    [
      `import { McpServer } from '@modelcontextprotocol/server';
      ${said(`new McpServer({ name: 'x', version: '1' }).registerTool('t', {}, () => {});`)}`,
      () => onlyUsedSdk(project),
      'registerTool of @modelcontextprotocol/server is left out of this package (scripts/lean-sdk.mjs)',
    ],
    [
      `import { Hono } from 'hono'; ${said(`new Hono().mount('/', () => {});`)}`,
      () => onlyUsedHono(project),
      'mount of hono is left out of this package (scripts/lean-packages.mjs)',
    ],
    [
      `import { upgradeWebSocket } from '@hono/node-server'; ${said('upgradeWebSocket(() => {});')}`,
      () => withoutWebSockets(project),
      'upgradeWebSocket of @hono/node-server is left out of this package (scripts/lean-packages.mjs)',
    ],
  ])('says so when it is asked: %#', async (code, plugin, message) => {
    expect(await run(code, [plugin()])).toBe(message);
  });

  it('must not be asked by those who use it', async () => {
    put('src/server/tools.ts', 'export const add = (server) => server.registerTool("t", {}, () => {});');
    put('src/market/http/form.ts', 'export const form = (request) => request.parseBody();');
    await expect(run('export default 1;', [onlyUsedSdk(project)])).rejects.toThrow(
      /src\/server\/tools\.ts uses '\.registerTool', which scripts\/lean-sdk\.mjs leaves out/,
    );
    await expect(run('export default 1;', [onlyUsedHono(project)])).rejects.toThrow(
      /src\/market\/http\/form\.ts uses '\.parseBody', which scripts\/lean-packages\.mjs leaves out/,
    );
  });
});

describe('a package that no longer looks as expected stops the build', () => {
  const dist = join(root, 'node_modules/@modelcontextprotocol/server/dist');
  const name = readdirSync(dist).find((file) => /^mcp-[\w-]+\.mjs$/.test(file))!;
  const text = readFileSync(join(dist, name), 'utf8');

  it.each([
    ['a method', text.replaceAll('validateToolOutput', 'checkToolOutput'), 'has no validateToolOutput'],
    ['a class', text.replace('var PerRequestHTTPServerTransport = class', 'var OnceTransport = class'), 'has no class'],
  ])('by %s that is gone', async (_what, changed, complaint) => {
    put(`server/dist/${name}`, changed);
    await expect(run(`import './server/dist/${name}';`, [onlyUsedSdk(project)])).rejects.toThrow(complaint);
  });
});
