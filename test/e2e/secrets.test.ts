import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { startMarket } from '#market/serve.ts';
import { tools } from '#tools/registry.ts';
import { echoingOrigin, evilWays, formsOf } from '../support/echoing-origin.ts';
import { http } from '../support/http.ts';
import { modern, type RawServer, spawnServer } from '../support/raw-server.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

/**
 * No secret leaves by any door but the credentials file: not with an answer, an error, a log line, a record on disk or
 * an argument of a process. The other side is an origin that says the key it is sent wherever there is room.
 */
vi.setConfig({ testTimeout: 120_000 });

const canaries = {
  key: 'sk_live_canaryK3y-0a1b2c3d4e5f60718293a4b5c6d7e8f9',
  webhook: 'whsec_canaryWebh00k/0a1b2c3d4e5f+60718293a4b5c6d7==',
  recovery: 'rec_canaryRec0very-0a1b2c3d4e5f60718293a4b5c6d7',
  password: 'Aa1-canary Passw0rd "quoted" & 0a1b2c3d4e5f6071',
};
const secrets = Object.values(canaries);

function serverAt(url: string, home: string, env: Record<string, string> = {}): RawServer {
  const server = spawnServer({
    env: { SOTA_HOME: home, SOTA_API_URL: url, SOTA_CONFIRM: 'never', SOTA_LOG_LEVEL: 'debug', ...env },
  });
  server.child.setMaxListeners(0);
  onTestFinished(() => void server.child.kill('SIGKILL'));
  return server;
}

async function call(server: RawServer, name: string, args: object = {}): Promise<Record<string, unknown>> {
  const { result } = await server.request('tools/call', modern({ name, arguments: args }));
  const [{ text = '' } = {}] = (result?.content ?? []) as { text?: string }[];
  return (result?.structuredContent ?? JSON.parse(text)) as Record<string, unknown>;
}

/** Everything the process said and left behind, by where. */
function traces(server: RawServer, home: string): Map<string, string> {
  const found = new Map([
    ['stdout', server.lines.join('\n')],
    ['stderr', server.stderr()],
  ]);
  for (const entry of readdirSync(home, { recursive: true, encoding: 'utf8' })) {
    const path = join(home, entry);
    if (statSync(path).isFile()) found.set(entry, readFileSync(path, 'latin1'));
  }
  return found;
}

function expectNowhereBut(
  allowed: readonly string[],
  values: readonly string[],
  all: Map<string, string>,
  what: string,
): void {
  for (const [where, text] of all) {
    if (allowed.includes(where)) continue;
    for (const value of values) {
      for (const form of [value, ...formsOf(value)]) {
        const at = text.indexOf(form);
        expect(at < 0 ? '' : text.slice(Math.max(0, at - 80), at + form.length + 20), `${what}: ${where}`).toBe('');
      }
    }
  }
}

const CREDENTIALS = join('mcp', 'credentials.json');

function storedAgent(home: string, origin: string): void {
  mkdirSync(join(home, 'mcp'), { mode: 0o700 });
  const agent = {
    agent_id: 'agent-1',
    name: 'canary',
    api_key: canaries.key,
    webhook_secret: canaries.webhook,
    recovery_token: canaries.recovery,
    password: canaries.password,
  };
  writeFileSync(join(home, CREDENTIALS), JSON.stringify({ version: 1, agents: { [origin]: agent } }), { mode: 0o600 });
}

/** Where the key comes from makes a difference to what is held, not to the doors: the second time some doors do. */
const cases = [
  { source: 'environment', ways: evilWays },
  { source: 'credentials', ways: ['success', '401', '422 verdict', 'wrong shape', 'cut'] },
] as const;

describe.each(cases)('with the key in the $source', ({ source, ways }) => {
  it.each(ways)('an origin that answers %s and says every secret gives none away', async (way) => {
    const origin = await echoingOrigin(source === 'environment' ? [] : secrets);
    const home = temporaryDirectory();
    if (source === 'credentials') storedAgent(home, origin.url);
    const server = serverAt(origin.url, home, source === 'environment' ? { SOTA_API_KEY: canaries.key } : {});
    origin.way = 'success';
    await call(server, 'get_status');
    origin.way = way;
    // A broken connection is tried again and again: three tools stand for all.
    const some = way === 'cut' ? tools.filter(({ name }) => /^(get_status|bid|list_jobs)$/.test(name)) : tools;
    await Promise.all(
      some.map((tool) =>
        call(server, tool.name, tool.name === 'wait_for_activity' ? { timeout_seconds: 0 } : tool.example).catch(
          () => undefined,
        ),
      ),
    );
    server.child.stdin?.end();
    await server.exited;
    expect([...origin.keys]).toContain(canaries.key);
    const all = traces(server, home);
    expect(server.lines.length).toBeGreaterThan(some.length);
    const held = source === 'environment' ? [canaries.key] : secrets;
    expectNowhereBut([CREDENTIALS], held, all, way);
  });
});

describe('what is issued', () => {
  it('is in the credentials file alone: registering, rotating, a login link', async () => {
    const market = await startMarket({ port: 0, data: ':memory:' });
    onTestFinished(() => market.close());
    const home = temporaryDirectory();
    const server = serverAt(market.url, home);
    const registered = await call(server, 'register_agent', {
      email: 'canary@example.test',
      name: 'canary',
      clusters: ['code'],
      tags: ['code-review'],
    });
    expect(registered).toMatchObject({ outcome: 'done', credentials_stored_at: join(home, CREDENTIALS) });
    const first = stored(home);
    expect(await call(server, 'rotate_keys')).toMatchObject({ outcome: 'done' });
    const second = stored(home);
    expect(second.api_key).not.toBe(first.api_key);

    const link = await call(server, 'generate_human_login_link');
    const token = new URL(String(link.url)).searchParams.get('token') ?? '';
    expect(token.length).toBeGreaterThan(16);
    // Said again by the model, it is masked: only the one answer carries it.
    await call(server, 'get_tag', { tag_slug: token });
    await call(server, 'report_progress', { job_id: 'x', percent: 1, message: token });
    for (const tool of tools.filter(({ effect }) => effect === 'read')) {
      const args = tool.name === 'wait_for_activity' ? { timeout_seconds: 0 } : tool.example;
      await call(server, tool.name, args).catch(() => undefined);
    }
    server.child.stdin?.end();
    await server.exited;
    const all = traces(server, home);
    const issued = [first.api_key, second.api_key, second.webhook_secret, second.recovery_token, second.password].map(
      String,
    );
    expect(issued.every((secret) => secret.length > 12)).toBe(true);
    expectNowhereBut([CREDENTIALS], issued, all, 'issued');
    expect(statSync(join(home, CREDENTIALS)).mode & 0o777).toBe(0o600);
    const lines = server.lines.filter((line) => line.includes(token));
    expect(lines).toHaveLength(1);
    all.set('stdout', server.lines.filter((line) => !lines.includes(line)).join('\n'));
    expectNowhereBut([], [token], all, 'link');
  });

  it('replaces a key of the environment that was rotated away, and says so', async () => {
    const market = await startMarket({ port: 0, data: ':memory:' });
    onTestFinished(() => market.close());
    const home = temporaryDirectory();
    const first = serverAt(market.url, home);
    await call(first, 'register_agent', {
      email: 'o@example.test',
      name: 'old',
      clusters: ['code'],
      tags: ['code-review'],
    });
    const old = stored(home).api_key;
    await call(first, 'rotate_keys');
    const { api_key: fresh } = stored(home);
    const { body } = await http('GET', `${market.url}/api/v1/agents/keys`, { key: fresh });
    const dead = body.keys.find((key: { key_prefix: string }) => old.startsWith(key.key_prefix.replace(/…|\.+$/, '')));
    await http('POST', `${market.url}/api/v1/agents/keys/${dead.id}/revoke`, { key: fresh });

    const second = serverAt(market.url, home, { SOTA_API_KEY: old });
    expect(await call(second, 'get_status')).toMatchObject({ status: 'sandbox' });
    expect(second.stderr()).toMatch(/SOTA_API_KEY holds a key that was rotated; using the stored one/);
    const all = traces(second, home);
    expectNowhereBut([CREDENTIALS], [old, fresh], all, 'stale key');
    expect(all.get(CREDENTIALS)).not.toContain(old);
  });

  it('does not get into the log, whatever a library prints', async () => {
    const noise =
      'data:text/javascript,process.on("SIGUSR2",()=>{const key=process.env.SOTA_API_KEY;console.error(key,{key});process.stdout.write(Buffer.from(key));process.emitWarning(key);process.stderr.write("end of noise")})';
    const env = { SOTA_HOME: temporaryDirectory(), SOTA_API_KEY: canaries.key, SOTA_API_URL: 'http://127.0.0.1:1' };
    const server = spawnServer({ env }, ['--import', noise]);
    onTestFinished(() => void server.child.kill('SIGKILL'));
    await server.request('tools/list', modern());
    server.child.kill('SIGUSR2');
    await vi.waitFor(() => expect(server.stderr()).toMatch(/end of noise[\s\S]*Warning/));
    expect(server.stderr()).toContain('[redacted]');
    expect(server.stderr() + server.lines.join('')).not.toContain('canaryK3y');
  });

  it('is never an argument of a process', async () => {
    const server = spawnServer({ args: ['--api-key', canaries.key], env: { SOTA_HOME: temporaryDirectory() } });
    const { code } = await server.exited;
    expect(code).not.toBe(0);
    expect(server.stderr()).toContain('There is no flag --api-key');
    expect(server.stderr()).not.toContain('canaryK3y');
  });
});

function stored(home: string): Record<'api_key' | 'webhook_secret' | 'recovery_token' | 'password', string> {
  const { agents } = JSON.parse(readFileSync(join(home, CREDENTIALS), 'utf8'));
  return Object.values(agents)[0] as Record<'api_key' | 'webhook_secret' | 'recovery_token' | 'password', string>;
}
