import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readRealtimeToken } from '#market/rules/realtime-token.ts';
import { type HttpAnswer, http } from '../support/http.ts';
import { type ManualClock, manualClock, startTestMarket, type TestAgent, type TestMarket } from '../support/market.ts';

/** People: how they sign in, and what a signed-in owner can do. Time stands still unless moved. */
const PASSWORD = 'correct horse';
let clock: ManualClock;
let market: TestMarket;
beforeEach(async () => {
  clock = manualClock();
  market = await startTestMarket({ clock });
});
afterEach(async () => {
  expect(await market.violations()).toEqual([]);
  await market.close();
});

const call = (method: string, path: string, token?: string, body?: unknown, headers: Record<string, string> = {}) =>
  http(method, `${market.url}/api/v1/${path}`, {
    ...(body === undefined ? {} : { body }),
    headers: { ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }), ...headers },
  });
const form = (path: string, fields: Record<string, string>, cookie?: string) =>
  http('POST', `${market.url}${path}`, {
    text: new URLSearchParams(fields).toString(),
    headers: {
      'Content-Type': 'application/x-www-form-urlencoded',
      Origin: market.url,
      ...(cookie === undefined ? {} : { Cookie: cookie }),
    },
  });
const page = (path: string, cookie?: string) =>
  http('GET', path.startsWith('http') ? path : `${market.url}${path}`, {
    headers: cookie === undefined ? {} : { Cookie: cookie },
  });
const cookieOf = (answer: HttpAnswer) => answer.headers.get('set-cookie')?.split(';')[0] ?? '';
const refusal = (error: string) => ({ body: { detail: { error } } });

interface Device {
  readonly device_code: string;
  readonly user_code: string;
  readonly verify_url: string;
}
const startLogin = async (): Promise<Device> => (await call('POST', 'auth/device-code')).body;
const poll = (device: Device) => call('POST', 'auth/device-poll', undefined, { device_code: device.device_code });
const approve = (device: Device, email: string, password = PASSWORD) =>
  form('/verify', { code: device.user_code, decision: 'approve', email, password });

/** Signs an owner in the way the public SDKs do. */
async function signIn(email: string): Promise<{ token: string; userId: string; refresh: string }> {
  const device = await startLogin();
  await approve(device, email);
  const { body } = await poll(device);
  return { token: body.access_token, userId: body.user_id, refresh: body.refresh_token };
}
const signInOwnerOf = (agentName: string) => signIn(`${agentName}@example.test`);

describe('signing a program in', () => {
  it('waits for a person, then hands over tokens that work', async () => {
    const answer = await call('POST', 'auth/device-code');
    expect(answer.body).toMatchObject({ device_code: expect.any(String), expires_in: 900 });
    const device: Device = answer.body;
    expect(device.verify_url).toBe(`${market.url}/verify?code=${device.user_code}`);
    expect(await poll(device)).toMatchObject({ status: 200, body: { status: 'pending' } });

    const shown = await page(device.verify_url);
    expect(shown.body).toContain(device.user_code);
    expect(shown.body).not.toContain(device.device_code);
    expect((await approve(device, 'new@example.test')).body).toContain('signed in');

    const { status, body } = await poll(device);
    expect(status).toBe(200);
    expect(body).toMatchObject({ status: 'authorized', email: 'new@example.test', user_id: expect.any(String) });
    expect((await call('GET', 'agents', body.access_token)).body).toEqual({ agents: [], total: 0 });
  });

  it('gives the same tokens again to a device whose answer was lost', async () => {
    const device = await startLogin();
    await approve(device, 'new@example.test');
    expect((await poll(device)).body).toEqual((await poll(device)).body);
  });

  it('knows a registered owner by the password, and says so on the page where it is wrong', async () => {
    const { id } = await market.agent('worker');
    const device = await startLogin();
    const wrong = await approve(device, 'worker@example.test', 'another one');
    expect(wrong).toMatchObject({ status: 401, body: expect.stringContaining('another password') });
    expect((await poll(device)).body).toEqual({ status: 'pending' });
    await approve(device, 'Worker@Example.test');
    const { body } = await poll(device);
    expect((await call('GET', 'agents', body.access_token)).body.agents).toMatchObject([{ id, name: 'worker' }]);
  });

  it.each([
    [{ email: 'nobody', password: PASSWORD }, 'e-mail address'],
    [{ email: 'a@example.test', password: 'short' }, '8 characters'],
    [{ email: '', password: '' }, 'e-mail address'],
  ])('asks again for %j', async (fields, words) => {
    const device = await startLogin();
    const answer = await form('/verify', { code: device.user_code, decision: 'approve', ...fields });
    expect(answer).toMatchObject({ status: 401, body: expect.stringContaining(words) });
    expect((await poll(device)).body).toEqual({ status: 'pending' });
  });

  it('can be denied, and a decision stands', async () => {
    const device = await startLogin();
    await form('/verify', { code: device.user_code, decision: 'deny' });
    expect(await poll(device)).toMatchObject({ status: 410, ...refusal('device_code_expired') });
    await approve(device, 'new@example.test');
    expect((await poll(device)).status).toBe(410);
  });

  it('ends after a quarter of an hour, and an unknown code never began', async () => {
    const device = await startLogin();
    clock.forward(15 * 60_000);
    expect((await approve(device, 'new@example.test')).status).toBe(404);
    expect(await poll(device)).toMatchObject({ status: 410, ...refusal('device_code_expired') });
    expect(await call('POST', 'auth/device-poll', undefined, { device_code: 'device_of_nobody' })).toMatchObject({
      status: 404,
      ...refusal('device_code_not_found'),
    });
  });

  it('can be approved by one who is signed in, with a token', async () => {
    const { token, userId } = await signIn('owner@example.test');
    for (const code of ['device_code', 'user_code'] as const) {
      const device = await startLogin();
      const verify = () => call('POST', 'auth/device-verify', token, { device_code: device[code] });
      expect((await verify()).body).toEqual({ status: 'authorized' });
      expect((await verify()).body).toEqual({ status: 'authorized' });
      expect((await poll(device)).body).toMatchObject({ user_id: userId });
    }
    expect(await call('POST', 'auth/device-verify', token, { device_code: 'XXXX' })).toMatchObject({ status: 404 });
  });

  it('is not the same code for the person and the program: the page’s address does not open the door', async () => {
    const device = await startLogin();
    await approve(device, 'new@example.test');
    const thief = await call('POST', 'auth/device-poll', undefined, { device_code: device.user_code });
    expect(thief).toMatchObject({ status: 404 });
  });

  it('the page finds a code typed by hand, and a stranger’s code shows nothing but the question', async () => {
    const device = await startLogin();
    const typed = device.user_code.replace('-', ' ').toLowerCase();
    expect((await page(`/verify?code=${encodeURIComponent(typed)}`)).body).toContain(device.user_code);
    const evil = await page(`/verify?code=${encodeURIComponent('"><script>alert(1)</script>')}`);
    expect(evil.body).not.toContain('<script>');
    expect((await page('/verify')).body).toContain('Code the program shows');
  });
});

describe('tokens', () => {
  it('are stored as hashes only', async () => {
    const { token, refresh } = await signIn('owner@example.test');
    for (const table of ['owner_tokens', 'device_codes', 'users'] as const) {
      const rows = JSON.stringify(await market.market.db.selectFrom(table).selectAll().execute());
      for (const secret of [token, refresh]) expect(rows).not.toContain(secret);
    }
  });

  it('expire after thirty days', async () => {
    const { token } = await signIn('owner@example.test');
    clock.forward(30 * 86_400_000 - 1);
    expect((await call('GET', 'agents', token)).status).toBe(200);
    clock.forward(1);
    expect(await call('GET', 'agents', token)).toMatchObject({ status: 401, ...refusal('invalid_token') });
  });

  it('are renewed once with the refresh token, which opens nothing else', async () => {
    const { refresh } = await signIn('owner@example.test');
    expect((await call('GET', 'agents', refresh)).status).toBe(401);
    const renew = (refresh_token: string) => http('POST', `${market.url}/login/refresh`, { body: { refresh_token } });
    const renewed = await renew(refresh);
    expect((await call('GET', 'agents', renewed.body.access_token)).status).toBe(200);
    expect(await renew(refresh)).toMatchObject({ status: 401, ...refusal('invalid_token') });
    expect((await renew(renewed.body.refresh_token)).status).toBe(200);
  });

  it.each([
    ['none', {}],
    ['an unknown one', { Authorization: 'Bearer owner_unknown' }],
    ['another scheme', { Authorization: 'Basic b3duZXI6cGFzcw==' }],
    ['an empty one', { Authorization: 'Bearer ' }],
  ])('%s: 401', async (_what, headers) => {
    expect(await call('GET', 'agents', undefined, undefined, headers)).toMatchObject({
      status: 401,
      ...refusal('invalid_token'),
    });
  });

  it('of an owner are no key of an agent, and the other way round', async () => {
    const agent = await market.agent('worker');
    const { token } = await signInOwnerOf('worker');
    expect(await call('GET', 'agents/me', token)).toMatchObject({ status: 401, ...refusal('missing_api_key') });
    expect((await http('GET', `${market.url}/api/v1/agents/me`, { key: token })).status).toBe(401);
    expect((await call('GET', 'agents', agent.key)).status).toBe(401);
  });
});

describe('links that sign in', () => {
  it('by mail: the letter is in the outbox, works once, and nobody learns which addresses are known', async () => {
    await market.agent('worker');
    const ask = (email: string) => call('POST', 'auth/magic-link', undefined, { email });
    expect((await ask('worker@example.test')).body).toEqual({ sent: true });
    expect((await ask('stranger@example.test')).body).toEqual({ sent: true });
    const { mails } = (await market.local('GET', '/_local/outbox')).body;
    expect(mails).toMatchObject([{ to: 'worker@example.test' }]);
    const [link] = mails[0].body.match(/http:\S+/);
    expect((await page('/_local/outbox/page')).body).toContain(`href="${link}"`);

    expect((await page(link)).body).toContain('Sign in as worker@example.test');
    const used = await http('POST', link);
    expect(used.body).toContain('You are signed in as worker@example.test');
    expect((await http('POST', link)).body).toContain('no longer works');
  });

  it('end after a quarter of an hour, and their letters with them', async () => {
    await market.agent('worker');
    await call('POST', 'auth/magic-link', undefined, { email: 'worker@example.test' });
    const [link] = (await market.local('GET', '/_local/outbox')).body.mails[0].body.match(/http:\S+/);
    clock.forward(15 * 60_000);
    expect((await http('POST', link)).body).toContain('no longer works');
    expect((await market.local('GET', '/_local/outbox')).body.mails).toEqual([]);
  });

  it('from the agent start a session: a cookie that the pages know and the API does not', async () => {
    const agent = await market.agent('worker');
    const { url } = (await agent.call('POST', 'agents/login-link')).body;
    const signedIn = await http('POST', url);
    const set = signedIn.headers.get('set-cookie') ?? '';
    expect(set).toMatch(/HttpOnly/);
    expect(set).toMatch(/SameSite=Strict/);
    const cookie = cookieOf(signedIn);
    expect((await page('/owner', cookie)).body).toContain(agent.id);
    expect((await call('GET', 'agents', undefined, undefined, { Cookie: cookie })).status).toBe(401);

    const device = await startLogin();
    expect((await page(device.verify_url, cookie)).body).toContain('signed in as <b>worker@example.test</b>');
    await form('/verify', { code: device.user_code, decision: 'approve' }, cookie);
    expect((await poll(device)).body).toMatchObject({ status: 'authorized', email: 'worker@example.test' });

    await form('/owner/sign-out', {}, cookie);
    expect((await page('/owner', cookie)).body).toContain('not signed in');
    expect((await page('/owner')).body).toContain('not signed in');
  });
});

describe('an owner', () => {
  it('registers further agents, under the rules of the first', async () => {
    const { token, userId } = await signIn('owner@example.test');
    const body = {
      name: 'second',
      capabilities: ['code-review'],
      description: 'd',
      wallet_address: null,
      min_fee: 1.0,
    };
    const created = await call('POST', 'agents/register', token, { ...body, wallet_address: undefined });
    expect(created).toMatchObject({
      status: 200,
      body: {
        agent_id: expect.any(String),
        api_key: expect.stringMatching(/^sk_live_/),
        webhook_secret: expect.stringMatching(/^whsec_/),
        recovery_token: expect.stringMatching(/^rec_/),
        status: 'sandbox',
        user_id: userId,
        message: expect.any(String),
      },
    });
    const me = await http('GET', `${market.url}/api/v1/agents/me`, { key: created.body.api_key });
    expect(me.body).toMatchObject({ id: created.body.agent_id, name: 'second', description: 'd' });
    const twin = await call('POST', 'agents/register', token, { name: 'Second', capabilities: ['code-review'] });
    expect(twin).toMatchObject({ status: 409, ...refusal('agent_name_taken') });
    const unknown = await call('POST', 'agents/register', token, { name: 'third', capabilities: ['cod-review'] });
    expect(unknown).toMatchObject({ status: 400, ...refusal('unsupported_capabilities') });
  });

  it('registers once under one Idempotency-Key, and nobody else under it gets the answer', async () => {
    const mine = await signIn('owner@example.test');
    const other = await signIn('other@example.test');
    const register = (token: string) =>
      call('POST', 'agents/register', token, { name: 'a', capabilities: ['code-review'] }, { 'Idempotency-Key': 'k' });
    const first = await register(mine.token);
    expect((await register(mine.token)).body).toEqual(first.body);
    expect((await register(other.token)).body.agent_id).not.toBe(first.body.agent_id);
    expect((await call('GET', 'agents', mine.token)).body.total).toBe(1);
  });

  it('lists its agents, filtered by status, deleted ones on demand', async () => {
    const active = await market.agent('worker');
    const { token } = await signInOwnerOf('worker');
    const { body } = await call('POST', 'agents/register', token, { name: 'fresh', capabilities: ['summarization'] });
    const ids = async (query = '') =>
      (await call('GET', `agents${query}`, token)).body.agents.map((row: { id: string }) => row.id).sort();
    const both = [active.id, body.agent_id].sort();
    expect(await ids()).toEqual(both);
    expect(await ids('?status=sandbox')).toEqual([body.agent_id]);
    await call('DELETE', `agents/${body.agent_id}`, token);
    expect(await ids('?include_deleted=false')).toEqual([active.id]);
    expect(await ids('?include_deleted=true')).toEqual(both);
    expect(await ids('?status=deleted')).toEqual([body.agent_id]);
    expect((await call('GET', 'agents?status=retired', token)).status).toBe(422);
  });

  it('creates keys that work beside the old one, until they expire', async () => {
    const agent = await market.agent('worker');
    const { token } = await signInOwnerOf('worker');
    const { status, body } = await call('POST', `agents/${agent.id}/keys`, token, { label: 'laptop', expires_days: 2 });
    expect(status).toBe(200);
    expect(body).toEqual({
      api_key: expect.stringMatching(/^sk_live_/),
      key_id: expect.any(String),
      key_prefix: body.api_key.slice(0, 12),
      expires_at: new Date(clock.now() + 2 * 86_400_000).toISOString(),
      message: expect.any(String),
    });
    const me = (key: string) => http('GET', `${market.url}/api/v1/agents/me`, { key });
    expect((await me(body.api_key)).body.id).toBe(agent.id);
    expect((await me(agent.key)).status).toBe(200);
    const { keys } = (await agent.call('GET', 'agents/keys')).body;
    expect(keys.find((key: { id: string }) => key.id === body.key_id)).toMatchObject({ label: 'laptop' });
    clock.forward(2 * 86_400_000);
    expect(await me(body.api_key)).toMatchObject({ status: 401, ...refusal('api_key_revoked') });
    const year = await call('POST', `agents/${agent.id}/keys`, token);
    expect(Date.parse(year.body.expires_at) - clock.now()).toBe(365 * 86_400_000);
  });

  it('may do nothing to the agents of another', async () => {
    const agent = await market.agent('worker');
    const { token } = await signIn('other@example.test');
    for (const [method, path] of [
      ['DELETE', `agents/${agent.id}`],
      ['POST', `agents/${agent.id}/keys`],
    ] as const) {
      expect(await call(method, path, token)).toMatchObject({ status: 403, ...refusal('forbidden') });
    }
    for (const [method, path] of [
      ['DELETE', 'agents/nobody'],
      ['POST', 'agents/nobody/keys'],
    ] as const) {
      expect(await call(method, path, token)).toMatchObject({ status: 404, ...refusal('agent_not_found') });
    }
    expect((await agent.call('GET', 'agents/me')).status).toBe(200);
  });
});

describe('deleting an agent', () => {
  let worker: TestAgent;
  let requester: TestAgent;
  let token: string;
  beforeEach(async () => {
    worker = await market.agent('worker');
    requester = await market.agent('requester');
    token = (await signInOwnerOf('worker')).token;
  });
  const remove = (id = worker.id, by = token) => call('DELETE', `agents/${id}`, by);
  const post = async (by = requester) =>
    (await by.call('POST', 'jobs', { description: 'd', budget_usdc: 5, tags: ['code-review'], selection: 'manual' }))
      .body.id;
  const bid = async (job: string) =>
    (await worker.call('POST', 'agents/bid', { job_id: job, amount_usdc: 4, estimated_seconds: 60 })).body.bid_id;

  it('revokes its keys at once, keeps it on record, and is the same twice', async () => {
    expect((await remove()).body).toEqual({ deleted: true, agent_id: worker.id, already_deleted: false });
    expect(await worker.call('GET', 'agents/me')).toMatchObject({ status: 401, ...refusal('api_key_revoked') });
    expect((await remove()).body).toEqual({ deleted: true, agent_id: worker.id, already_deleted: true });
    expect((await call('POST', `agents/${worker.id}/keys`, token)).status).toBe(404);
    expect((await requester.call('GET', `agents/${worker.id}/reputation`)).status).toBe(200);
  });

  it('frees its name, and its recovery token opens nothing', async () => {
    const created = (await call('POST', 'agents/register', token, { name: 'again', capabilities: ['code-review'] }))
      .body;
    await remove(created.agent_id);
    const recovered = await call('POST', 'agents/recover', undefined, { recovery_token: created.recovery_token });
    expect(recovered).toMatchObject({ status: 401, ...refusal('invalid_recovery_token') });
    const next = await call('POST', 'agents/register', token, { name: 'again', capabilities: ['code-review'] });
    expect(next.status).toBe(200);
  });

  it('withdraws bids that nobody chose', async () => {
    const job = await post();
    await bid(job);
    expect((await remove()).status).toBe(200);
    expect((await requester.call('GET', `jobs/${job}/bids`)).body.bids).toEqual([]);
  });

  it('is refused while a job is under way, on either side, until it is settled', async () => {
    const job = await post();
    await requester.call('POST', `jobs/${job}/award`, { bid_id: await bid(job) });
    const owner = (await signInOwnerOf('requester')).token;
    for (const [id, by] of [
      [worker.id, token],
      [requester.id, owner],
    ] as const) {
      expect(await remove(id, by)).toMatchObject({
        status: 409,
        body: { detail: { error: 'invalid_state', job_id: job } },
      });
    }
    await requester.call('POST', `jobs/${job}/cancel`);
    expect((await remove()).status).toBe(200);
    expect((await remove(requester.id, owner)).status).toBe(200);
  });

  it('is refused while a posted job takes bids, and while earnings are not withdrawn', async () => {
    const job = await post(worker);
    expect(await remove()).toMatchObject({ status: 409, body: { detail: { error: 'invalid_state', job_id: job } } });
    await worker.call('POST', `jobs/${job}/cancel`);

    const paid = await post();
    await requester.call('POST', `jobs/${paid}/award`, { bid_id: await bid(paid) });
    await worker.call('POST', `agents/jobs/${paid}/accept`);
    await worker.call('POST', 'agents/deliver', { job_id: paid, result: '{}' });
    await requester.call('POST', `jobs/${paid}/accept-delivery`, { rating: 5 });
    expect(await remove()).toMatchObject({ status: 409, body: { detail: { available_usdc: 3.6 } } });
    await worker.call('PUT', 'payouts/wallet', { address: '9WzDXwBbmkg8ZTbNMqUxvQRAyrZzDsGYdLVL9zYtAWWM' });
    await worker.call('POST', 'payouts/withdraw', { amount_usdc: 3.6 });
    expect((await remove()).status).toBe(200);
  });
});

describe('an owner in the place of an agent', () => {
  const job = { description: 'd', budget_usdc: 5, tags: ['code-review'], selection: 'manual' };

  it('has jobs done: posts, sees bids, awards, accepts', async () => {
    const requester = await market.agent('requester');
    const worker = await market.agent('worker');
    const { token } = await signInOwnerOf('requester');
    const posted = await call('POST', 'jobs', token, job);
    expect(posted).toMatchObject({ status: 200, body: { requester_id: requester.id, status: 'bidding' } });
    const { id } = posted.body;
    await worker.call('POST', 'agents/bid', { job_id: id, amount_usdc: 4, estimated_seconds: 60 });
    const { bids } = (await call('GET', `jobs/${id}/bids`, token)).body;
    expect((await call('POST', `jobs/${id}/award`, token, { bid_id: bids[0].id })).status).toBe(200);
    await worker.call('POST', `agents/jobs/${id}/accept`);
    await worker.call('POST', 'agents/deliver', { job_id: id, result: '{}' });
    expect((await call('GET', `jobs/${id}`, token)).body).toMatchObject({ status: 'completed', result: '{}' });
    expect((await call('POST', `jobs/${id}/accept-delivery`, token, { rating: 5 })).body.escrow_status).toBe(
      'released',
    );
    expect((await call('GET', 'jobs', token)).body.total).toBe(1);
  });

  it('with several agents says whose money it is; a job says so itself', async () => {
    const first = await market.agent('requester');
    const { token } = await signInOwnerOf('requester');
    const second = (await call('POST', 'agents/register', token, { name: 'b', capabilities: ['code-review'] })).body;
    const unnamed = await call('POST', 'jobs', token, job);
    expect(unnamed).toMatchObject({ status: 422, body: { detail: [{ loc: ['header', 'X-Agent-Id'] }] } });
    expect(unnamed.body.detail[0].msg).toContain(second.agent_id);
    const named = await call('POST', 'jobs', token, job, { 'X-Agent-Id': first.id });
    expect(named.body.requester_id).toBe(first.id);
    expect((await call('POST', `jobs/${named.body.id}/cancel`, token)).body.status).toBe('failed');
    const stranger = await market.agent('stranger');
    expect(await call('POST', 'jobs', token, job, { 'X-Agent-Id': stranger.id })).toMatchObject({ status: 403 });
  });

  it('without an agent, or on the job of another, has no say', async () => {
    const requester = await market.agent('requester');
    const { id } = (await requester.call('POST', 'jobs', job)).body;
    const { token } = await signIn('nobody@example.test');
    expect(await call('POST', 'jobs', token, job)).toMatchObject({ status: 403 });
    expect(await call('GET', `jobs/${id}`, token)).toMatchObject({ status: 404, ...refusal('job_not_found') });
    expect(await call('POST', `jobs/${id}/cancel`, token)).toMatchObject({ status: 404 });
  });

  it('is no sign of life of the agent', async () => {
    const requester = await market.agent('requester');
    const { token } = await signInOwnerOf('requester');
    const seen = async () =>
      (await call('GET', 'agents', token)).body.agents.find((row: { id: string }) => row.id === requester.id)
        .last_seen_at;
    await requester.call('POST', 'agents/heartbeat');
    const before = await seen();
    clock.forward(60_000);
    await call('POST', 'jobs', token, job);
    expect(await seen()).toBe(before);
  });

  it('gives way to the key where both come: an empty one counts as none', async () => {
    const requester = await market.agent('requester');
    const other = await market.agent('other');
    const { token } = await signInOwnerOf('requester');
    const posted = (headers: Record<string, string>) => call('POST', 'jobs', token, job, headers);
    expect((await posted({ 'X-API-Key': '' })).body.requester_id).toBe(requester.id);
    expect((await posted({ 'X-API-Key': other.key })).body.requester_id).toBe(other.id);
    expect((await posted({ 'X-API-Key': 'sk_live_wrong' })).status).toBe(401);
    expect((await call('GET', 'agents', token, undefined, { 'X-API-Key': other.key })).body.agents[0].id).toBe(
      requester.id,
    );
  });
});

describe('the Realtime token', () => {
  it('is a JWT for a quarter of an hour, and tells whose it is', async () => {
    const agent = await market.agent('worker');
    const { status, body } = await agent.call('POST', 'agents/token');
    expect(status).toBe(200);
    expect(body).toEqual({ token: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/), expires_in: 900 });
    const read = (token: string) => readRealtimeToken(market.market.db, token, clock.now());
    expect(await read(body.token)).toBe(agent.id);
    const claims = JSON.parse(Buffer.from(body.token.split('.')[1], 'base64url').toString());
    expect(claims).toMatchObject({ sub: agent.id, exp: Math.floor(clock.now() / 1000) + 900 });
    clock.forward(900_000);
    expect(await read(body.token)).toBeUndefined();
  });

  it('that was tampered with, or signed by nobody, is none', async () => {
    const agent = await market.agent('worker');
    const { token } = (await agent.call('POST', 'agents/token')).body;
    const [header, , mac] = token.split('.');
    const claims = Buffer.from(JSON.stringify({ sub: 'admin', exp: 9e9 })).toString('base64url');
    const none = Buffer.from(JSON.stringify({ alg: 'none', typ: 'JWT' })).toString('base64url');
    for (const forged of [`${header}.${claims}.${mac}`, `${none}.${claims}.`, `${none}.${claims}.${mac}`, 'x', '']) {
      expect(await readRealtimeToken(market.market.db, forged, clock.now()), forged).toBeUndefined();
    }
  });
});
