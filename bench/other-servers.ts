import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const folder = fileURLToPath(new URL('./results/installed', import.meta.url));
const INSTALL_MS = 180_000;

/** Servers that many people run, as they are published, and another Node to run all of them with. */
const OTHERS = [
  { name: '@modelcontextprotocol/server-everything', args: ['stdio'] },
  { name: '@playwright/mcp', args: [] },
  { name: '@notionhq/notion-mcp-server', args: [] },
  { name: '@upstash/context7-mcp', args: [] },
] as const;
const NODE = 'node@24';

export interface Installed {
  /** Name and version, with what starts it. */
  readonly servers: readonly { readonly title: string; readonly args: readonly string[] }[];
  /** The executable of the other Node. */
  readonly node?: string;
  /** What could not be had, and why. */
  readonly missing: readonly string[];
}

/** Installs what is not there yet, once, into bench/results/. Without a network there is less to compare with. */
export async function installOthers(): Promise<Installed> {
  const servers: { title: string; args: string[] }[] = [];
  const missing: string[] = [];
  for (const { name, args } of OTHERS) {
    try {
      const home = await install(name);
      const { version, bin } = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8')) as Manifest;
      const file = typeof bin === 'string' ? bin : Object.values(bin)[0];
      servers.push({ title: `${name} ${version}`, args: [join(home, file ?? ''), ...args] });
    } catch (error) {
      missing.push(`Not compared with ${name}: ${reasonOf(error)}`);
    }
  }
  try {
    const node = join(await install(NODE), 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
    return { servers, node, missing };
  } catch (error) {
    return { servers, missing: [...missing, `Not measured on ${NODE}: ${reasonOf(error)}`] };
  }
}

interface Manifest {
  readonly version: string;
  readonly bin: string | Readonly<Record<string, string>>;
}

/** Each in a folder of its own, as npx does it. @returns where the package is */
async function install(spec: string): Promise<string> {
  const name = spec.replace(/(?<=.)@.*$/, '');
  const prefix = join(folder, spec.replaceAll(/[^a-z0-9]+/g, '-'));
  const home = join(prefix, 'node_modules', name);
  if (!existsSync(join(home, 'package.json'))) {
    mkdirSync(prefix, { recursive: true });
    const flags = ['--no-audit', '--no-fund', '--no-package-lock', '--loglevel=error'];
    await promisify(execFile)('npm', ['install', '--prefix', prefix, ...flags, spec], {
      timeout: INSTALL_MS,
      shell: process.platform === 'win32',
    });
  }
  return home;
}

function reasonOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0]?.slice(0, 120) ?? '';
}
