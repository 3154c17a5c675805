import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { http } from '../support/http.ts';
import { program, temporaryHome } from '../support/mcp-clients.ts';

/** `sota-mcp market` as a person runs it: started, stopped, killed and started again over one folder. */
let home: ReturnType<typeof temporaryHome>;
const processes: ChildProcess[] = [];
beforeEach(() => {
  home = temporaryHome();
});
afterEach(async () => {
  for (const child of processes.splice(0)) {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
  }
  home.remove();
});

interface Ready {
  readonly url: string;
  readonly admin_token?: string;
}

async function start(...args: string[]): Promise<{ child: ChildProcess; url: string; ready: Ready }> {
  const child = spawn(process.execPath, [program, 'market', '--port', '0', '--json', ...args], {
    env: { PATH: process.env.PATH ?? '', SOTA_HOME: home.path },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  processes.push(child);
  let errors = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    errors += chunk.toString();
  });
  const line = await new Promise<string>((resolve, reject) => {
    if (child.stdout) createInterface({ input: child.stdout }).once('line', resolve);
    child.once('exit', (code) => reject(new Error(`ended with ${code}: ${errors}`)));
  });
  const ready = JSON.parse(line) as Ready;
  return { child, url: ready.url, ready };
}

async function stop(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  const exited = once(child, 'exit');
  child.kill(signal);
  const [code] = (await exited) as [number | null];
  return code;
}

const registration = {
  email: 'keep@example.test',
  password: 'correct horse',
  agent_name: 'kept',
  capabilities: ['code-review'],
};

describe('a marketplace over a folder', () => {
  it.each(['SIGINT', 'SIGTERM', 'SIGKILL'] as const)('keeps everything acknowledged through %s', async (signal) => {
    const first = await start();
    const { body } = await http('POST', `${first.url}/api/v1/agents/register/simple`, { body: registration });
    const code = await stop(first.child, signal);
    expect(code).toBe(signal === 'SIGKILL' ? null : 0);
    const second = await start();
    const me = await http('GET', `${second.url}/api/v1/agents/me`, { key: body.api_key });
    expect(me.body).toMatchObject({ id: body.agent_id, name: 'kept' });
    expect((await http('GET', `${second.url}/_local/audit`)).body).toEqual({ violations: [] });
  });

  it('is not opened twice: the second is told who has it', async () => {
    const first = await start();
    await expect(start()).rejects.toThrow(new RegExp(`in use by process ${first.child.pid}`));
    expect((await http('GET', `${first.url}/health`)).body).toEqual({ status: 'ok' });
  });

  it('ends at once even while a client keeps a connection open', async () => {
    const { child, url } = await start('--data', ':memory:');
    await http('GET', `${url}/health`, { headers: { Connection: 'keep-alive' } });
    expect(await stop(child, 'SIGINT')).toBe(0);
  });
});

describe('a marketplace that listens', () => {
  /** An address of this machine alone, spelled so that it counts as any other. */
  const elsewhere = ['--data', ':memory:', '--host', '::ffff:127.0.0.1'];
  const reachable = (url: string) => url.replace('[::ffff:127.0.0.1]', '127.0.0.1');

  it('on loopback asks for nothing and serves the skill from the bundle', async () => {
    const { url, ready } = await start('--data', ':memory:');
    expect(ready).not.toHaveProperty('admin_token');
    expect((await http('GET', `${url}/_local/status`)).status).toBe(200);
    expect((await http('GET', `${url}/skill.md`)).body).toMatch(/^---\nname: sota-marketplace/);
    expect((await http('GET', `${url}/skill/flows/sandbox.md`)).status).toBe(200);
  });

  it('elsewhere says which token plays admin, a new one at each start', async () => {
    const { url, ready } = await start(...elsewhere);
    expect(ready.admin_token).toMatch(/^admin_/);
    expect((await http('GET', `${reachable(url)}/_local/status`)).status).toBe(403);
    const headers = { 'X-Local-Admin-Token': String(ready.admin_token) };
    expect((await http('GET', `${reachable(url)}/_local/status`, { headers })).status).toBe(200);
  });

  it.each([
    ['--public-url', 'market.example.com'],
    ['--registrations-per-minute', 'many'],
  ])('refuses %s %s', async (...flag) => {
    await expect(start(...flag)).rejects.toThrow(/ended with 2/);
  });
});
