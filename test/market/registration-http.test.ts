import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunningMarket } from '#market/serve.ts';
import { http } from '../support/http.ts';
import { startOnEngine } from '../support/market.ts';

/** Registration, keys and recovery over real HTTP. */
let running: RunningMarket;
const api = (path: string) => `${running.url}/api/v1/${path}`;
beforeAll(async () => {
  running = await startOnEngine();
});
afterAll(() => running.close());

let serial = 0;
const agent = (changes: Record<string, unknown> = {}) => ({
  email: `owner${++serial}@example.test`,
  password: 'correct horse',
  agent_name: 'tester',
  clusters: ['code'],
  tags: ['code-review'],
  ...changes,
});
const register = async (changes: Record<string, unknown> = {}, headers = {}) =>
  http('POST', api('agents/register/simple'), { body: agent(changes), headers });

describe('registration', () => {
  it('answers 200 with every secret once, and the key works', async () => {
    const { status, body } = await register();
    expect(status).toBe(200);
    expect(body).toMatchObject({
      api_key: expect.stringMatching(/^sk_live_/),
      webhook_secret: expect.stringMatching(/^whsec_/),
      recovery_token: expect.stringMatching(/^rec_/),
      status: 'sandbox',
    });
    const me = await http('GET', api('agents/me'), { key: body.api_key });
    expect(me.body).toMatchObject({
      id: body.agent_id,
      capabilities: ['code-review'],
      status: 'sandbox',
      sandbox_regate: false,
    });
    expect(JSON.stringify(me.body)).not.toContain(body.api_key);
  });

  it('takes the older flat list and finds the clusters', async () => {
    const { body } = await register({
      clusters: undefined,
      tags: undefined,
      capabilities: ['code-review', 'summarization'],
    });
    const me = await http('GET', api('agents/me'), { key: body.api_key });
    expect(me.body).toMatchObject({ clusters: ['code', 'text'], tags: ['code-review', 'summarization'] });
  });

  it('lets clusters + tags invent a tag, and gives it a test', async () => {
    const { body } = await register({ tags: ['code-review', 'cobol-archaeology'] });
    const progress = await http('GET', api('agents/me/sandbox-progress'), { key: body.api_key });
    expect(progress.body.by_origin).toEqual({
      cluster_probe: { passed: 0, total: 3 },
      tag_test: { passed: 0, total: 2 },
    });
  });

  it.each([
    [
      { clusters: undefined, tags: undefined, capabilities: ['cod-review'] },
      400,
      'unsupported_capabilities',
      /code-review/,
    ],
    [{ clusters: ['cod'] }, 400, 'unknown_cluster', /'code'/],
    [{ clusters: undefined, tags: undefined }, 400, 'unsupported_capabilities', /capabilities/],
    [{ wallet_address: '1'.repeat(44) }, 422, 'invalid_wallet_address', /32 bytes/],
    [{ wallet_address: 'EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v' }, 422, 'invalid_wallet_address', /USDC mint/],
    [{ webhook_url: 'https://user:pass@example.test/x' }, 422, 'invalid_webhook_url', /password/],
    [{ agent_name: '   ' }, 400, 'bad_request', /blank/],
  ])('refuses %j with %i %s', async (changes, status, error, words) => {
    const answer = await register(changes);
    expect(answer.status).toBe(status);
    expect(answer.body.detail).toMatchObject({ error, message: expect.stringMatching(words) });
  });

  it('lists every wrong field at once, each with its place and what was meant', async () => {
    const answer = await register({ email: 'nobody', password: 'short', agent_nam: 'x', agent_name: undefined });
    expect(answer.status).toBe(422);
    const byField = Object.fromEntries(
      answer.body.detail.map((entry: { loc: string[] }) => [entry.loc.join('.'), entry]),
    );
    expect(byField).toMatchObject({
      'body.email': {},
      'body.password': {},
      'body.agent_name': { type: 'missing' },
      'body.agent_nam': { type: 'extra_forbidden', msg: expect.stringContaining("'agent_name'") },
    });
  });

  it('knows an owner again by the password, and nobody by a wrong one', async () => {
    const email = `owner${++serial}@example.test`;
    await register({ email });
    expect((await register({ email, agent_name: 'second' })).status).toBe(200);
    const wrong = await register({ email, agent_name: 'third', password: 'another one' });
    expect(wrong).toMatchObject({ status: 401, body: { detail: { error: 'invalid_credentials' } } });
    const twin = await register({ email, agent_name: 'SECOND' });
    expect(twin).toMatchObject({ status: 409, body: { detail: { error: 'agent_name_taken' } } });
  });

  it('with an Idempotency-Key a lost answer is given again, secrets included, and no second agent is made', async () => {
    const body = agent();
    const headers = { 'Idempotency-Key': 'registration-1' };
    const first = await http('POST', api('agents/register/simple'), { body, headers });
    const again = await http('POST', api('agents/register/simple'), { body, headers });
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    expect(again.body).toEqual(first.body);
    const other = await http('POST', api('agents/register/simple'), {
      body: { ...body, agent_name: 'other' },
      headers,
    });
    expect(other).toMatchObject({ status: 422, body: { detail: { error: 'idempotency_conflict' } } });
  });

  it('stores neither password nor keys nor replayed secrets as text', async () => {
    const password = 'a password to look for';
    const { body } = await register({ password }, { 'Idempotency-Key': 'registration-secret' });
    const rotated = await http('POST', api('agents/keys/rotate'), {
      key: body.api_key,
      headers: { 'Idempotency-Key': 'r1' },
    });
    const tables = await running.market.db.introspection.getTables();
    for (const { name } of tables) {
      const rows = await running.market.db
        .selectFrom(name as 'agents')
        .selectAll()
        .execute();
      for (const secret of [password, body.api_key, body.recovery_token, rotated.body.api_key]) {
        expect(JSON.stringify(rows), `${name} holds a secret`).not.toContain(secret);
      }
    }
  });
});

describe('keys', () => {
  it('without one: 401 in words; an empty one counts as none; a wrong one is unknown', async () => {
    expect((await http('GET', api('agents/me'))).body.detail).toMatchObject({
      error: 'missing_api_key',
      message: 'Missing X-API-Key header',
    });
    expect((await http('GET', api('agents/me'), { key: '' })).body.detail.error).toBe('missing_api_key');
    expect(await http('GET', api('agents/me'), { key: 'sk_live_wrong' })).toMatchObject({
      status: 401,
      body: { detail: { error: 'invalid_api_key' } },
    });
  });

  it('rotation: the old key works for the grace, the new one at once, and a replay gives the same new key', async () => {
    const { body } = await register();
    const headers = { 'Idempotency-Key': 'rotate-1' };
    const first = await http('POST', api('agents/keys/rotate'), { key: body.api_key, headers });
    const again = await http('POST', api('agents/keys/rotate'), { key: body.api_key, headers });
    expect(again.body.api_key).toBe(first.body.api_key);
    expect((await http('GET', api('agents/me'), { key: body.api_key })).status).toBe(200);
    expect((await http('GET', api('agents/me'), { key: first.body.api_key })).status).toBe(200);
    const { keys } = (await http('GET', api('agents/keys'), { key: first.body.api_key })).body;
    expect(keys).toHaveLength(2);
    expect(keys[0].expires_at).not.toBeNull();
  });

  it('a key can revoke another one, not itself', async () => {
    const { body } = await register();
    const rotated = await http('POST', api('agents/keys/rotate'), { key: body.api_key });
    const [oldKey, newKey] = (await http('GET', api('agents/keys'), { key: rotated.body.api_key })).body.keys;
    const self = await http('POST', api(`agents/keys/${newKey.id}/revoke`), { key: rotated.body.api_key });
    expect(self).toMatchObject({ status: 409, body: { detail: { error: 'cannot_revoke_current_key' } } });
    const revoked = await http('POST', api(`agents/keys/${oldKey.id}/revoke`), { key: rotated.body.api_key });
    expect(revoked.body).toEqual({ revoked: true, key_id: oldKey.id, already_revoked: false });
    expect((await http('GET', api('agents/me'), { key: body.api_key })).body.detail.error).toBe('api_key_revoked');
  });

  it('recovery gives new secrets, kills the old key, and works once', async () => {
    const { body } = await register();
    const recovered = await http('POST', api('agents/recover'), { body: { recovery_token: body.recovery_token } });
    expect(recovered.body).toMatchObject({ agent_id: body.agent_id, status: 'sandbox' });
    expect((await http('GET', api('agents/me'), { key: body.api_key })).status).toBe(401);
    expect((await http('GET', api('agents/me'), { key: recovered.body.api_key })).status).toBe(200);
    const twice = await http('POST', api('agents/recover'), { body: { recovery_token: body.recovery_token } });
    expect(twice).toMatchObject({ status: 401, body: { detail: { error: 'invalid_recovery_token' } } });
  });

  it('a login link is shown before it is used, and works once', async () => {
    const { body } = await register();
    const { url } = (await http('POST', api('agents/login-link'), { key: body.api_key })).body;
    expect((await http('GET', url)).body).toContain('Sign in');
    expect((await http('GET', url)).body).toContain('Sign in');
    expect((await http('POST', url)).body).toContain('You are signed in');
    expect((await http('GET', url)).body).toContain('no longer works');
    const second = await http('POST', api('agents/login-link'), { key: body.api_key });
    expect(second.status).toBe(429);
    expect(Number(second.headers.get('retry-after'))).toBeGreaterThan(0);
  });
});

describe('the edge', () => {
  it.each([
    ['not JSON', '{"email":'],
    ['an array', '[]'],
    ['a number', '7'],
    ['null', 'null'],
  ])('a body that is %s is a 422 with words', async (_what, text) => {
    const answer = await http('POST', api('agents/register/simple'), { text });
    expect(answer.status).toBe(422);
    expect(answer.body.detail[0]).toMatchObject({ loc: expect.arrayContaining(['body']), msg: expect.any(String) });
  });

  it('a body over the limit is refused before it is read', async () => {
    const answer = await http('POST', api('agents/register/simple'), { text: 'x'.repeat(9_000_000) });
    expect(answer).toMatchObject({ status: 413, body: { detail: { error: 'payload_too_large' } } });
  });

  it('an unknown path and a wrong method say what is offered', async () => {
    expect(await http('GET', api('agents/me/nothing'))).toMatchObject({
      status: 404,
      body: { detail: { error: 'not_found' } },
    });
    const wrong = await http('PUT', api('agents/me'));
    expect(wrong).toMatchObject({
      status: 405,
      body: { detail: { error: 'method_not_allowed', allowed: expect.arrayContaining(['GET', 'PATCH']) } },
    });
  });

  it('empty bodies under a JSON content type are fine, as the public SDKs send them', async () => {
    const { body } = await register();
    const beat = await http('POST', api('agents/heartbeat'), {
      key: body.api_key,
      text: '',
      headers: { 'Content-Type': 'application/json' },
    });
    expect(beat.body).toMatchObject({ status: 'ok' });
    const me = await http('GET', api('agents/me'), {
      key: body.api_key,
      headers: { 'Content-Type': 'application/json' },
    });
    expect(me.status).toBe(200);
  });

  it.each([
    ['limit=NaN'],
    ['limit=0'],
    ['limit=1001'],
    ['since_id=-1'],
    ['since_ts=yesterday'],
    ['sinc_id=1'],
  ])('activity-log?%s is a 422', async (query) => {
    const { body } = await register();
    expect((await http('GET', api(`agents/activity-log?${query}`), { key: body.api_key })).status).toBe(422);
  });
});
