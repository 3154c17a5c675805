import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inflateRawSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseApiKey } from '#client/api-key.ts';
import { crc32Of } from '../../scripts/crc32.ts';
import { zip } from '../../scripts/zip.ts';
import { hostById } from '../../src/cli/hosts/host-table.ts';
import { entryFor } from '../../src/cli/hosts/server-entry.ts';
import { readServeOptions } from '../../src/cli/serve-flags.ts';
import { connect } from '../support/mcp-clients.ts';
import { claudeMarketplace, claudePlugin, mcpbManifest, serverJson } from './schemas.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const packageJson = JSON.parse(read('package.json'));
const surroundings = { platform: 'linux', home: '/home/ada', cwd: '/work', env: {} } as const;

describe('server.json', () => {
  const server = serverJson.parse(JSON.parse(read('server.json')));

  it('names this package, in this version, as the package names it', () => {
    expect(server.name).toBe(packageJson.mcpName);
    expect(server.version).toBe(packageJson.version);
    expect(server.packages).toMatchObject([
      { registryType: 'npm', identifier: packageJson.name, version: packageJson.version },
    ]);
  });

  it('names variables the server reads, with values it takes, and the key as a secret', () => {
    const variables = server.packages[0]!.environmentVariables!;
    for (const { name, choices, default: value } of variables) {
      for (const choice of [...(choices ?? []), ...(value ? [value] : [])]) {
        expect(() => readServeOptions([], { [name]: choice })).not.toThrow();
      }
      expect(read('src/cli/help.ts')).toContain(name);
    }
    expect(variables.find(({ name }) => name === 'SOTA_API_KEY')).toMatchObject({ isSecret: true, isRequired: false });
  });
});

describe('the MCPB bundle', () => {
  const manifest = mcpbManifest.parse(JSON.parse(read('mcpb/manifest.json')));
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sota-mcpb-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('says what the package says, and keeps the key a secret', () => {
    expect(manifest).toMatchObject({
      name: packageJson.name,
      version: packageJson.version,
      license: packageJson.license,
    });
    expect(manifest.compatibility.runtimes.node).toBe(packageJson.engines.node);
    expect(manifest.user_config.api_key).toMatchObject({ sensitive: true, required: false });
    for (const value of Object.values(manifest.server.mcp_config.env)) {
      const [, option = ''] = /^\$\{user_config\.(\w+)\}$/.exec(value) ?? [];
      expect(manifest.user_config).toHaveProperty(option);
    }
  });

  it('starts from the unpacked archive, with what the host fills in', async () => {
    const file = join(folder, 'x.mcpb');
    execFileSync(join(root, 'node_modules/.bin/tsx'), [join(root, 'scripts/build-mcpb.ts'), file], { cwd: root });
    const unpacked = join(folder, 'unpacked');
    for (const [name, content] of unzip(readFileSync(file))) {
      mkdirSync(dirname(join(unpacked, name)), { recursive: true });
      writeFileSync(join(unpacked, name), content);
    }
    expect(existsSync(join(unpacked, manifest.server.entry_point))).toBe(true);
    expect(manifest.server.mcp_config.args).toEqual([`\${__dirname}/${manifest.server.entry_point}`]);
    const values = Object.entries(manifest.user_config).map(([name, option]) => [name, String(option.default ?? '')]);
    const filled = Object.fromEntries(
      Object.entries(manifest.server.mcp_config.env).map(([name, value]) => [
        name,
        value.replace(/\$\{user_config\.(\w+)\}/, (_, option) => Object.fromEntries(values)[option]),
      ]),
    );
    expect(filled).toEqual({ SOTA_API_KEY: '', SOTA_LOCAL: 'false', SOTA_PROFILE: 'full' });
    const client = await connect('v1', {
      program: join(unpacked, manifest.server.entry_point),
      env: { ...filled, SOTA_LOCAL: 'true', SOTA_HOME: join(folder, 'home') },
    });
    expect(await client.call('get_status')).toMatchObject({ status: 'sandbox' });
    await client.close();
  });

  it('has equal bytes for equal contents, and checksums that hold', () => {
    const files = new Map([
      ['b/ü.txt', Buffer.from('b'.repeat(1000))],
      ['a.txt', Buffer.from('')],
    ]);
    const archive = zip(files);
    expect(zip(new Map([...files].reverse())).equals(archive)).toBe(true);
    expect([...unzip(archive)]).toEqual([...files].reverse());
    expect(crc32Of(Buffer.from('123456789'))).toBe(0xcbf43926);
  });
});

describe('the Claude Code plugin', () => {
  const plugin = claudePlugin.parse(JSON.parse(read('.claude-plugin/plugin.json')));

  it('starts the server as install would, and brings the skill', () => {
    const claude = hostById('claude-code')!;
    const { type: _type, ...entry } = entryFor(
      claude,
      { launch: { kind: 'npx' }, options: [], keyFromEnvironment: false },
      surroundings,
    );
    expect(plugin.mcpServers.sota).toEqual(entry);
    expect(plugin.version).toBe(packageJson.version);
    for (const folder of plugin.skills) expect(existsSync(join(root, folder, 'SKILL.md'))).toBe(true);
  });

  it('is what its marketplace offers', () => {
    const marketplace = claudeMarketplace.parse(JSON.parse(read('.claude-plugin/marketplace.json')));
    expect(marketplace.plugins).toMatchObject([{ name: plugin.name, source: './', description: plugin.description }]);
  });
});

describe('the links of the README', () => {
  const wanted = { launch: { kind: 'npx' }, options: ['--local'], keyFromEnvironment: false } as const;
  const link = (start: string) => {
    const found = [...read('README.md').matchAll(/\]\((https:[^)]+)\)/g)].map(([, url]) => url!);
    return new URL(found.find((url) => url.startsWith(start))!).searchParams;
  };

  it('for Cursor carries the entry in base64', () => {
    const parameters = link('https://cursor.com/');
    expect(parameters.get('name')).toBe('sota');
    const entry = JSON.parse(Buffer.from(parameters.get('config')!, 'base64').toString());
    expect(entry).toEqual(entryFor(hostById('cursor')!, wanted, surroundings));
  });

  it('for VS Code carries the entry as JSON', () => {
    const { type: _type, ...entry } = entryFor(hostById('vscode')!, wanted, surroundings);
    expect(JSON.parse(link('https://insiders.vscode.dev/').get('config')!)).toEqual(entry);
  });
});

describe('the Dockerfile', () => {
  const steps = read('Dockerfile')
    .replace(/^#.*\n/gm, '')
    .split(/\n(?=[A-Z]+ )/)
    .map((step) => /^([A-Z]+) ([\s\S]*)$/.exec(step.trim())!.slice(1) as [string, string]);
  const last = steps.slice(steps.findLastIndex(([name]) => name === 'FROM'));

  it('runs the built server as an ordinary user, from a fixed base', () => {
    for (const [name, value] of steps) {
      if (name === 'FROM') expect(value).toMatch(/^node:\d+-alpine(?: AS \w+)?$/);
    }
    expect(last.findLast(([name]) => name === 'USER')?.[1]).toBe('node');
    const [, entry = '[]'] = last.find(([name]) => name === 'ENTRYPOINT') ?? [];
    expect(JSON.parse(entry)).toEqual(['node', '/app/dist/sota-mcp.js']);
    expect(last.find(([name, value]) => name === 'COPY' && value.includes('dist'))?.[1]).toContain('/app/dist');
  });

  it('copies nothing private into the build', () => {
    const ignored = read('.dockerignore').split('\n');
    for (const name of ['.env', '.sota', '.git', 'node_modules']) expect(ignored).toContain(name);
  });
});

it('an empty key from a form counts as none', () => {
  expect(parseApiKey('').kind).toBe('empty');
});

/** The files of an archive, read from its directory. */
function unzip(archive: Buffer): Map<string, Buffer> {
  const end = archive.lastIndexOf('PK\u0005\u0006', undefined, 'latin1');
  const files = new Map<string, Buffer>();
  let at = archive.readUInt32LE(end + 16);
  for (let left = archive.readUInt16LE(end + 10); left > 0; left--) {
    const [crc, packedSize, nameLength] = [
      archive.readUInt32LE(at + 16),
      archive.readUInt32LE(at + 20),
      archive.readUInt16LE(at + 28),
    ];
    const name = archive.toString('utf8', at + 46, at + 46 + nameLength);
    const local = archive.readUInt32LE(at + 42);
    const start = local + 30 + archive.readUInt16LE(local + 26) + archive.readUInt16LE(local + 28);
    const content = inflateRawSync(archive.subarray(start, start + packedSize));
    if (crc32Of(content) !== crc) throw new Error(`${name} does not have its checksum`);
    files.set(name, content);
    at += 46 + nameLength + archive.readUInt16LE(at + 30) + archive.readUInt16LE(at + 32);
  }
  return files;
}
