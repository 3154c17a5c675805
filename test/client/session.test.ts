import { chmodSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { createCredentialsStore, type StoredAgent } from '#client/credentials.ts';
import { createSession, type SessionOptions } from '#client/session.ts';
import { SotaError } from '#contract/errors/sota-error.ts';
import { createLogger } from '#kit/log.ts';
import { createRedactor } from '#kit/redact.ts';
import { type Action, type FakeOrigin, fakeOrigin, type Received, refusal } from '../support/fake-origin.ts';
import { fastProfiles } from '../support/fast-profiles.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const REGISTER = '/api/v1/agents/register/simple';
const ROTATE = '/api/v1/agents/keys/rotate';
const BEAT = '/api/v1/agents/heartbeat';
const ENV_KEY = 'sk_live_environment012345';
const ARGS = { email: 'me@example.com', name: 'worker', clusters: ['code'], tags: ['code-review'] };

const credentials = (suffix = '1') => ({
  json: {
    agent_id: `agent-${suffix}`,
    api_key: `sk_live_canary-key-${suffix}-0123456789`,
    webhook_secret: `whsec_canary-webhook-${suffix}`,
    recovery_token: `rec_canary-recovery-${suffix}`,
    user_id: 'user-1',
    status: 'sandbox',
  },
});
const rotated = (suffix = '2') => ({
  json: { api_key: `sk_live_canary-key-${suffix}-0123456789`, key_id: `k${suffix}`, message: 'x' },
});

function open(origin: FakeOrigin, options: Partial<SessionOptions> & { stateDir: string }) {
  const lines: string[] = [];
  const session = createSession({
    originProvider: async () => origin.url,
    local: false,
    profiles: fastProfiles,
    redactor: createRedactor(),
    log: createLogger({ level: 'debug', write: (line) => lines.push(line) }),
    ...options,
    env: { SOTA_CONFIRM: 'never', ...options.env },
  });
  onTestFinished(() => session.close(0));
  return Object.assign(session, { lines });
}

async function failing(promise: Promise<unknown>): Promise<SotaError> {
  const error = await promise.then(
    (value) => {
      throw new Error(`expected an error, got ${JSON.stringify(value)}`);
    },
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof SotaError)) throw error;
  return error;
}

const fileOf = (stateDir: string) => join(stateDir, 'credentials.json');
const stored = (stateDir: string, id: string): StoredAgent =>
  JSON.parse(readFileSync(fileOf(stateDir), 'utf8')).agents[id];
const keysSentTo = (origin: FakeOrigin, path: string) => origin.to(path).map(({ headers }) => headers['x-api-key']);
const idempotencyKeys = (origin: FakeOrigin, path: string) =>
  origin.to(path).map(({ headers }) => headers['idempotency-key']);

test('registering stores everything for the owner alone and gives nothing secret away', async () => {
  const stateDir = join(temporaryDirectory(), 'mcp');
  const origin = (await fakeOrigin())
    .on(`POST ${REGISTER}`, credentials())
    .on(`POST ${BEAT}`, { json: { status: 'ok' } });
  const session = open(origin, { stateDir });
  const settled = await session.register(ARGS);
  expect(settled).toMatchObject({
    outcome: 'done',
    data: {
      identity: { agentId: 'agent-1', name: 'worker', keySource: 'registered' },
      status: 'sandbox',
      storedAt: fileOf(stateDir),
    },
  });
  const agent = stored(stateDir, origin.url);
  expect(agent).toMatchObject({ ...ARGS_STORED, agent_id: 'agent-1', api_key: credentials().json.api_key });
  expect(agent.password).toBe((origin.to(REGISTER)[0]!.body as { password: string }).password);
  expect([statSync(stateDir).mode & 0o777, statSync(fileOf(stateDir)).mode & 0o777]).toEqual([0o700, 0o600]);
  await session.beat();
  expect(keysSentTo(origin, BEAT)).toEqual([credentials().json.api_key]);
  const shown = JSON.stringify([settled, await session.identify(), session.known()]) + session.lines.join('');
  for (const secret of [agent.api_key, agent.webhook_secret, agent.recovery_token, agent.password]) {
    expect(shown).not.toContain(secret);
  }
});
const ARGS_STORED = { email: ARGS.email, name: ARGS.name };

test('without a key nothing is sent, and the error says how to get one', async () => {
  const origin = await fakeOrigin();
  const stateDir = temporaryDirectory();
  const session = open(origin, { stateDir, env: { SOTA_API_KEY: '$' + '{SOTA_API_KEY}' } });
  expect(session.known()).toBeUndefined();
  expect(session.keyProblem()?.message).toContain('$' + '{SOTA_API_KEY}');
  for (const call of [session.identify(), session.beat(), session.rotateKey()]) {
    expect(await failing(call)).toMatchObject({ code: 'no_api_key', outcome: 'rejected' });
  }
  expect(origin.received).toEqual([]);
  expect(readdirSync(stateDir)).toEqual([]);
});

test('a key from the environment wins over the stored one, and its owner is asked for once', async () => {
  const stateDir = temporaryDirectory();
  const origin = (await fakeOrigin()).on(`POST ${REGISTER}`, credentials());
  await open(origin, { stateDir }).register(ARGS);
  origin.on('GET /api/v1/agents/me', { json: { id: 'agent-env', name: 'env' } });
  const session = open(origin, { stateDir, env: { SOTA_API_KEY: ENV_KEY }, originId: origin.url });
  expect(session.known()).toEqual({ keySource: 'environment', keyPrefix: 'sk_live_envi…' });
  const identity = { agentId: 'agent-env', name: 'env', keySource: 'environment', keyPrefix: 'sk_live_envi…' };
  expect(await session.identify()).toEqual(identity);
  expect(await session.identify()).toEqual(identity);
  expect(session.known()).toEqual(identity);
  expect(keysSentTo(origin, '/api/v1/agents/me')).toEqual([ENV_KEY]);
});

test('a lost answer to a registration is asked for again, after a restart too, and makes one agent', async () => {
  const stateDir = temporaryDirectory();
  const origin = (await fakeOrigin()).on(`POST ${REGISTER}`, 'reset');
  expect(await failing(open(origin, { stateDir }).register(ARGS))).toMatchObject({ outcome: 'unknown' });
  origin.on(`POST ${REGISTER}`, { ...credentials(), headers: { 'Idempotent-Replayed': 'true' } });
  expect(await open(origin, { stateDir }).register(ARGS)).toMatchObject({ outcome: 'replayed' });
  expect(new Set(idempotencyKeys(origin, REGISTER)).size).toBe(1);
  expect(new Set(origin.to(REGISTER).map(({ body }) => JSON.stringify(body))).size).toBe(1);
  expect(stored(stateDir, origin.url)).not.toHaveProperty('registration');
});

test('an unanswered registration is settled before another one, and the other is not sent', async () => {
  const stateDir = temporaryDirectory();
  const origin = (await fakeOrigin()).on(`POST ${REGISTER}`, 'reset');
  await failing(open(origin, { stateDir }).register(ARGS));
  origin.on(`POST ${REGISTER}`, credentials());
  const settled = await open(origin, { stateDir }).register({ ...ARGS, name: 'another' });
  expect(settled).toMatchObject({ outcome: 'previous_resolved', data: { identity: { name: 'worker' } } });
  expect(origin.to(REGISTER).every(({ body }) => (body as { agent_name: string }).agent_name === 'worker')).toBe(true);
});

test('a refused registration leaves nothing behind, and the next may differ', async () => {
  const stateDir = temporaryDirectory();
  const origin = (await fakeOrigin()).on(`POST ${REGISTER}`, refusal(409, 'agent_name_taken'), credentials());
  const session = open(origin, { stateDir });
  expect(await failing(session.register(ARGS))).toMatchObject({ code: 'agent_name_taken', outcome: 'rejected' });
  expect(stored(stateDir, origin.url)).toBeUndefined();
  expect(await session.register({ ...ARGS, name: 'another' })).toMatchObject({ outcome: 'done' });
});

test('where the key is not honoured, a taken name after a lost answer is not refused but explained', async () => {
  const stateDir = temporaryDirectory();
  const origin = (await fakeOrigin()).on(`POST ${REGISTER}`, 'reset', refusal(409, 'agent_name_taken'));
  expect(await failing(open(origin, { stateDir }).register(ARGS))).toMatchObject({
    code: 'registration_unresolved',
    outcome: 'unknown',
  });
  expect(stored(stateDir, origin.url).registration?.password).toBe(
    (origin.to(REGISTER)[0]!.body as { password: string }).password,
  );
});

test('registering again is answered from memory, registering someone else is refused', async () => {
  const origin = (await fakeOrigin()).on(`POST ${REGISTER}`, credentials());
  origin.on('GET /api/v1/agents/me', { json: { id: 'agent-1', name: 'worker', status: 'active' } });
  const session = open(origin, { stateDir: temporaryDirectory() });
  await session.register(ARGS);
  expect(await session.register(ARGS)).toMatchObject({ outcome: 'replayed', data: { status: 'active' } });
  expect(await failing(session.register({ ...ARGS, name: 'another' }))).toMatchObject({ code: 'already_registered' });
  expect(origin.to(REGISTER)).toHaveLength(1);
});

test('sessions that register at the same time make one agent', async () => {
  const stateDir = temporaryDirectory();
  const origin = (await fakeOrigin()).on(`POST ${REGISTER}`, credentials('1'), credentials('2'));
  origin.on('GET /api/v1/agents/me', { json: { id: 'agent-1', name: 'worker', status: 'sandbox' } });
  const sessions = [open(origin, { stateDir }), open(origin, { stateDir })];
  const settled = await Promise.all(sessions.flatMap((session) => [session.register(ARGS), session.register(ARGS)]));
  expect(new Set(settled.map(({ data }) => data.identity.agentId))).toEqual(new Set(['agent-1']));
  expect(origin.to(REGISTER)).toHaveLength(1);
});

test('a caller that stops waiting does not lose the credentials', async () => {
  const stateDir = temporaryDirectory();
  let answer: (reply: ReturnType<typeof credentials>) => void = () => undefined;
  const held = new Promise<ReturnType<typeof credentials>>((resolve) => {
    answer = resolve;
  });
  const origin = (await fakeOrigin()).on(`POST ${REGISTER}`, held);
  const session = open(origin, { stateDir });
  const controller = new AbortController();
  const call = failing(session.register(ARGS, { signal: controller.signal }));
  await vi.waitFor(() => expect(origin.received).toHaveLength(1));
  controller.abort();
  expect(await call).toMatchObject({ code: 'cancelled', outcome: 'unknown' });
  answer(credentials());
  await session.close(5_000);
  expect(stored(stateDir, origin.url)).toMatchObject({ api_key: credentials().json.api_key });
});

test('nothing is registered where its secrets could not be kept', async () => {
  const stateDir = temporaryDirectory();
  writeFileSync(fileOf(stateDir), 'not ours');
  const origin = (await fakeOrigin()).on(`POST ${REGISTER}`, credentials());
  expect(await failing(open(origin, { stateDir }).register(ARGS))).toMatchObject({ code: 'cannot_store_credentials' });
  expect(origin.received).toEqual([]);
  expect(readFileSync(fileOf(stateDir), 'utf8')).toBe('not ours');
});

test('rotating stores the new key, uses it at once, and recognises the old one in the environment', async () => {
  const stateDir = temporaryDirectory();
  const origin = (await fakeOrigin()).on(`POST ${ROTATE}`, rotated()).on(`POST ${BEAT}`, { json: { status: 'ok' } });
  origin.on('GET /api/v1/agents/me', { json: { id: 'agent-env', name: 'env' } });
  const first = open(origin, { stateDir, env: { SOTA_API_KEY: ENV_KEY } });
  const settled = await first.rotateKey();
  expect(settled).toEqual({
    outcome: 'done',
    attempts: 1,
    data: { key_id: 'k2', keyPrefix: 'sk_live_cana…', storedAt: fileOf(stateDir) },
  });
  await first.beat();
  const second = open(origin, { stateDir, env: { SOTA_API_KEY: ENV_KEY } });
  await second.beat();
  await second.beat();
  expect(keysSentTo(origin, BEAT)).toEqual(Array(3).fill(rotated().json.api_key));
  expect(second.lines.filter((line) => line.includes('was rotated'))).toHaveLength(1);
  expect(readFileSync(fileOf(stateDir), 'utf8')).not.toContain(ENV_KEY);
  // A key nobody here has seen is a decision of the owner.
  const third = open(origin, { stateDir, env: { SOTA_API_KEY: 'sk_live_fresh-from-owner-01' } });
  await third.beat();
  expect(keysSentTo(origin, BEAT).at(-1)).toBe('sk_live_fresh-from-owner-01');
});

test('a rotation whose answer was lost is ended with the same key by the next process', async () => {
  const stateDir = temporaryDirectory();
  const origin = (await fakeOrigin()).on(`POST ${REGISTER}`, credentials()).on(`POST ${ROTATE}`, 'reset');
  origin.on(`POST ${BEAT}`, { json: { status: 'ok' } });
  const before = open(origin, { stateDir });
  await before.register(ARGS);
  expect(await failing(before.rotateKey())).toMatchObject({ outcome: 'unknown' });
  origin.on(`POST ${ROTATE}`, { ...rotated(), headers: { 'Idempotent-Replayed': 'true' } });
  await open(origin, { stateDir }).beat();
  expect(new Set(idempotencyKeys(origin, ROTATE)).size).toBe(1);
  expect(keysSentTo(origin, BEAT)).toEqual([rotated().json.api_key]);
  // The process that lost it learns from the file.
  await before.beat();
  expect(keysSentTo(origin, BEAT).at(-1)).toBe(rotated().json.api_key);
});

test('a rotation that was ended in the background is given to whoever asks for it, during and after', async () => {
  const stateDir = temporaryDirectory();
  const origin = (await fakeOrigin()).on(`POST ${REGISTER}`, credentials()).on(`POST ${ROTATE}`, 'reset');
  origin.on(`POST ${BEAT}`, { json: { status: 'ok' } });
  const before = open(origin, { stateDir });
  await before.register(ARGS);
  await failing(before.rotateKey());
  const lost = origin.to(ROTATE).length;
  let arrive: (reply: Action) => void = () => {};
  origin.on(`POST ${ROTATE}`, new Promise<Action>((resolve) => (arrive = resolve)), rotated('3'));

  const next = open(origin, { stateDir });
  const recovery = next.recover();
  await vi.waitFor(() => expect(origin.to(ROTATE)).toHaveLength(lost + 1), { timeout: 20_000 });
  // Not one of these is seen by anybody.
  const during = next.rotateKey({ onUnseen: () => {} });
  arrive(rotated('2'));
  await recovery;
  expect(await during).toMatchObject({ outcome: 'replayed', data: { key_id: 'k2' } });
  const marks: (() => Promise<void>)[] = [];
  const after = open(origin, { stateDir });
  await after.recover();
  expect(await after.rotateKey({ onUnseen: (mark) => void marks.push(mark) })).toMatchObject({
    outcome: 'replayed',
    data: { key_id: 'k2' },
    recovery: { action: 'repeat_with_after', after: 'k2' },
  });
  expect(origin.to(ROTATE)).toHaveLength(lost + 1);
  for (const mark of marks) await mark();
  await expect(after.rotateKey()).rejects.toMatchObject({ outcome: 'possible_duplicate' });
  expect(await after.rotateKey({ after: 'k2' })).toMatchObject({ outcome: 'done', data: { key_id: 'k3' } });
});

test('a refused rotation is over: nobody tries it again by himself', async () => {
  const stateDir = temporaryDirectory();
  const origin = (await fakeOrigin())
    .on(`POST ${REGISTER}`, credentials())
    .on(`POST ${BEAT}`, { json: { status: 'ok' } });
  origin.on(`POST ${ROTATE}`, { status: 429, headers: { 'retry-after': '60' } });
  const session = open(origin, { stateDir });
  await session.register(ARGS);
  expect(await failing(session.rotateKey())).toMatchObject({ code: 'rate_limited' });
  await open(origin, { stateDir }).beat();
  expect(origin.to(ROTATE)).toHaveLength(1);
});

test('a key rotated by another process is picked up, from the file or after a 401', async () => {
  const stateDir = temporaryDirectory();
  const valid = { key: credentials().json.api_key };
  const check = (request: Received) =>
    request.headers['x-api-key'] === valid.key ? { json: { status: 'ok' } } : refusal(401, 'api_key_revoked');
  const origin = (await fakeOrigin()).on(`POST ${REGISTER}`, credentials()).on(`POST ${BEAT}`, check);
  const one = open(origin, { stateDir });
  const two = open(origin, { stateDir });
  await one.register(ARGS);
  await two.beat();
  origin.on(`POST ${ROTATE}`, () => {
    valid.key = rotated().json.api_key;
    return rotated();
  });
  await one.rotateKey();
  await two.beat();
  expect(keysSentTo(origin, BEAT)).toEqual([credentials().json.api_key, rotated().json.api_key]);

  // Rotated while a request of ours was on its way.
  valid.key = 'sk_live_canary-key-3-0123456789';
  const store = createCredentialsStore(stateDir, createLogger({ level: 'silent' }));
  origin.on(
    `POST ${BEAT}`,
    async (request) => {
      await store.update(origin.url, (agent) => ({ ...agent, api_key: valid.key }));
      return check(request);
    },
    check,
  );
  await two.beat();
  expect(keysSentTo(origin, BEAT).slice(-2)).toEqual([rotated().json.api_key, valid.key]);
});

test('a key that is refused for good is said to be refused, and where it came from', async () => {
  const origin = (await fakeOrigin()).on(`POST ${BEAT}`, refusal(401, 'invalid_api_key'));
  const error = await failing(open(origin, { stateDir: temporaryDirectory(), env: { SOTA_API_KEY: ENV_KEY } }).beat());
  expect(error).toMatchObject({ code: 'invalid_api_key', httpStatus: 401, outcome: 'rejected' });
  expect(error.message).toContain('from SOTA_API_KEY');
  expect(origin.received).toHaveLength(1);
});

const local = { local: true, originId: 'local:/data' };

test('a local marketplace gets an agent on first use, the same one under another port', async () => {
  const stateDir = temporaryDirectory();
  const origin = (await fakeOrigin())
    .on(`POST ${REGISTER}`, credentials())
    .on(`POST ${BEAT}`, { json: { status: 'ok' } });
  // A key of the real marketplace is not shown to a local one.
  const session = open(origin, { stateDir, ...local, env: { SOTA_API_KEY: ENV_KEY } });
  expect(session.known()).toBeUndefined();
  expect(session.keyProblem()).toBeUndefined();
  expect(await session.identify()).toMatchObject({ agentId: 'agent-1', name: 'local-agent' });
  expect(origin.to(REGISTER)[0]!.body).toMatchObject({
    email: 'agent@local.invalid',
    clusters: ['code', 'text'],
    tags: ['code-review', 'summarization'],
  });
  const moved = (await fakeOrigin()).on(`POST ${BEAT}`, { json: { status: 'ok' } });
  await open(moved, { stateDir, ...local }).beat();
  expect(keysSentTo(moved, BEAT)).toEqual([credentials().json.api_key]);
  expect(JSON.stringify(origin.received)).not.toContain(ENV_KEY);
});

test('the first two calls at once register one local agent', async () => {
  const origin = (await fakeOrigin())
    .on(`POST ${REGISTER}`, credentials())
    .on(`POST ${BEAT}`, { json: { status: 'ok' } });
  const session = open(origin, { stateDir: temporaryDirectory(), ...local });
  await Promise.all([session.beat(), session.identify(), session.beat()]);
  expect(origin.to(REGISTER)).toHaveLength(1);
});

test('after the local marketplace was wiped a new agent takes the place of the old one', async () => {
  const stateDir = temporaryDirectory();
  const origin = (await fakeOrigin()).on(`POST ${REGISTER}`, credentials('1'), credentials('2'));
  origin.on(`POST ${BEAT}`, ({ headers }) =>
    headers['x-api-key'] === credentials('2').json.api_key
      ? { json: { status: 'ok' } }
      : refusal(401, 'invalid_api_key'),
  );
  const sessions = [open(origin, { stateDir, ...local }), open(origin, { stateDir, ...local })];
  await Promise.all(sessions.map((session) => session.beat()));
  expect(origin.to(REGISTER)).toHaveLength(2);
  expect(stored(stateDir, 'local:/data').agent_id).toBe('agent-2');
});

test('credentials written at the same time are all kept, one agent per marketplace', async () => {
  const stateDir = temporaryDirectory();
  const log = createLogger({ level: 'silent' });
  const stores = Array.from({ length: 6 }, () => createCredentialsStore(stateDir, log));
  await Promise.all(stores.map((store, i) => store.update(`https://m${i}.example`, () => ({ agent_id: `a${i}` }))));
  expect(stores.map((_, i) => stores[0]!.get(`https://m${i}.example`)?.agent_id)).toEqual([
    'a0',
    'a1',
    'a2',
    'a3',
    'a4',
    'a5',
  ]);
});

test('a credentials file that was left readable is closed again, one that disappears is no agent', async () => {
  const stateDir = temporaryDirectory();
  const store = createCredentialsStore(stateDir, createLogger({ level: 'silent' }));
  await store.update('https://m.example', () => ({ agent_id: 'a' }));
  chmodSync(fileOf(stateDir), 0o644);
  await store.update('https://m.example', (agent) => ({ ...agent, name: 'n' }));
  expect(statSync(fileOf(stateDir)).mode & 0o777).toBe(0o600);
  rmSync(fileOf(stateDir));
  expect(store.get('https://m.example')).toBeUndefined();
});

test('the heartbeat waits for a key, beats with it, and stops when it is refused', async () => {
  const stateDir = temporaryDirectory();
  const origin = (await fakeOrigin()).on(`POST ${REGISTER}`, credentials());
  origin.on(`POST ${BEAT}`, { json: { status: 'ok' } });
  const session = open(origin, { stateDir });
  expect(session.heartbeat()).toEqual({ running: false, consecutiveFailures: 0 });
  session.startHeartbeat();
  session.startHeartbeat();
  expect(session.heartbeat().running).toBe(true);
  await session.register(ARGS);
  await vi.waitFor(() => expect(session.heartbeat().lastSuccessAt).toBeDefined());
  expect(origin.to(BEAT)).toHaveLength(1);
});

test('processes that find the same open rotation end it once, and one that cannot be ended is tried once', async () => {
  const stateDir = temporaryDirectory();
  const origin = (await fakeOrigin()).on(`POST ${REGISTER}`, credentials()).on(`POST ${ROTATE}`, 'reset');
  origin.on(`POST ${BEAT}`, { json: { status: 'ok' } });
  const before = open(origin, { stateDir });
  await before.register(ARGS);
  await failing(before.rotateKey());
  const perRotation = origin.to(ROTATE).length;
  const stuck = open(origin, { stateDir });
  await stuck.beat();
  await stuck.beat();
  expect(origin.to(ROTATE)).toHaveLength(2 * perRotation);

  origin.on(`POST ${ROTATE}`, rotated('2'), rotated('3'));
  await Promise.all([open(origin, { stateDir }), open(origin, { stateDir })].map((session) => session.beat()));
  expect(origin.to(ROTATE)).toHaveLength(2 * perRotation + 1);
  expect(keysSentTo(origin, BEAT).slice(-2)).toEqual(Array(2).fill(rotated('2').json.api_key));
});
