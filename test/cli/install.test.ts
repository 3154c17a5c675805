import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hosts, type Surroundings } from '../../src/cli/hosts/host-table.ts';
import { entryFor } from '../../src/cli/hosts/server-entry.ts';
import { connect, program, temporaryHome } from '../support/mcp-clients.ts';

let home: ReturnType<typeof temporaryHome>;
beforeEach(() => {
  home = temporaryHome();
});
afterEach(() => home.remove());

function run(args: readonly string[], env: Record<string, string> = {}, script = program) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...args], {
    env: { PATH: process.env.PATH ?? '', HOME: home.path, ...env },
    cwd: home.path,
    encoding: 'utf8',
    input: '',
    timeout: 20_000,
  });
  return { status, stdout, stderr };
}

const json = (args: readonly string[], env: Record<string, string> = {}) =>
  JSON.parse(run([...args, '--json'], env).stdout);
const linux = (over: Partial<Surroundings> = {}): Surroundings => ({
  platform: 'linux',
  home: '/home/ada',
  cwd: '/project',
  env: {},
  ...over,
});
const byId = (id: string) => hosts.find((host) => host.id === id)!;

describe('where hosts keep their files', () => {
  it.each([
    ['claude-code', 'user', linux(), '/home/ada/.claude.json'],
    ['claude-code', 'project', linux(), '/project/.mcp.json'],
    ['claude-code', 'user', linux({ env: { CLAUDE_CONFIG_DIR: '/cfg' } }), '/cfg/.claude.json'],
    ['claude-desktop', 'user', linux(), '/home/ada/.config/Claude/claude_desktop_config.json'],
    [
      'claude-desktop',
      'user',
      linux({ platform: 'darwin', home: '/Users/ada' }),
      '/Users/ada/Library/Application Support/Claude/claude_desktop_config.json',
    ],
    [
      'claude-desktop',
      'user',
      linux({ platform: 'win32', home: 'C:\\Users\\ada', env: { APPDATA: 'C:\\Users\\ada\\AppData\\Roaming' } }),
      'C:\\Users\\ada\\AppData\\Roaming\\Claude\\claude_desktop_config.json',
    ],
    ['codex', 'user', linux(), '/home/ada/.codex/config.toml'],
    ['codex', 'user', linux({ env: { CODEX_HOME: '/cdx' } }), '/cdx/config.toml'],
    ['cursor', 'user', linux(), '/home/ada/.cursor/mcp.json'],
    ['cursor', 'project', linux(), '/project/.cursor/mcp.json'],
    ['vscode', 'project', linux(), '/project/.vscode/mcp.json'],
    ['vscode', 'user', linux(), '/home/ada/.config/Code/User/mcp.json'],
    ['gemini', 'user', linux(), '/home/ada/.gemini/settings.json'],
  ] as const)('%s, %s', (id, scope, where, path) => expect(byId(id).file(scope, where)).toBe(path));
});

describe('the entry of a host', () => {
  const wanted = { launch: { kind: 'npx' }, options: [], keyFromEnvironment: true } as const;

  it.each([
    ['claude-code', { SOTA_API_KEY: '${SOTA_API_KEY:-}' }],
    ['cursor', { SOTA_API_KEY: '${env:SOTA_API_KEY}' }],
    ['vscode', { SOTA_API_KEY: '${input:sota-api-key}' }],
    ['gemini', { SOTA_API_KEY: '${SOTA_API_KEY}' }],
  ] as const)('%s refers to the key in its own dialect', (id, env) => {
    expect(entryFor(byId(id), wanted, linux())).toMatchObject({ command: 'npx', args: ['-y', 'sota-mcp'], env });
  });

  it('of Codex lists variables, those of a proxy too where they are set', () => {
    const entry = entryFor(byId('codex'), wanted, linux({ env: { HTTPS_PROXY: 'http://proxy:3128' } }));
    expect(entry.env_vars).toEqual(['SOTA_API_KEY', 'HTTPS_PROXY']);
    expect(entry.env).toBeUndefined();
  });

  it('on Windows goes through cmd', () => {
    const entry = entryFor(byId('cursor'), { ...wanted, options: ['--local'] }, linux({ platform: 'win32' }));
    expect(entry).toMatchObject({ command: 'cmd', args: ['/c', 'npx', '-y', 'sota-mcp', '--local'] });
  });

  it('carries a state folder of one’s own along', () => {
    const entry = entryFor(
      byId('cursor'),
      { ...wanted, keyFromEnvironment: false },
      linux({ env: { SOTA_HOME: '/s' } }),
    );
    expect(entry.env).toEqual({ SOTA_HOME: '/s' });
  });
});

describe('sota-mcp install', () => {
  it.each(
    hosts.map(({ id }) => id),
  )('%s: writes an entry that starts, twice the same, and takes it out again', async (id) => {
    const first = json(['install', id, '--local', '--profile', 'worker']);
    expect(first).toMatchObject({ state: 'changed', host: id });
    const text = readFileSync(first.file, 'utf8');
    expect(text).toContain(program);
    expect(json(['install', id, '--local', '--profile', 'worker']).state).toBe('unchanged');
    expect(readFileSync(first.file, 'utf8')).toBe(text);
    const { command, args } = first.entry;
    expect([process.execPath, 'node']).toContain(command);
    expect(args).toEqual([program, '--local', '--profile', 'worker']);
    expect(json(['uninstall', id]).state).toBe('changed');
    expect(readFileSync(first.file, 'utf8')).not.toContain('sota-mcp');
    expect(json(['uninstall', id]).state).toBe('unchanged');
  });

  it('writes what a client can start', async () => {
    const { file } = json(['install', 'cursor', '--local']);
    const { args } = JSON.parse(readFileSync(file, 'utf8')).mcpServers.sota;
    const client = await connect('v2 modern', { args: args.slice(1), env: { SOTA_HOME: home.path } });
    expect((await client.listTools()).length).toBeGreaterThan(30);
    await client.close();
  });

  it('writes npx where it was run by npx', () => {
    const copy = join(home.path, '.npm/_npx/0a1b/dist');
    mkdirSync(copy, { recursive: true });
    cpSync(dirname(program), copy, { recursive: true, filter: (path) => !/\.(map|wasm)$/.test(path) });
    writeFileSync(join(home.path, '.npm/_npx/0a1b/package.json'), '{"type":"module"}');
    const { stdout } = run(['print-config', 'claude-code', '--json'], {}, join(copy, 'sota-mcp.js'));
    expect(JSON.parse(stdout).entry).toMatchObject({ command: 'npx', args: ['-y', 'sota-mcp'] });
  });

  it('keeps a copy, the permissions and a symbolic link', () => {
    const real = join(home.path, 'dotfiles.json');
    writeFileSync(real, '{\n  // mine\n  "mcpServers": {}\n}\n', { mode: 0o640 });
    mkdirSync(join(home.path, '.cursor'));
    symlinkSync(real, join(home.path, '.cursor/mcp.json'));
    const { file, backup } = json(['install', 'cursor', '--local']);
    expect(file).toBe(real);
    expect(readFileSync(backup, 'utf8')).toBe('{\n  // mine\n  "mcpServers": {}\n}\n');
    expect(readFileSync(real, 'utf8')).toContain('// mine');
    expect(statSync(real).mode & 0o777).toBe(0o640);
  });

  it('--dry-run shows the change and makes none', () => {
    const { status, stdout } = run(['install', 'codex', '--local', '--dry-run']);
    expect(status).toBe(0);
    expect(stdout).toContain('+ [mcp_servers.sota]');
    expect(existsSync(join(home.path, '.codex'))).toBe(false);
  });

  it.each([
    ['.cursor/mcp.json', 'cursor', '{\n  "mcpServers": {\n', /line 2/],
    ['.codex/config.toml', 'codex', 'a = 1\nb = what\n', /line 2/],
  ])('refuses a broken %s with the line and leaves it', (name, id, text, line) => {
    const file = join(home.path, name);
    mkdirSync(dirname(file));
    writeFileSync(file, text);
    const { status, stderr } = run(['install', id, '--local']);
    expect(stderr).toMatch(line);
    expect(stderr).toContain(file);
    expect(status).toBe(5);
    expect(readFileSync(file, 'utf8')).toBe(text);
    expect(readdirSync(dirname(file))).toHaveLength(1);
  });

  it('refuses a read-only file and one that is no text', () => {
    const file = join(home.path, '.cursor/mcp.json');
    mkdirSync(dirname(file));
    writeFileSync(file, '{}');
    chmodSync(file, 0o444);
    expect(run(['install', 'cursor', '--local'])).toMatchObject({
      status: 5,
      stderr: expect.stringContaining('read-only'),
    });
    expect(readFileSync(file, 'utf8')).toBe('{}');
    chmodSync(file, 0o644);
    writeFileSync(file, Buffer.from([0xff, 0xfe, 0x7b, 0x00]));
    expect(run(['install', 'cursor', '--local'])).toMatchObject({
      status: 5,
      stderr: expect.stringContaining('UTF-8'),
    });
  });

  it.each([
    [['install'], /takes a host/],
    [['install', 'cursr'], /did you mean cursor/],
    [['install', 'cursor', '--profile', 'workr'], /worker/],
    [['install', 'claude-desktop', '--scope', 'project'], /user/],
    [['install', 'claude-desktop', '--key-from-env'], /register/],
    [['install', 'cursor', '--local', '--key-from-env'], /--key-from-env/],
    [['install', 'cursor', '--name', 'a b'], /--name/],
    [['install', 'cursor', 'vscode'], /Unexpected/],
  ])('%j exits with 2', (args, words) => {
    const { status, stderr } = run(args);
    expect(stderr).toMatch(words);
    expect(status).toBe(2);
  });
});
