import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ed25519 } from '@noble/curves/ed25519.js';
import { base58 } from '@scure/base';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createApprovals } from '#client/policy/approvals.ts';
import { createOwnerPin } from '#client/policy/pin.ts';
import { systemClock } from '#kit/clock.ts';
import { type RunningMarket, startMarket } from '#market/serve.ts';
import { connectEliciting, type ElicitingClient } from '../support/eliciting-clients.ts';
import { http } from '../support/http.ts';
import { hasTerminal, inTerminal } from '../support/in-terminal.ts';
import { type Answer, connect, generations, program, type TestClient, temporaryHome } from '../support/mcp-clients.ts';
import { type Message, type RawServer, spawnServer } from '../support/raw-server.ts';

/** Approvals through every channel, with the shipped server, the official clients, and the real marketplace. */
let running: RunningMarket;
beforeAll(async () => {
  running = await startMarket({ port: 0, data: ':memory:' });
});
afterAll(() => running.close());

const walletOf = (name: string): string =>
  base58.encode(ed25519.getPublicKey(createHash('sha256').update(name).digest()));
const MINE = walletOf('mine');
const THEIRS = walletOf('theirs');
const ALWAYS = { SOTA_CONFIRM: 'always' };

let agents = 0;
const registration = () => {
  agents += 1;
  return { email: `a${agents}@example.test`, name: `agent-${agents}`, clusters: ['text'], tags: ['summarization'] };
};
const approve = { action: 'accept', content: { approve: true } } as const;

describe.each(generations)('%s: a host that can ask its human', (generation) => {
  const home = temporaryHome();
  let host: ElicitingClient;
  beforeAll(async () => {
    host = await connectEliciting(generation, { SOTA_HOME: home.path, SOTA_API_URL: running.url, ...ALWAYS });
    await host.call('register_agent', registration());
  });
  afterAll(async () => {
    await host?.close();
    home.remove();
  });
  const wallet = async () => (await host.call('get_payout_wallet')).answer.address;

  it('accept lets exactly this through, and the question says what it is', async () => {
    host.reactWith(approve);
    const { isError, answer } = await host.call('set_payout_wallet', { address: MINE });
    expect({ isError, answer }).toMatchObject({ isError: false, answer: { outcome: 'done', address: MINE } });
    expect(answer.compare).toBe(MINE.match(/.{1,4}/g)?.join(' '));
    expect(host.asked.at(-1)).toContain(MINE.match(/.{1,4}/g)?.join(' '));
    expect(host.asked.at(-1)).toContain(running.url);
    expect(await wallet()).toBe(MINE);
  });

  it('accept without the tick is no', async () => {
    host.reactWith({ action: 'accept', content: { approve: false } });
    const { isError, answer } = await host.call('clear_payout_wallet');
    expect(isError).toBe(true);
    expect(answer).toMatchObject({ outcome: 'refused_by_policy', error: { code: 'approval_declined' } });
    expect(await wallet()).toBe(MINE);
  });

  it('decline refuses, and is not asked again at once', async () => {
    host.reactWith({ action: 'decline' });
    const { answer } = await host.call('set_payout_wallet', { address: THEIRS });
    expect(answer).toMatchObject({ outcome: 'refused_by_policy', error: { code: 'approval_declined' } });
    const times = host.asked.length;
    host.reactWith(approve);
    expect((await host.call('set_payout_wallet', { address: THEIRS })).isError).toBe(true);
    expect(host.asked).toHaveLength(times);
    expect(await wallet()).toBe(MINE);
  });

  it('cancel falls through to the terminal, whose approval then holds', async () => {
    host.reactWith({ action: 'cancel' });
    const { isError, answer } = await host.call('rotate_keys');
    expect(isError).toBe(false);
    expect(answer).toMatchObject({ outcome: 'needs_approval', recovery: { action: 'ask_human' } });
    expect(String(answer.fix)).toContain(`sota-mcp approvals approve ${answer.request_id}`);
    // Asked once by pop-up; from then on the terminal is the place.
    const times = host.asked.length;
    host.reactWith(approve);
    expect((await host.call('rotate_keys')).answer).toMatchObject({ request_id: answer.request_id });
    expect(host.asked).toHaveLength(times);
    const desk = createApprovals(join(home.path, 'mcp'), { clock: systemClock });
    await desk.decide(String(answer.request_id), 'approved', 'terminal');
    expect((await host.call('rotate_keys')).answer).toMatchObject({ outcome: 'done' });
  });
});

describe('what comes back from a host is forged until proven otherwise', () => {
  const home = temporaryHome();
  let server: RawServer;
  const envelope = (state?: unknown, responses?: unknown) => ({
    _meta: {
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
      'io.modelcontextprotocol/clientCapabilities': { elicitation: { form: {} } },
    },
    ...(state === undefined ? {} : { requestState: state }),
    ...(responses === undefined ? {} : { inputResponses: responses }),
  });
  const YES = { approval: approve };
  const call = async (name: string, args: object, state?: unknown, responses?: unknown): Promise<Message> =>
    await server.request('tools/call', { name, arguments: args, ...envelope(state, responses) });
  const codeOf = ({ result, error }: Message): unknown => {
    if (error) return error.code;
    const [first] = (result?.content ?? []) as { text: string }[];
    const { outcome, error: shown } = JSON.parse(first?.text ?? '{}') as { outcome?: string; error?: { code: string } };
    return shown?.code ?? outcome;
  };
  const ask = async (name: string, args: object): Promise<string> => {
    const { result } = await call(name, args);
    expect(result?.resultType).toBe('input_required');
    return String(result?.requestState);
  };

  beforeAll(async () => {
    const env = { SOTA_HOME: home.path, SOTA_API_URL: running.url, ...ALWAYS };
    server = spawnServer({ env });
    await server.request('server/discover', envelope());
    expect(codeOf(await call('register_agent', registration()))).toBe('done');
  });
  afterAll(async () => {
    server.child.stdin?.end();
    await server.exited;
    home.remove();
  });

  it('a sealed note works once, for its own tool and arguments', async () => {
    const state = await ask('set_payout_wallet', { address: MINE });
    expect(codeOf(await call('set_payout_wallet', { address: THEIRS }, state, YES))).toBe('approval_not_valid');
    expect(codeOf(await call('clear_payout_wallet', {}, state, YES))).toBe('approval_not_valid');
    expect(codeOf(await call('set_payout_wallet', { address: MINE }, state, YES))).toBe('done');
    expect(codeOf(await call('set_payout_wallet', { address: MINE }, state, YES))).toBe('approval_not_valid');
    expect((await call('get_payout_wallet', {})).result?.structuredContent).toMatchObject({ address: MINE });
  });

  it('no answer without a note, no forged note, no altered one, and no note of another process', async () => {
    const state = await ask('generate_human_login_link', {});
    // The same question is not put twice, so without the note it goes to the terminal.
    expect(codeOf(await call('generate_human_login_link', {}, undefined, YES))).toBe('needs_approval');
    const [version, payload = '', mac = ''] = state.split('.');
    const read = JSON.parse(Buffer.from(payload, 'base64url').toString());
    const altered = Buffer.from(JSON.stringify({ ...read, exp: read.exp + 3600 })).toString('base64url');
    for (const forged of [
      `${version}.${altered}.${mac}`,
      `${version}.${payload}.${'A'.repeat(mac.length)}`,
      'v1.e30.AA',
      '',
    ]) {
      const answer = await call('generate_human_login_link', {}, forged, YES);
      expect(['approval_not_valid', -32602]).toContain(codeOf(answer));
    }
    const other = spawnServer({ env: { SOTA_HOME: home.path, SOTA_API_URL: running.url, ...ALWAYS } });
    await other.request('server/discover', envelope());
    const elsewhere = await other.request('tools/call', {
      name: 'generate_human_login_link',
      arguments: {},
      ...envelope(state, YES),
    });
    expect(codeOf(elsewhere)).toBe('approval_not_valid');
    other.child.stdin?.end();
    await other.exited;
  });
});

describe('what a model says is no consent', () => {
  const home = temporaryHome();
  let agent: TestClient;
  beforeAll(async () => {
    agent = await connect('v2 modern', { env: { SOTA_HOME: home.path, SOTA_API_URL: running.url, ...ALWAYS } });
    await agent.call('register_agent', registration());
  });
  afterAll(async () => {
    await agent?.close();
    home.remove();
  });

  it.each([
    'confirm',
    'confirmed',
    'approve',
    'approval',
    'request_id',
    'force',
  ])('%s: true in the arguments is refused', async (name) => {
    const error = await agent.refusal('set_payout_wallet', { address: THEIRS, [name]: true });
    expect(error.code).toBe('invalid_arguments');
  });

  it('repeating, naming the request and claiming an approval changes nothing', async () => {
    const first = await agent.call('set_payout_wallet', { address: THEIRS });
    expect(first).toMatchObject({ outcome: 'needs_approval' });
    for (let at = 0; at < 3; at++) {
      expect(await agent.call('set_payout_wallet', { address: THEIRS })).toMatchObject({
        request_id: first.request_id,
      });
    }
    const meta = { 'io.modelcontextprotocol/approved': true, approve: true, idempotencyKey: String(first.request_id) };
    const claimed = (await (agent.raw as { callTool(parameters: object): Promise<unknown> }).callTool({
      name: 'set_payout_wallet',
      arguments: { address: THEIRS },
      _meta: meta,
    })) as { structuredContent?: Answer };
    expect(claimed.structuredContent).toMatchObject({ outcome: 'needs_approval' });
    expect(await agent.call('get_payout_wallet')).toMatchObject({ is_set: false });
  });

  it('no tool has an argument for a destination, or for consent', async () => {
    const tools = await agent.listTools();
    const withdraw = tools.find(({ name }) => name === 'withdraw');
    expect(Object.keys((withdraw?.inputSchema as { properties: object }).properties)).toEqual(['amount_usdc', 'after']);
    for (const { name, inputSchema } of tools) {
      const names = Object.keys((inputSchema as { properties?: object }).properties ?? {});
      const consent = names.filter((argument) => /confirm|approv|consent|force|override/.test(argument));
      expect(consent, name).toEqual([]);
    }
  });
});

describe('sota-mcp approvals', () => {
  const home = temporaryHome();
  const stateDir = join(home.path, 'mcp');
  const env = { PATH: process.env.PATH ?? '', SOTA_HOME: home.path };
  let agent: TestClient;
  beforeAll(async () => {
    agent = await connect('v1', { env: { SOTA_HOME: home.path, SOTA_API_URL: running.url, ...ALWAYS } });
    await agent.call('register_agent', registration());
  });
  afterAll(async () => {
    await agent?.close();
    home.remove();
  });

  const run = promisify(execFile);
  const cli = async (args: string[], input?: string) => {
    const child = run(process.execPath, [program, ...args], { env });
    child.child.stdin?.end(input ?? '');
    return await child.then(
      ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
      (error: { code: number; stdout: string; stderr: string }) => error,
    );
  };
  /** The command in a pseudo-terminal, with what a person types. */
  const atTerminal = (args: string[], typed: string[]) =>
    inTerminal(args, typed, { env, question: /(?:\[y\/N\]|PIN:|more:) / }).then(({ status, shown }) => ({
      code: status,
      shown,
    }));
  const pending = async (): Promise<string> => {
    const answer = await agent.call('set_payout_wallet', { address: MINE });
    expect(answer.outcome).toBe('needs_approval');
    return String(answer.request_id);
  };
  const stateOf = async (id: string) => (await createApprovals(stateDir, { clock: systemClock }).get(id))?.state;

  it('list shows what waits, as text and as JSON', async () => {
    expect((await cli(['approvals', 'list'])).stdout).toContain('Nothing is waiting');
    const id = await pending();
    const { stdout } = await cli(['approvals']);
    expect(stdout).toContain(id);
    expect(stdout).toContain(MINE.match(/.{1,4}/g)?.join(' '));
    expect(stdout).toContain('No PIN is set');
    expect(JSON.parse((await cli(['approvals', 'list', '--json'])).stdout)).toMatchObject([{ id, state: 'pending' }]);
  });

  it('approve wants a person: without a terminal and without a PIN it refuses', async () => {
    const id = await pending();
    const { code, stderr } = await cli(['approvals', 'approve', id], 'y\n');
    expect(code).toBe(1);
    expect(stderr).toContain('needs a terminal');
    expect((await cli(['approvals', 'pin', '--pin-stdin'], '1234\n')).stderr).toContain('in a terminal');
    expect((await cli(['approvals', 'approve', id, '--pin-stdin'], '1234\n')).code).toBe(1);
    expect(await stateOf(id)).toBe('pending');
  });

  it.skipIf(!hasTerminal)('on a terminal it shows the question and takes a yes', async () => {
    const id = await pending();
    expect(await atTerminal(['approvals', 'approve', id], ['n'])).toMatchObject({ code: 1 });
    expect(await stateOf(id)).toBe('pending');
    const { code, shown } = await atTerminal(['approvals', 'approve', id], ['y']);
    expect({ code, shown }).toMatchObject({ code: 0, shown: expect.stringContaining('Approved') });
    expect(shown).toContain('set the payout wallet to');
    expect(await agent.call('set_payout_wallet', { address: MINE })).toMatchObject({ outcome: 'done' });
  });

  it.skipIf(!hasTerminal)('the first PIN is set in a terminal, unseen', async () => {
    expect(await atTerminal(['approvals', 'pin'], ['wicked secret', 'another'])).toMatchObject({ code: 1 });
    const { code, shown } = await atTerminal(['approvals', 'pin'], ['wicked secret', 'wicked secret']);
    expect(code).toBe(0);
    expect(shown).not.toContain('wicked');
    expect(await createOwnerPin(stateDir, { clock: systemClock }).check('wicked secret')).toBe('right');
  });

  it('with a PIN set, approve takes it from standard input, and nothing else will do', async () => {
    await createOwnerPin(stateDir, { clock: systemClock }).set('4711 owner');
    await agent.call('clear_payout_wallet');
    const [id] = JSON.parse((await cli(['approvals', 'list', '--json'])).stdout).map((one: { id: string }) => one.id);
    expect(await cli(['approvals', 'approve', id], 'y\n')).toMatchObject({ code: 1 });
    expect(await cli(['approvals', 'approve', id, '--pin-stdin'], 'y\n')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('PIN is wrong'),
    });
    expect(await stateOf(id)).toBe('pending');
    const { code, stdout } = await cli(['approvals', 'approve', id, '--pin-stdin'], '4711 owner\n');
    expect({ code, stdout }).toMatchObject({ code: 0, stdout: expect.stringContaining('Approved') });
    expect(await agent.call('clear_payout_wallet')).toMatchObject({ outcome: 'done' });
    expect((await cli(['approvals', 'approve', id, '--pin-stdin'], '4711 owner\n')).stderr).toContain('used already');
    expect((await cli(['approvals', 'pin', '--pin-stdin'], '4711 owner\n0815 owner\n')).code).toBe(0);
    expect(await createOwnerPin(stateDir, { clock: systemClock }).check('0815 owner')).toBe('right');
  });

  it('reject needs no proof, and the agent is told', async () => {
    const answer = await agent.call('rotate_keys');
    const id = String(answer.request_id);
    expect(await cli(['approvals', 'reject', id])).toMatchObject({ code: 0 });
    expect(await agent.refusal('rotate_keys')).toMatchObject({ code: 'approval_declined' });
  });

  it('says what it does not know', async () => {
    expect((await cli(['approvals', 'approve', 'apr_nothing'])).stderr).toContain('no request');
    expect((await cli(['approvals', 'aprove', 'x'])).stderr).toContain("did you mean 'approve'");
    expect((await cli(['approvals', 'approve'])).code).toBe(2);
    expect((await cli(['approvals', 'list', 'extra'])).code).toBe(2);
  });

  it('unlock is the owner’s as well', async () => {
    writeFileSync(join(stateDir, 'locked'), '{"why":"test"}');
    expect((await cli(['unlock'])).code).toBe(1);
    expect(existsSync(join(stateDir, 'locked'))).toBe(true);
    await createOwnerPin(stateDir, { clock: systemClock }).set('4711');
    expect((await cli(['unlock', '--pin-stdin'], '4711\n')).code).toBe(0);
    expect(existsSync(join(stateDir, 'locked'))).toBe(false);
  });

  it('no PIN and no key is in any file of the desk', () => {
    const texts = readdirSync(stateDir, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && /approvals|spend|pin|refusals/.test(join(entry.parentPath, entry.name)))
      .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'))
      .join('\n');
    expect(texts).not.toMatch(/sk_live_|4711|wicked/);
  });
});

describe('starting', () => {
  it.each([
    [{ SOTA_MAX_JOB_USDC: '25 USDC' }, /SOTA_MAX_JOB_USDC[\s\S]*25/],
    [{ SOTA_CONFIRM: 'yes' }, /SOTA_CONFIRM[\s\S]*always/],
    [{ SOTA_PAYOUT_WALLET: 'EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v' }, /SOTA_PAYOUT_WALLET[\s\S]*USDC mint/],
    [{ SOTA_TOOLS: 'withdrawal' }, /withdrawal[\s\S]*withdraw/],
  ])('%j is refused with the name and a good value', async (settings, message) => {
    const home = temporaryHome();
    const server = spawnServer({ env: { SOTA_HOME: home.path, ...settings } });
    expect((await server.exited).code).toBe(2);
    expect(server.stderr()).toMatch(message);
    expect(server.lines).toEqual([]);
    home.remove();
  });

  it('SOTA_READ_ONLY and SOTA_TOOLS narrow what is offered', async () => {
    const home = temporaryHome();
    const names = async (env: Record<string, string>) => {
      const client = await connect('v2 legacy', { env: { SOTA_HOME: home.path, SOTA_API_URL: running.url, ...env } });
      const listed = (await client.listTools()).map(({ name }) => name);
      await client.close();
      return listed;
    };
    expect(await names({ SOTA_READ_ONLY: '1' })).not.toContain('bid');
    expect(await names({ SOTA_TOOLS: 'get_status,bid' })).toEqual(['get_status', 'bid']);
    expect(await names({ SOTA_TOOLS: 'get_status,bid', SOTA_READ_ONLY: '1' })).toEqual(['get_status']);
    home.remove();
  });
});

describe('the local marketplace', () => {
  it('grants by itself what a human would be asked about, and keeps the limits', async () => {
    const home = temporaryHome();
    const agent = await connect('v2 modern', { env: { SOTA_HOME: home.path, SOTA_API_URL: running.url } });
    const { agent_id } = await agent.call('register_agent', registration());
    await http('POST', `${running.url}/_local/fund`, { body: { agent_id, amount_usdc: 500 } });
    expect(await agent.call('set_payout_wallet', { address: MINE })).toMatchObject({ outcome: 'done' });
    expect(await agent.call('generate_human_login_link')).toMatchObject({ outcome: 'done' });
    const job = { description: 'd', budget_usdc: 26, tags: ['summarization'] };
    const asked = await agent.call('create_job', job);
    expect(asked).toMatchObject({ outcome: 'needs_approval', what: expect.stringContaining('26 USDC') });
    expect(await agent.call('create_job', { ...job, budget_usdc: 25 })).toMatchObject({ outcome: 'done' });
    await agent.close();
    home.remove();
  });

  it('with --local nothing is asked about either', async () => {
    const home = temporaryHome();
    const agent = await connect('v2 modern', { args: ['--local'], env: { SOTA_HOME: home.path } });
    expect(await agent.call('rotate_keys')).toMatchObject({ outcome: 'done' });
    await agent.close();
    const careful = await connect('v2 modern', { args: ['--local'], env: { SOTA_HOME: home.path, ...ALWAYS } });
    expect(await careful.call('set_payout_wallet', { address: MINE })).toMatchObject({ outcome: 'needs_approval' });
    await careful.close();
    home.remove();
  });

  it('--local --read-only shows a marketplace and changes nothing in it', async () => {
    const home = temporaryHome();
    const agent = await connect('v2 modern', { args: ['--local', '--read-only'], env: { SOTA_HOME: home.path } });
    expect(await agent.call('get_status')).toMatchObject({ status: 'sandbox' });
    await agent.close();
    home.remove();
  });
});
