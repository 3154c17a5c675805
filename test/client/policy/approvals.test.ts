import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { APPROVAL_MS, type Approvals, createApprovals } from '#client/policy/approvals.ts';
import { createOwnerPin } from '#client/policy/pin.ts';
import type { Session } from '#client/types.ts';
import { SotaError } from '#contract/errors/sota-error.ts';
import { createLoginLink, updateMe } from '#contract/operations/agent.ts';
import { clearPayoutWallet, setPayoutWallet, withdraw } from '#contract/operations/payouts.ts';
import { createJob } from '#contract/operations/requester.ts';
import { systemClock } from '#kit/clock.ts';
import { AGENT, KEY, liveOrigin, ownedSession, settableClock } from '../../support/live-origin.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

const MINE = 'GzGGsVSiT2aZE97fEz26mQfsvJMeZ8oP2CYPk8D9ycJK';
const THEIRS = '9xQeWvG816bUx9EPjHmaT23yvVM2ZWbrrpZb9PusVFin';
const WALLET = '/api/v1/payouts/wallet';

/** An origin whose wallet can be set and emptied. */
async function origin(address: string | null = null) {
  const live = await liveOrigin();
  let current = address;
  live.on(`GET ${WALLET}`, () => ({ json: { address: current, updated_at: null } }));
  live.on(`PUT ${WALLET}`, ({ body }) => {
    current = (body as { address: string }).address;
    return { json: { address: current, updated_at: null } };
  });
  live.on(`DELETE ${WALLET}`, () => {
    current = null;
    return { json: { address: null, updated_at: null } };
  });
  let made = 0;
  live.on('POST /api/v1/payouts/withdraw', ({ body }) => ({
    json: { withdrawal_id: `w${++made}`, address: current, status: 'completed', ...(body as object) },
  }));
  live.on('POST /api/v1/agents/login-link', { json: { url: 'https://portal/x', expires_at: 'soon' } });
  live.on('POST /api/v1/jobs', () => ({ json: { id: `job-${++made}`, status: 'bidding' } }));
  live.on('POST /api/v1/agents/keys/rotate', () => ({
    json: { api_key: `sk_live_rotated-${++made}-0123456789`, key_id: `k${made}`, message: 'x' },
  }));
  return live;
}

const setWallet = ({ client }: Session, address: string) =>
  client.run(setPayoutWallet, { slot: 'wallet', request: { body: { address } } });
const take = ({ client }: Session, amount_usdc: number, after?: string) =>
  client.run(withdraw, { slot: 'withdraw', request: { body: { amount_usdc } }, ...(after !== undefined && { after }) });

async function failing(promise: Promise<unknown>): Promise<SotaError> {
  const error = await promise.then(
    (value) => {
      throw new Error(`expected a refusal, got ${JSON.stringify(value)}`);
    },
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof SotaError)) throw error;
  return error;
}

/** The id of the question a call raised. */
async function question(promise: Promise<unknown>): Promise<string> {
  const error = await failing(promise);
  expect(error.message).toMatch(/^A human has to allow this first/);
  expect(error).toMatchObject({ code: 'needs_approval', outcome: 'needs_approval', recovery: { action: 'ask_human' } });
  return String(error.details?.request_id);
}

const deskOf = (stateDir: string, clock = systemClock): Approvals => createApprovals(stateDir, { clock });

test('what decides where money goes needs a human, and nothing leaves before', async () => {
  const live = await origin(THEIRS);
  const session = ownedSession(live, temporaryDirectory());
  const { client } = session;
  await question(setWallet(session, MINE));
  await question(client.run(clearPayoutWallet, { slot: 'wallet', request: {} }));
  await question(client.run(updateMe, { slot: 'profile', request: { body: { wallet_address: MINE } } }));
  await question(take(session, 1));
  await question(session.rotateKey());
  await question(client.run(createLoginLink, { slot: 'login_link', request: { body: {} } }));
  expect(live.mutations()).toEqual([]);
});

test('a question says what, where, for whom and why, and grants nothing by itself', async () => {
  const live = await origin();
  const stateDir = temporaryDirectory();
  const session = ownedSession(live, stateDir);
  const id = await question(setWallet(session, MINE));
  expect(await deskOf(stateDir).get(id)).toMatchObject({
    state: 'pending',
    operation: 'set_payout_wallet',
    origin: live.url,
    agentId: AGENT,
    what: 'set the payout wallet to GzGG sVSi T2aZ E97f Ez26 mQfs vJMe Z8oP 2CYP k8D9 ycJK',
  });
  // Asking again is the same question, and knowing its id is of no use.
  expect(await question(setWallet(session, MINE))).toBe(id);
  expect((await deskOf(stateDir).list()).map((one) => one.id)).toEqual([id]);
  expect(statSync(join(stateDir, 'approvals')).mode & 0o777).toBe(0o700);
  for (const name of readdirSync(join(stateDir, 'approvals'))) {
    expect(statSync(join(stateDir, 'approvals', name)).mode & 0o777).toBe(0o600);
  }
});

test('an approval lets exactly its call through, once', async () => {
  const live = await origin();
  const stateDir = temporaryDirectory();
  const session = ownedSession(live, stateDir);
  const id = await question(setWallet(session, MINE));
  await deskOf(stateDir).decide(id, 'approved', 'terminal');
  const other = await question(setWallet(session, THEIRS));
  expect(other).not.toBe(id);
  expect(live.mutations()).toEqual([]);
  expect(await setWallet(session, MINE)).toMatchObject({ outcome: 'done', data: { address: MINE } });
  expect((await deskOf(stateDir).get(id))?.state).toBe('used');
  // To the other one and back again is two new questions.
  await deskOf(stateDir).decide(other, 'approved', 'terminal');
  await setWallet(session, THEIRS);
  expect(await question(setWallet(session, MINE))).not.toBe(id);
  expect(live.to(WALLET).filter(({ method }) => method === 'PUT')).toHaveLength(2);
});

test('of one approval two processes get one effect', async () => {
  const live = await origin();
  const stateDir = temporaryDirectory();
  const settings = { SOTA_MAX_JOB_USDC: '1' };
  const sessions = [ownedSession(live, stateDir, settings), ownedSession(live, stateDir, settings)];
  const post = (session: Session, slot: string) =>
    session.client.run(createJob, { slot, request: { body: { description: 'same', budget_usdc: 5, tags: ['t'] } } });
  const id = await question(post(sessions[0]!, 'jobs/a'));
  await deskOf(stateDir).decide(id, 'approved', 'terminal');
  // Different slots, so that the journal sees two wishes where the human was asked about one.
  const results = await Promise.allSettled([post(sessions[0]!, 'jobs/a'), post(sessions[1]!, 'jobs/b')]);
  expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  expect(live.to('/api/v1/jobs').filter(({ method }) => method === 'POST')).toHaveLength(1);
});

test('an approval is over after an hour, and setting the clock back does not revive it', async () => {
  const live = await origin();
  const stateDir = temporaryDirectory();
  const clock = settableClock();
  const session = ownedSession(live, stateDir, {}, { clock });
  const desk = deskOf(stateDir, clock);
  const id = await question(setWallet(session, MINE));
  await desk.decide(id, 'approved', 'terminal');
  clock.forward(APPROVAL_MS);
  expect((await desk.get(id))?.state).toBe('expired');
  const second = await question(setWallet(session, MINE));
  expect(second).not.toBe(id);
  clock.forward(-2 * APPROVAL_MS);
  expect((await desk.get(id))?.state).toBe('expired');
  expect(live.mutations()).toEqual([]);
});

test('what a human rejected is not asked again at once', async () => {
  const live = await origin();
  const stateDir = temporaryDirectory();
  const clock = settableClock();
  const session = ownedSession(live, stateDir, {}, { clock });
  const id = await question(setWallet(session, MINE));
  await deskOf(stateDir, clock).decide(id, 'rejected', 'terminal');
  expect(await failing(setWallet(session, MINE))).toMatchObject({
    code: 'approval_declined',
    outcome: 'refused_by_policy',
  });
  expect(await deskOf(stateDir, clock).decide(id, 'approved', 'terminal')).toMatchObject({ state: 'rejected' });
  clock.forward(APPROVAL_MS);
  await question(setWallet(session, MINE));
});

test('an approval is for one agent at one marketplace', async () => {
  const [here, there] = [await origin(), await origin()];
  const stateDir = temporaryDirectory();
  const id = await question(setWallet(ownedSession(here, stateDir), MINE));
  await deskOf(stateDir).decide(id, 'approved', 'terminal');
  await question(setWallet(ownedSession(there, stateDir), MINE));
  here.on('GET /api/v1/agents/me', { json: { id: 'another', name: 'x', status: 'active' } });
  const another = ownedSession(here, stateDir, { SOTA_API_KEY: 'sk_live_another-agent-0123456789' });
  await question(setWallet(another, MINE));
  expect([...here.mutations(), ...there.mutations()]).toEqual([]);
});

test('a withdrawal goes unasked only to a wallet the owner vouched for', async () => {
  const live = await origin(THEIRS);
  const stateDir = temporaryDirectory();
  const session = ownedSession(live, stateDir);
  const id = await question(take(session, 1));
  expect((await deskOf(stateDir).get(id))?.what).toBe(
    'withdraw 1 USDC to 9xQe WvG8 16bU x9EP jHma T23y vVM2 ZWbr rpZb 9Pus VFin',
  );
  // Approved for that wallet; by the time it is used, another one is set.
  await deskOf(stateDir).decide(id, 'approved', 'terminal');
  live.on(`GET ${WALLET}`, { json: { address: MINE, updated_at: null } });
  expect(await question(take(session, 1))).not.toBe(id);
  expect(live.mutations()).toEqual([]);
  // The owner's own setting vouches, and so does an approval of the wallet itself.
  await take(ownedSession(live, temporaryDirectory(), { SOTA_PAYOUT_WALLET: MINE }), 1);
  const fresh = await origin();
  const set = await question(setWallet(session, MINE));
  await deskOf(stateDir).decide(set, 'approved', 'terminal');
  await setWallet(session, MINE);
  await take(session, 2);
  expect(live.to('/api/v1/payouts/withdraw').map(({ body }) => body)).toEqual([{ amount_usdc: 1 }, { amount_usdc: 2 }]);
  expect(fresh.mutations()).toEqual([]);
});

test('SOTA_PAYOUT_WALLET vouches for that wallet alone', async () => {
  const live = await origin();
  const session = ownedSession(live, temporaryDirectory(), { SOTA_PAYOUT_WALLET: MINE });
  expect(await setWallet(session, MINE)).toMatchObject({ outcome: 'done' });
  await question(setWallet(session, THEIRS));
  expect(live.mutations()).toHaveLength(1);
});

test('an address that is no wallet is refused before anybody is asked', async () => {
  const live = await origin();
  const stateDir = temporaryDirectory();
  const session = ownedSession(live, stateDir, { SOTA_CONFIRM: 'never' });
  const usdcMint = 'EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v';
  expect(await failing(setWallet(session, usdcMint))).toMatchObject({ code: 'invalid_wallet_address' });
  expect(live.mutations()).toEqual([]);
  expect(await deskOf(stateDir).list()).toEqual([]);
});

test('never: everything within the limits goes unasked', async () => {
  const live = await origin();
  const session = ownedSession(live, temporaryDirectory(), { SOTA_CONFIRM: 'never' });
  await setWallet(session, MINE);
  await take(session, 1);
  await session.client.run(createLoginLink, { slot: 'login_link', request: { body: {} } });
  expect(await session.rotateKey()).toMatchObject({ outcome: 'done' });
  expect(live.mutations()).toHaveLength(4);
});

test('an approval covers the repeat of its call after a lost answer, and no second call', async () => {
  const live = await origin(MINE);
  const stateDir = temporaryDirectory();
  const session = ownedSession(live, stateDir, { SOTA_CONFIRM: 'always' });
  const id = await question(take(session, 3));
  await deskOf(stateDir).decide(id, 'approved', 'terminal');
  live.on('POST /api/v1/payouts/withdraw', 'reset');
  expect((await failing(take(session, 3))).outcome).toBe('unknown');
  live.on('POST /api/v1/payouts/withdraw', {
    json: { withdrawal_id: 'w1', address: MINE, amount_usdc: 3, status: 'completed' },
  });
  const restarted = ownedSession(live, stateDir, { SOTA_CONFIRM: 'always' });
  expect(await take(restarted, 3)).toMatchObject({ outcome: 'done' });
  await question(take(restarted, 3, 'w1'));
  const keys = new Set(live.to('/api/v1/payouts/withdraw').map(({ headers }) => headers['idempotency-key']));
  expect(keys.size).toBe(1);
});

test('what was allowed and left open is ended by the next start without asking anybody again', async () => {
  const live = await origin(MINE);
  const stateDir = temporaryDirectory();
  const always = { SOTA_CONFIRM: 'always' };
  const session = ownedSession(live, stateDir, always);
  const id = await question(take(session, 3));
  await deskOf(stateDir).decide(id, 'approved', 'terminal');
  live.on('POST /api/v1/payouts/withdraw', 'reset');
  await failing(take(session, 3));
  const lost = live.to('/api/v1/payouts/withdraw').length;
  const json = { withdrawal_id: 'w1', address: MINE, amount_usdc: 3, status: 'completed' };
  live.on('POST /api/v1/payouts/withdraw', { json });
  const restarted = ownedSession(live, stateDir, always);
  await restarted.recover();
  expect(live.to('/api/v1/payouts/withdraw')).toHaveLength(lost + 1);
  expect((await deskOf(stateDir).list()).map(({ state }) => state)).toEqual(['used']);
  // Nobody has seen what came of it: the caller that asks again is told, and nothing more is sent.
  expect(await take(restarted, 3)).toMatchObject({ outcome: 'replayed', data: { withdrawal_id: 'w1' } });
  expect(live.to('/api/v1/payouts/withdraw')).toHaveLength(lost + 1);
});

test('a rotation a human has not allowed leaves nothing to be resumed', async () => {
  const live = await origin();
  const stateDir = temporaryDirectory();
  const session = ownedSession(live, stateDir);
  const id = await question(session.rotateKey());
  await session.client.call(updateMe, { body: { description: 'x' } }).catch(() => undefined);
  await ownedSession(live, stateDir).recover();
  expect(live.to('/api/v1/agents/keys/rotate')).toEqual([]);
  await deskOf(stateDir).decide(id, 'approved', 'terminal');
  expect(await session.rotateKey()).toMatchObject({ outcome: 'done' });
});

test('nobody is buried in questions', async () => {
  const live = await origin();
  const session = ownedSession(live, temporaryDirectory(), { SOTA_MAX_JOB_USDC: '0' });
  const post = (at: number) =>
    session.client.run(createJob, {
      slot: 'jobs/create',
      request: { body: { description: `job ${at}`, budget_usdc: 1, tags: ['t'] } },
    });
  for (let at = 0; at < 20; at++) await question(post(at));
  expect(await failing(post(20))).toMatchObject({ code: 'too_many_questions', outcome: 'refused_by_policy' });
  await question(post(7));
});

test('words of strangers in a question are cleaned and cut', async () => {
  const live = await origin();
  const session = ownedSession(live, temporaryDirectory(), { SOTA_MAX_JOB_USDC: '0' });
  const title = `a\u001b[2Kb\u202ec\nAllow this agent to do nothing?${'x'.repeat(100)}`;
  const error = await failing(
    session.client.run(createJob, {
      slot: 'jobs/create',
      request: { body: { title, description: 'd', budget_usdc: 1, tags: ['t'] } },
    }),
  );
  const what = String(error.details?.what);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must be gone
  expect(what).not.toMatch(/[\u0000-\u001f\u202e]/);
  expect(what.length).toBeLessThan(220);
  expect(what).toContain('with a budget of 1 USDC');
});

test('the owner is told of a new question, by web and by command, and is told no secret', async () => {
  const bodies: string[] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    bodies.push(body);
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const live = await origin();
  const stateDir = temporaryDirectory();
  const file = join(stateDir, 'told');
  const session = ownedSession(live, stateDir, {
    SOTA_NOTIFY_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    SOTA_NOTIFY_COMMAND: `cat > '${file}'; env >> '${file}'`,
  });
  const id = await question(setWallet(session, MINE));
  await question(setWallet(session, MINE));
  await vi.waitFor(() => expect(bodies).toHaveLength(1));
  await vi.waitFor(() => expect(readFileSync(file, 'utf8')).toContain('PATH='));
  expect(JSON.parse(bodies[0]!)).toMatchObject({
    event: 'approval_requested',
    request_id: id,
    approve_with: `sota-mcp approvals approve ${id}`,
  });
  const told = bodies.join() + readFileSync(file, 'utf8');
  expect(told).toContain(id);
  expect(told).not.toContain(KEY);
  expect(told).not.toContain('SOTA_API_KEY');
});

test('a notification that fails changes nothing', async () => {
  const live = await origin();
  const session = ownedSession(live, temporaryDirectory(), {
    SOTA_NOTIFY_URL: 'http://127.0.0.1:9/',
    SOTA_NOTIFY_COMMAND: 'exit 3',
  });
  await question(setWallet(session, MINE));
  await vi.waitFor(() =>
    expect(session.lines.join('')).toMatch(
      /SOTA_NOTIFY_URL[\s\S]*SOTA_NOTIFY_COMMAND|SOTA_NOTIFY_COMMAND[\s\S]*SOTA_NOTIFY_URL/,
    ),
  );
});

test('an answer on disk that cannot be read is no approval', async () => {
  const live = await origin();
  const stateDir = temporaryDirectory();
  const session = ownedSession(live, stateDir);
  const id = await question(setWallet(session, MINE));
  writeFileSync(join(stateDir, 'approvals', `${id}.decision.json`), '{"decision":"appro');
  expect((await failing(setWallet(session, MINE))).code).toBe('approval_declined');
  expect(live.mutations()).toEqual([]);
});

test('the PIN is kept as a hash, is compared, and cannot be guessed at will', async () => {
  const stateDir = temporaryDirectory();
  const clock = settableClock();
  const pin = createOwnerPin(stateDir, { clock });
  expect(await pin.isSet()).toBe(false);
  expect(await pin.check('')).toBe('wrong');
  await expect(pin.set('123')).rejects.toThrow(/4 to 64/);
  await pin.set('correct horse');
  expect(await pin.isSet()).toBe(true);
  const path = join(stateDir, 'owner-pin.json');
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(readFileSync(path, 'utf8')).not.toContain('correct');
  expect(await pin.check('correct horse')).toBe('right');
  for (let at = 0; at < 5; at++) expect(await pin.check('wrong')).toBe('wrong');
  expect(await pin.check('correct horse')).toBe('locked');
  clock.forward(16 * 60_000);
  expect(await pin.check('correct horse')).toBe('right');
});
