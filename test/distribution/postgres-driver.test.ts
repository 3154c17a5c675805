import { cpSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runCli } from '../cli/run-cli.ts';

/** The driver is no part of the package: where it may lie, and what is said where it does not. */
const root = fileURLToPath(new URL('../../', import.meta.url));
const driver = realpathSync(join(root, 'node_modules/pg'));
const HEADER =
  '{"format":"sota-market-backup","version":1,"schema":"0001-marketplace","exported_at":"2026-01-01T00:00:00Z"}';

let home: string;
let working: string;
/** Not above the working folder, where its packages would be found as well. */
let packages: string;
let url: string;

beforeEach(async () => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'sota-driver-')));
  [home, working, packages] = ['home', 'working', 'installed/node_modules'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  for (const path of [home, working]) mkdirSync(path);
  cpSync(join(root, 'dist'), join(packages, 'sota-mcp/dist'), {
    recursive: true,
    filter: (path) => !/\.map$|^\./.test(basename(path)),
  });
  url = `postgres://ada:secret@127.0.0.1:${await closedPort()}/sota`;
});
afterEach(() => rmSync(dirname(home), { recursive: true, force: true }));

async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const market = (...args: readonly string[]) =>
  runCli(['market', ...args, '--database-url', url], {
    program: join(packages, 'sota-mcp/dist/sota-mcp.js'),
    cwd: working,
    env: { SOTA_HOME: home },
  });

function pretend(nodeModules: string, version: string, code: string): void {
  const folder = join(nodeModules, 'pg');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'pg', version, main: 'index.js' }));
  writeFileSync(join(folder, 'index.js'), code);
}

describe.each([
  ['market', []],
  ['market export', ['export', 'there.jsonl']],
  ['market import', ['import', 'here.jsonl']],
])('%s on PostgreSQL', (name, args) => {
  it('says what to install where the driver is missing, before anything else', async () => {
    const { status, stdout, stderr } = await market(...args);
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toContain(`sota-mcp ${name}: A database on PostgreSQL needs the package pg, which is neither`);
    expect(stderr).toContain(working);
    for (const command of ['npm install pg@8', 'npm install -g pg@8', 'npx -y -p sota-mcp -p pg@8 sota-mcp market']) {
      expect(stderr).toContain(` ${command}`);
    }
    expect(stderr).not.toMatch(/^ {4}at |secret/m);
    expect([...readdirSync(home), ...readdirSync(working)]).toEqual([]);
  });

  it.each([
    ['in the working folder', () => join(working, 'node_modules')],
    ['beside the package', () => packages],
  ])('takes the driver %s', async (_where, nodeModules) => {
    mkdirSync(nodeModules(), { recursive: true });
    symlinkSync(driver, join(nodeModules(), 'pg'));
    writeFileSync(join(working, 'here.jsonl'), `${HEADER}\n`);
    const { status, stderr } = await market(...args);
    expect(status).toBe(1);
    expect(stderr).toMatch(/^sota-mcp market.*: The database postgres:.* cannot be used: connect ECONNREFUSED .*\n$/);
  });
});

it('a driver that is too old is not even loaded', async () => {
  pretend(join(working, 'node_modules'), '7.18.2', 'console.log("loaded");');
  const { status, stdout, stderr } = await market();
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
  expect(stderr).toMatch(/version 7\.18\.2, which is too old/);
  expect(stderr).toContain(' npm install pg@8\n');
});

it('a driver that is broken says what is wrong with it', async () => {
  pretend(packages, '8.0.0', 'require("pg-half-of-it");');
  const { status, stderr } = await market();
  expect(status).toBe(1);
  expect(stderr).toContain(
    `The package pg in ${join(packages, 'pg/index.js')} cannot be loaded: Cannot find module 'pg-half-of-it'`,
  );
  expect(stderr).not.toMatch(/^ {4}at |Require stack/m);
});
