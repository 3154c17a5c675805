import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { program, temporaryHome } from '../support/mcp-clients.ts';

let home: ReturnType<typeof temporaryHome>;
beforeEach(() => {
  home = temporaryHome();
});
afterEach(() => home.remove());

function run(...args: string[]) {
  const env = { PATH: process.env.PATH ?? '', SOTA_HOME: home.path };
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], {
    env,
    encoding: 'utf8',
    input: '',
    timeout: 20_000,
  });
  return { status, stdout, stderr };
}

describe('a wrong command line', () => {
  it.each([
    [['--profle', 'worker'], /--profile/],
    [['--profile', 'workr'], /worker/],
    [['--tools', 'list_job'], /list_jobs/],
    [['--exclude-tools', 'withdrw'], /withdraw/],
    [['--read-onlly'], /--read-only/],
    [['markt'], /market/],
    [['market', '--prot', '1'], /--port/],
    [['market', '--port', 'seventy'], /whole number/],
    [['market', '--port', '70000'], /65535/],
    [['market', '--reviewer', 'aprove'], /approve/],
    [['market', '--welcome-credit', '1e30'], /USDC/],
    [['market', '--speed', '0'], /whole number/],
    [['market', '--temper', 'stirct'], /strict/],
    [['market', '--rivals', '13'], /from 0 to 12/],
    [['market', '--faults', 'drop-aftr deliver'], /drop-after/],
    [['market', '--scenario', 'package.json'], /package\.json: name: there is no such field/],
    [['market', '--scenario', 'nowhere.json'], /--scenario: .*nowhere\.json/],
    [['--no-world'], /--local/],
    [['demo', '--jsn'], /--json/],
  ])('%j exits with 2 and says what was meant', (args, meant) => {
    const { status, stdout, stderr } = run(...args);
    expect(stderr).toMatch(meant);
    expect(status).toBe(2);
    expect(stdout).toBe('');
  });
});

describe('help', () => {
  it.each([[['--help']], [['market', '--help']], [['demo', '--help']]])('%j exits with 0', (args) => {
    const { status, stdout } = run(...args);
    expect(status).toBe(0);
    expect(stdout).toMatch(/Usage: sota-mcp/);
  });

  it('--version prints the version alone', () => {
    expect(run('--version').stdout.trim()).toMatch(/^\d+\.\d+\.\d+$/);
  });
});

describe('a marketplace that cannot start', () => {
  it('says which port is taken', async () => {
    const blocker = createServer();
    const port = await new Promise<number>((resolve) => {
      blocker.listen(0, '127.0.0.1', () => resolve((blocker.address() as { port: number }).port));
    });
    const { status, stderr } = run('market', '--port', String(port), '--data', ':memory:');
    blocker.close();
    expect(stderr).toContain(`Port ${port} is taken`);
    expect(stderr).toContain('--port');
    expect(status).toBe(1);
  });

  it('says which folder cannot be used, and leaves the file in its place alone', () => {
    const file = join(home.path, 'not-a-folder');
    writeFileSync(file, 'mine');
    const { status, stderr } = run('market', '--port', '0', '--data', file);
    expect(stderr).toContain(file);
    expect(stderr).toContain('--data');
    expect(status).toBe(1);
  });

  it('says so when the database is damaged', () => {
    const data = join(home.path, 'data');
    mkdirSync(data, { mode: 0o700 });
    writeFileSync(
      join(data, 'marketplace.db'),
      'this is not a database, but it is long enough to be read as a header of one',
    );
    const { status, stderr } = run('market', '--port', '0', '--data', data);
    expect(stderr).toContain(data);
    expect(status).toBe(1);
  });
});
