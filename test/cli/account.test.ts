import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { askHidden } from '../../src/cli/terminal/ask.ts';
import { withSpinner } from '../../src/cli/terminal/spinner.ts';
import { fakeOrigin, refusal } from '../support/fake-origin.ts';
import { hasTerminal, inTerminal } from '../support/in-terminal.ts';
import { startTestMarket, type TestMarket } from '../support/market.ts';
import { connect, temporaryHome } from '../support/mcp-clients.ts';
import { runCli } from './run-cli.ts';

let market: TestMarket;
let home: ReturnType<typeof temporaryHome>;
let names = 0;
beforeAll(async () => {
  market = await startTestMarket();
});
afterAll(() => market.close());
beforeEach(() => {
  home = temporaryHome();
  names += 1;
});
afterEach(() => home.remove());

const stateFile = (name: string) => join(home.path, 'mcp', name);
const stored = () => Object.values(JSON.parse(readFileSync(stateFile('credentials.json'), 'utf8')).agents)[0] as never;
const run = (args: readonly string[], options: { env?: Record<string, string>; input?: string } = {}) =>
  runCli(args, { ...options, env: { SOTA_HOME: home.path, SOTA_API_URL: market.url, ...options.env } });
const register = (...more: string[]) =>
  run(['register', '--email', `o${names}@example.test`, '--name', `agent-${names}`, '--tags', 'code-review', ...more]);

describe('sota-mcp register', () => {
  it('stores everything for this user only, finds the cluster, and the server is that agent afterwards', async () => {
    const { status, json, stdout } = await register('--json');
    expect(status).toBe(0);
    expect(json).toMatchObject({ outcome: 'done', name: `agent-${names}`, status: 'sandbox' });
    expect(stdout).not.toMatch(/rec_|sk_live_\w{16}/);
    expect(statSync(stateFile('credentials.json')).mode & 0o777).toBe(0o600);
    expect(stored()).toMatchObject({ agent_id: json.agent_id, recovery_token: expect.stringMatching(/^rec_/) });
    const client = await connect('v2 modern', { env: { SOTA_HOME: home.path, SOTA_API_URL: market.url } });
    expect(await client.call('get_status')).toMatchObject({
      agent: { id: json.agent_id, capabilities: ['code-review'] },
    });
    await client.close();
  });

  it('takes a password from stdin, and shows the recovery token where that is asked for', async () => {
    const args = ['register', '--email', `o${names}@example.test`, '--name', 'one', '--tags', 'code-review'];
    const { json } = await run([...args, '--password-stdin', '--show-recovery-token', '--json'], {
      input: 'correct horse\n',
    });
    expect(json.recovery_token).toMatch(/^rec_/);
    expect(stored()).toMatchObject({ password: 'correct horse' });
  });

  it('says what is missing where nobody can be asked, and what is misspelt', async () => {
    const missing = await run(['register', '--email', 'a@b.test']);
    expect(missing).toMatchObject({ status: 2, stderr: expect.stringContaining('--name, --tags') });
    const nobody = await run(['register', '--email', 'ada', '--name', 'x', '--tags', 'code-review']);
    expect(nobody).toMatchObject({ status: 2, stderr: expect.stringContaining('e-mail address') });
    const misspelt = await run(['register', '--email', 'a@b.test', '--name', 'x', '--tags', 'code-reviw']);
    expect(misspelt).toMatchObject({ status: 1, stderr: expect.stringContaining('code-review') });
    const short = await run(
      ['register', '--email', 'a@b.test', '--name', 'x', '--tags', 'code-review', '--password-stdin'],
      { input: 'short' },
    );
    expect(short).toMatchObject({ status: 1, stderr: expect.stringContaining('8 characters') });
    expect(existsSync(stateFile('credentials.json'))).toBe(false);
  });
});

describe('register on a terminal', () => {
  it.skipIf(!hasTerminal)(
    'asks, again where an answer will not do, hides the password, and shows the token',
    async () => {
      const typed = ['ada', `o${names}@example.test`, `asked-${names}`, 'code-reviw', 'code-review', 'correct horse'];
      const { status, shown } = await inTerminal(['register'], typed, {
        env: { SOTA_HOME: home.path, SOTA_API_URL: market.url },
        question: /(?:owner|agent|commas|stored\)): /,
      });
      expect(shown).toContain('That is no e-mail address.');
      expect(shown).toContain('There is no "code-reviw"; did you mean code-review?');
      expect(shown).not.toContain('correct horse');
      expect(shown).toMatch(/Recovery token: rec_/);
      expect(status).toBe(0);
      expect(stored()).toMatchObject({ password: 'correct horse', email: `o${names}@example.test` });
    },
  );
});

describe('whoami and status', () => {
  it('know the agent without and with the marketplace', async () => {
    const { json: registered } = await register('--json');
    expect((await run(['whoami', '--json'])).json).toMatchObject({
      agent_id: registered.agent_id,
      key_source: 'credentials',
      marketplace: market.url,
    });
    expect((await run(['status', '--json'])).json).toMatchObject({
      status: 'sandbox',
      sandbox_progress: { ready_for_review: false },
    });
    expect((await run(['status'])).stdout).toMatch(/Tests: 0 of \d+ passed/);
  });

  it('end with 3 without a key, and 4 where nobody answers', async () => {
    expect(await run(['whoami'])).toMatchObject({ status: 3, stdout: '' });
    const gone = await fakeOrigin();
    await gone.close();
    const { status, json } = await run(['status', '--json', '--api-url', gone.url], {
      env: { SOTA_API_KEY: 'sk_live_0123456789abcdef' },
    });
    expect(json).toMatchObject({ error: { code: 'unreachable' } });
    expect(status).toBe(4);
  });

  it('work on the marketplace that is built in, and register nobody', async () => {
    const local = (...args: string[]) => runCli([...args, '--local', '--json'], { env: { SOTA_HOME: home.path } });
    for (const command of ['status', 'whoami']) {
      expect(await local(command), command).toMatchObject({ status: 3, json: { error: { code: 'no_api_key' } } });
    }
    await local('doctor');
    expect(existsSync(stateFile('credentials.json'))).toBe(false);
    const args = ['register', '--email', 'ada@example.test', '--name', 'mine', '--tags', 'code-review'];
    expect((await local(...args)).json).toMatchObject({ outcome: 'done' });
    expect(await local('status')).toMatchObject({ status: 0, json: { status: 'sandbox', name: 'mine' } });
    expect((await local('whoami')).json).toMatchObject({ local: true, name: 'mine' });
  });

  it('show the money of an agent in a table', async () => {
    await register();
    const { stdout } = await run(['status']);
    expect(stdout).toContain(`agent-${names} (`);
    expect(stdout).toContain('Status: sandbox');
    expect(stdout).toMatch(/USDC:\n {2}available {9}0\n {2}in escrow/);
    expect(stdout).toContain('Payout wallet: none');
  });
});

describe('sota-mcp recover', () => {
  it('gets a new key with the stored token; the old one is dead', async () => {
    await register();
    const before = stored() as { api_key: string };
    const { json, stdout, status } = await run(['recover', '--json']);
    expect(status).toBe(0);
    const after = stored() as { api_key: string; agent_id: string; email: string };
    expect(after.api_key).not.toBe(before.api_key);
    expect(json).toMatchObject({ agent_id: after.agent_id });
    expect(stdout).not.toContain(after.api_key);
    expect(after.email).toBe(`o${names}@example.test`);
    expect((await run(['status', '--json'])).json).toMatchObject({ agent_id: after.agent_id });
    const old = await run(['status', '--json'], { env: { SOTA_API_KEY: before.api_key } });
    expect(old.status).toBe(3);
  });

  it('takes a token from stdin, and refuses a wrong one', async () => {
    const wrong = await run(['recover', '--token-stdin', '--json'], { input: 'rec_nothing_of_the_kind\n' });
    expect(wrong.json).toMatchObject({ error: { code: 'invalid_recovery_token' } });
    expect(wrong.status).toBe(1);
    expect((await run(['recover', '--json'])).json).toMatchObject({ error: { code: 'no_recovery_token' } });
  });
});

describe('sota-mcp login', () => {
  const start = {
    json: { device_code: 'dev_1', verify_url: 'https://x.test/verify?c=1', expires_in: 60, interval: 0.01 },
  };
  const tokens = {
    status: 'authorized',
    access_token: 'eyJhbGciOi.payload.sig',
    refresh_token: 'r1',
    email: 'ada@x.test',
  };

  it('waits for the approval, stores the token, and uses it to issue a key', async () => {
    const origin = await fakeOrigin();
    origin.on('POST /api/v1/auth/device-code', start);
    origin.on('POST /api/v1/auth/device-poll', { json: { status: 'pending' } }, { json: tokens });
    origin.on('GET /api/v1/agents', {
      json: { agents: [{ id: 'agent-7', name: 'seven', status: 'active', capabilities: [] }], total: 1 },
    });
    origin.on('POST /api/v1/agents/agent-7/keys', {
      json: { api_key: 'sk_live_fresh_0123456789', key_id: 'k', key_prefix: 'sk_live_', expires_at: null, message: '' },
    });
    const env = { SOTA_API_URL: origin.url };
    const login = await run(['login', '--json'], { env });
    expect(login.stderr).toContain('https://x.test/verify?c=1');
    expect(login.json).toMatchObject({ signed_in: true, email: 'ada@x.test' });
    expect(login.stdout).not.toContain('eyJ');
    expect(origin.to('/api/v1/auth/device-poll').map(({ body }) => body)).toEqual([
      { device_code: 'dev_1' },
      { device_code: 'dev_1' },
    ]);
    expect(statSync(stateFile('owner.json')).mode & 0o777).toBe(0o600);
    expect((await run(['recover', '--owner', '--json'], { env })).json).toMatchObject({ agent_id: 'agent-7' });
    expect(origin.to('/api/v1/agents/agent-7/keys')[0]!.headers.authorization).toBe(`Bearer ${tokens.access_token}`);
    expect(stored()).toMatchObject({ api_key: 'sk_live_fresh_0123456789', agent_id: 'agent-7' });
    expect((await run(['login', '--logout', '--json'], { env })).json).toMatchObject({ changed: true });
    expect(await run(['recover', '--owner'], { env })).toMatchObject({ status: 3 });
  });

  it('says when the code has expired', async () => {
    const origin = await fakeOrigin();
    origin.on('POST /api/v1/auth/device-code', start);
    origin.on('POST /api/v1/auth/device-poll', refusal(410, 'device_code_expired'));
    const { status, json } = await run(['login', '--json'], { env: { SOTA_API_URL: origin.url } });
    expect(json).toMatchObject({ error: { code: 'device_code_expired' } });
    expect(status).toBe(1);
  });
});

describe('sota-mcp config', () => {
  it('keeps settings for this user, the environment wins, and the server follows them', async () => {
    const bare = { env: { SOTA_API_URL: '' } };
    expect((await run(['config', 'set', 'api-url', `${market.url}/`, '--json'], bare)).json.value).toBe(market.url);
    expect((await run(['config', 'set', 'profile', 'worker'], bare)).status).toBe(0);
    expect(statSync(stateFile('config.json')).mode & 0o777).toBe(0o600);
    expect((await run(['config', 'get', 'api-url'], bare)).stdout.trim()).toBe(market.url);
    const { json } = await run(['config', 'list', '--json'], { env: { SOTA_API_URL: 'https://other.test' } });
    expect(json.settings['api-url']).toEqual({ value: 'https://other.test', source: 'environment' });
    expect(json.settings.profile).toEqual({ value: 'worker', source: 'file' });
    const client = await connect('v1', { env: { SOTA_HOME: home.path } });
    const tools = (await client.listTools()).map(({ name }) => name);
    expect(tools).toContain('bid');
    expect(tools).not.toContain('create_job');
    await client.close();
    await run(['config', 'unset', 'profile'], bare);
    expect(JSON.parse(readFileSync(stateFile('config.json'), 'utf8'))).toEqual({ sota_api_url: market.url });
  });

  it('keeps what it does not know, and stops the server at a file it cannot read', async () => {
    mkdirSync(join(home.path, 'mcp'), { mode: 0o700 });
    writeFileSync(stateFile('config.json'), '{"sota_max_job_usdc": "10"}', { mode: 0o600 });
    await run(['config', 'set', 'log-level', 'debug']);
    expect(JSON.parse(readFileSync(stateFile('config.json'), 'utf8'))).toEqual({
      sota_max_job_usdc: '10',
      sota_log_level: 'debug',
    });
    writeFileSync(stateFile('config.json'), '{"sota_profile": ');
    expect(await run([])).toMatchObject({ status: 2, stdout: '', stderr: expect.stringContaining('config.json') });
    expect(await run(['config', 'set', 'profile', 'worker'])).toMatchObject({ status: 1 });
    expect(readFileSync(stateFile('config.json'), 'utf8')).toBe('{"sota_profile": ');
  });

  it('takes a key from stdin and never from the command line', async () => {
    expect(await run(['config', 'set', 'api-key', 'sk_live_0123456789abcdef'])).toMatchObject({ status: 2 });
    const { json } = await run(['config', 'set', 'api-key', '--json'], { input: 'sk_live_0123456789abcdef\n' });
    expect(json.key_prefix).toBe('sk_live_0123…');
    expect((await run(['config', 'get', 'api-key'])).stdout.trim()).toBe('sk_live_0123…');
    expect((await run(['config'])).stdout).toContain('api-key    sk_live_0123…  (credentials)');
    const wrong = await run(['config', 'list'], { env: { SOTA_API_URL: 'nonsense' } });
    expect(wrong).toMatchObject({ status: 0, stdout: expect.stringContaining('nonsense') });
    expect(await run(['config', 'set', 'api-key'], { input: '${SOTA_API_KEY}' })).toMatchObject({ status: 3 });
  });

  it.each([
    [['config', 'lst'], /list/],
    [['config', 'set', 'profil', 'x'], /profile/],
    [['config', 'set', 'profile', 'workr'], /worker/],
    [['config', 'set', 'api-url', 'nonsense'], /http/],
    [['config', 'get'], /needs a name/],
  ])('%j exits with 2', async (args, words) => {
    const { status, stderr } = await run(args);
    expect(stderr).toMatch(words);
    expect(status).toBe(2);
  });
});

describe('sota-mcp skill', () => {
  it('prints the skill, a page, a section, the list', async () => {
    expect((await run(['skill'])).stdout).toMatch(/^# Working on the SOTA marketplace/);
    expect((await run(['skill', 'sandbox', '--section', 'repair'])).stdout).toMatch(/^## 4. Repair/);
    expect((await run(['skill', '--list', '--json'])).json.topics.length).toBeGreaterThan(10);
    expect(await run(['skill', 'sandbx'])).toMatchObject({ status: 2, stderr: expect.stringContaining('sandbox') });
  });
});

describe('at a terminal', () => {
  it('a password is not shown, and can be corrected', async () => {
    const keyboard = new PassThrough() as PassThrough & { setRawMode(on: boolean): void };
    const modes: boolean[] = [];
    keyboard.setRawMode = (on) => void modes.push(on);
    const screen: string[] = [];
    const answer = askHidden('Password', keyboard, { write: (text: string) => !!screen.push(text) } as never);
    keyboard.write('secrex\u007ft\u001b[D');
    keyboard.write('!\r');
    expect(await answer).toBe('secret!');
    expect(screen.join('')).toBe('Password: \n');
    expect(modes).toEqual([true, false]);
  });

  it('Ctrl-C gives the terminal back', async () => {
    const keyboard = new PassThrough();
    const answer = askHidden('Password', keyboard, { write: () => true } as never);
    keyboard.write('abc\u0003');
    await expect(answer).rejects.toThrow('Interrupted');
  });

  it('nothing turns where there is no terminal, and what turned is wiped away', async () => {
    const written: string[] = [];
    await withSpinner('x', async () => 1, { isTTY: false, write: (text) => written.push(text) });
    expect(written).toEqual([]);
  });
});
