import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { quantile, round, type Table } from './bench.ts';

export const name = 'npx';
export const description = 'What npx takes that has never seen the package, from a registry on this machine';

const ROUNDS = Math.max(5, Number(process.env.SOTA_BENCH_ROUNDS ?? 0));
const root = fileURLToPath(new URL('../', import.meta.url));
const execute = promisify(execFile);
const HELLO = 'sota-bench-hello';
const PROGRAM = "#!/usr/bin/env node\nconsole.log('hello');\n";

interface Published {
  readonly name: string;
  readonly manifest: Readonly<Record<string, unknown>>;
  readonly tarball: Buffer;
}

/** Both packages by turns, each time with an empty cache: the packed tarball, and one that only says hello. */
export async function run(): Promise<Table> {
  const folder = mkdtempSync(join(tmpdir(), 'sota-bench-'));
  try {
    const hello = join(folder, 'hello');
    mkdirSync(hello);
    const manifest = { name: HELLO, version: '1.0.0', bin: { [HELLO]: 'hello.js' } };
    writeFileSync(join(hello, 'package.json'), JSON.stringify(manifest));
    writeFileSync(join(hello, 'hello.js'), PROGRAM);
    // As it is packed for publishing, without what earlier builds left for processes that still run.
    await execute(process.execPath, [join(root, 'scripts/build.mjs'), '--quiet', '--clean']);
    const packages = [await pack(hello, folder), await pack(root, folder)];
    const registry = await serve(packages);
    try {
      const samples = new Map<string, number[]>(packages.map(({ name: title }) => [title, []]));
      const installed = new Map<string, number>();
      for (let number = 0; number < ROUNDS; number += 1) {
        for (const { name: title } of number % 2 ? packages.toReversed() : packages) {
          const { ms, count } = await coldNpx(title, registry.url, folder);
          samples.get(title)?.push(ms);
          installed.set(title, count);
        }
      }
      const base = quantile(samples.get(HELLO) ?? [], 0.5);
      const rows = [...samples].map(([title, times]) => {
        const median = quantile(times, 0.5);
        const spread = [quantile(times, 0.1), quantile(times, 0.9)].map((ms) => round(ms, 0));
        return [`${title} --version`, round(median, 0), ...spread, round(median / base, 2), installed.get(title) ?? 0];
      });
      return {
        columns: ['npx -y', 'median ms', 'p10', 'p90', 'x hello', 'packages'],
        rows,
        notes: [`${ROUNDS} rounds, an empty npm cache and home in each; Node ${process.version}.`],
      };
    } finally {
      registry.close();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function pack(source: string, folder: string): Promise<Published> {
  const { stdout } = await execute(
    'npm',
    ['pack', '--ignore-scripts', '--loglevel=error', '--pack-destination', folder],
    {
      cwd: source,
    },
  );
  const manifest = JSON.parse(readFileSync(join(source, 'package.json'), 'utf8')) as Published['manifest'];
  return { name: String(manifest.name), manifest, tarball: readFileSync(join(folder, stdout.trim())) };
}

/** The two requests that npm makes of a registry: what versions there are, and the tarball of one. */
async function serve(packages: readonly Published[]): Promise<{ url: string; close(): void }> {
  const server = createServer(({ url = '' }, response) => {
    const found = packages.find(({ name: known }) => url.slice(1).startsWith(known));
    if (!found) return void response.writeHead(404).end('{}');
    if (url.endsWith('.tgz')) return void response.end(found.tarball);
    const { version } = found.manifest as { version: string };
    const dist = {
      tarball: `${origin()}/${found.name}-${version}.tgz`,
      integrity: `sha512-${createHash('sha512').update(found.tarball).digest('base64')}`,
    };
    const { devDependencies: _, scripts: __, ...published } = found.manifest;
    response.setHeader('content-type', 'application/json');
    response.end(
      JSON.stringify({
        name: found.name,
        'dist-tags': { latest: version },
        versions: { [version]: { ...published, dist } },
      }),
    );
  });
  const origin = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: origin(), close: () => server.close() };
}

async function coldNpx(title: string, registry: string, folder: string): Promise<{ ms: number; count: number }> {
  const home = mkdtempSync(join(folder, 'home-'));
  const cache = join(home, 'cache');
  const env = {
    PATH: process.env.PATH,
    HOME: home,
    npm_config_cache: cache,
    npm_config_registry: registry,
    npm_config_update_notifier: 'false',
    npm_config_audit: 'false',
  };
  const started = performance.now();
  await execute('npx', ['-y', title, '--version'], { cwd: home, env });
  const ms = performance.now() - started;
  const [made = ''] = readdirSync(join(cache, '_npx'));
  const modules = readdirSync(join(cache, '_npx', made, 'node_modules')).filter((entry) => !entry.startsWith('.'));
  return { ms, count: modules.length };
}
