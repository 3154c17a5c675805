import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestMarket, type TestAgent, type TestMarket } from '../support/market.ts';
import { rawHttp, wire } from '../support/raw-http.ts';

/**
 * Requests as the public SDKs 0.2.0 put them on the wire (`py`: Python with httpx, `ts`: TypeScript with fetch), replayed
 * byte for byte over a bare socket, and the fields of the answers those SDKs read.
 */
let market: TestMarket;
let worker: TestAgent;
let requester: TestAgent;
let token: string;
beforeAll(async () => {
  market = await startTestMarket({ settings: { reviewer: { decision: 'manual', delayMs: 0 } } });
  worker = await market.agent('worker');
  requester = await market.agent('requester');
  const { device_code, user_code } = (await py('POST', '/api/v1/auth/device-code', [])).body;
  const approval = `code=${user_code}&decision=approve&email=worker%40example.test&password=correct+horse`;
  await rawHttp(
    market.url,
    wire(market.url, ['POST /verify HTTP/1.1', `Content-Length: ${approval.length}`], approval),
  );
  token = (await py('POST', '/api/v1/auth/device-poll', [], JSON.stringify({ device_code }))).body.access_token;
});
afterAll(async () => {
  expect(await market.violations()).toEqual([]);
  await market.close();
});

/** httpx: no content type without a body, `Content-Length: 0` on an empty POST, spaces in its JSON. */
const py = (method: string, path: string, auth: string[], body?: string) =>
  send(
    method,
    path,
    [
      'Accept: */*',
      'Accept-Encoding: gzip, deflate',
      'User-Agent: python-httpx/0.28.1',
      ...auth,
      ...(body === undefined
        ? method === 'POST'
          ? ['Content-Length: 0']
          : []
        : ['Content-Type: application/json', length(body)]),
    ],
    body,
  );
/** fetch: the client sets a JSON content type on every call, with a body or without. */
const ts = (method: string, path: string, auth: string[], body?: string) =>
  send(
    method,
    path,
    [
      'accept: */*',
      'accept-language: *',
      'sec-fetch-mode: cors',
      'user-agent: node',
      'Content-Type: application/json',
      ...auth,
      ...(body === undefined ? (method === 'GET' ? [] : ['Content-Length: 0']) : [length(body)]),
    ],
    body,
  );
const send = (method: string, path: string, headers: string[], body?: string) =>
  rawHttp(market.url, wire(market.url, [`${method} ${path} HTTP/1.1`, ...headers], body));
const length = (body: string) => `Content-Length: ${Buffer.byteLength(body)}`;
const key = (agent: TestAgent) => [`X-API-Key: ${agent.key}`];
/** The Python client in owner mode sends an empty key beside its token. */
const owner = () => [`Authorization: Bearer ${token}`, 'X-API-Key: '];
const clients = [
  ['py', py],
  ['ts', ts],
] as const;

describe.each(clients)('%s', (name, call) => {
  it('GET agents with an empty key beside the token', async () => {
    const { status, body } = await call('GET', '/api/v1/agents?include_deleted=false', owner());
    expect(status).toBe(200);
    expect(body).toEqual({
      agents: [
        {
          id: worker.id,
          name: 'worker',
          status: 'active',
          capabilities: ['code-review'],
          last_seen_at: body.agents[0].last_seen_at,
          created_at: expect.stringMatching(/Z$/),
        },
      ],
      total: 1,
    });
  });

  it('POST agents/keys/rotate without a body', async () => {
    const agent = await market.agent(`rotating-${name}`);
    const { status, body } = await call('POST', '/api/v1/agents/keys/rotate', key(agent));
    expect(status).toBe(200);
    expect(body).toMatchObject({ api_key: expect.stringMatching(/^sk_live_/), message: expect.any(String) });
  });

  it('POST agents/register, empty fields as null', async () => {
    const agent = { name: `further-${name}`, capabilities: ['code-review'], wallet_address: null, description: null };
    const extra = name === 'py' ? { min_fee: 1.0 } : { icon_url: null, webhook_url: null };
    const { status, body } = await call(
      'POST',
      '/api/v1/agents/register',
      owner(),
      JSON.stringify({ ...agent, ...extra }),
    );
    expect(status).toBe(200);
    for (const field of ['agent_id', 'api_key', 'webhook_secret', 'message'])
      expect(body[field]).toEqual(expect.any(String));
    const removed = await call('DELETE', `/api/v1/agents/${body.agent_id}`, owner());
    expect(removed).toMatchObject({
      status: 200,
      body: { deleted: true, agent_id: body.agent_id, already_deleted: false },
    });
  });

  it('POST agents/{id}/keys with a null label', async () => {
    const body = '{"label": null, "expires_days": 365}';
    const answer = await call('POST', `/api/v1/agents/${worker.id}/keys`, owner(), body);
    expect(answer.status).toBe(200);
    for (const field of ['api_key', 'key_id', 'key_prefix', 'expires_at', 'message']) {
      expect(answer.body[field]).toEqual(expect.any(String));
    }
  });

  it('GET agents/jobs in the sandbox; a passed and a failed verdict', async () => {
    const fresh = await market.agent(`fresh-${name}`, { active: false });
    const listed = await call('GET', '/api/v1/agents/jobs', key(fresh));
    expect(listed).toMatchObject({ status: 200, body: { sandbox: true } });
    const [first, second] = listed.body.jobs;
    expect(first).toMatchObject({ status: 'assigned', created_at: expect.any(String) });
    // What the scaffold of the SDKs answers to a description that asks for a status.
    expect(first.description).toMatch(/status.*ok/s);
    const deliver = (id: string, body: string) =>
      call('POST', `/api/v1/agents/test-jobs/${id}/deliver`, key(fresh), body);
    const passed = await deliver(first.id, '{"result":"{\\"status\\": \\"ok\\", \\"message\\": \\"x\\"}"}');
    expect(passed).toMatchObject({ status: 200, body: { passed: true, code: 'ok', message: expect.any(String) } });
    const failed = await deliver(second.id, '{"result":"{}"}');
    expect(failed.status).toBe(422);
    expect(failed.body).toMatchObject({ passed: false, code: 'schema_violation', message: expect.any(String) });
    expect(failed.body.reason).toBe(failed.body.message);
    const retried = await call('POST', `/api/v1/agents/test-jobs/${second.id}/retry`, key(fresh));
    expect(retried).toMatchObject({ status: 200, body: { retried: true, status: 'pending' } });
  });

  it('PATCH agents/me with the version of the SDK, and null to clear', async () => {
    const patched = await call('PATCH', '/api/v1/agents/me', key(worker), '{"sdk_version":"0.1.0"}');
    expect(patched).toMatchObject({
      status: 200,
      body: { id: worker.id, sdk_version: '0.1.0', sandbox_regate: false },
    });
    const cleared = await call('PATCH', '/api/v1/agents/me', key(worker), '{"webhook_url":null,"icon_url":null}');
    expect(cleared).toMatchObject({ status: 200, body: { webhook_url: null, icon_url: null } });
  });

  it('POST agents/heartbeat and agents/token without a body', async () => {
    expect(await call('POST', '/api/v1/agents/heartbeat', key(worker))).toMatchObject({
      status: 200,
      body: { status: 'ok' },
    });
    const { status, body } = await call('POST', '/api/v1/agents/token', key(worker));
    expect(status).toBe(200);
    expect(body).toEqual({ token: expect.any(String), expires_in: 900 });
  });

  it('a job from bid to delivery: ids, statuses and the conflict that means "already done"', async () => {
    const posted = await requester.call('POST', 'jobs', { description: 'd', budget_usdc: 5, tags: ['code-review'] });
    const job = posted.body.id;
    const bid = await call(
      'POST',
      '/api/v1/agents/bid',
      key(worker),
      JSON.stringify({ job_id: job, amount_usdc: 5, estimated_seconds: 300 }),
    );
    expect(bid).toMatchObject({ status: 200, body: { status: 'bid_accepted' } });
    expect(bid.body.id).toBe(bid.body.bid_id);
    const bids = await call('GET', '/api/v1/agents/bids?status=pending', key(worker));
    expect(bids.body).toMatchObject({
      total: expect.any(Number),
      bids: [{ id: bid.body.id, job_id: job, amount_usdc: 5 }],
    });
    await market.passSeconds(15);

    const accept = () => call('POST', `/api/v1/agents/jobs/${job}/accept`, key(worker));
    expect((await accept()).body).toMatchObject({ job_id: job, status: 'executing' });
    expect((await accept()).status).toBe(409);
    const progress = (message: string | null) =>
      call(
        'POST',
        '/api/v1/agents/progress',
        key(worker),
        JSON.stringify({ job_id: job, percent: 50, level: 'info', message }),
      );
    for (const message of ['half', null])
      expect(await progress(message)).toMatchObject({ status: 200, body: { status: 'ok' } });
    const done = JSON.stringify({ job_id: job, result: '{"a": 1}', result_hash: null });
    expect(await call('POST', '/api/v1/agents/deliver', key(worker), done)).toMatchObject({
      status: 200,
      body: { status: 'delivered' },
    });
  });

  it('POST agents/deliver with an error, its partial result null or left out', async () => {
    const { id } = (await requester.call('POST', 'jobs', { description: 'd', budget_usdc: 5, tags: ['code-review'] }))
      .body;
    await worker.call('POST', 'agents/bid', { job_id: id, amount_usdc: 5, estimated_seconds: 300 });
    await market.passSeconds(15);
    await worker.call('POST', `agents/jobs/${id}/accept`);
    const failure = { job_id: id, error_code: 'timeout', error_message: 'slow', retryable: false };
    const body = JSON.stringify(name === 'py' ? { ...failure, partial_result: null } : failure);
    expect(await call('POST', '/api/v1/agents/deliver', key(worker), body)).toMatchObject({
      status: 200,
      body: { status: 'failed' },
    });
  });

  it('GET agents/activity-log, agents/events, agents/keys and reputation', async () => {
    const log = await call('GET', '/api/v1/agents/activity-log?limit=5', key(worker));
    expect(log.body.entries).toHaveLength(5);
    expect(log.body.next_since_id).toBe(log.body.entries[4].id);
    expect((await call('GET', '/api/v1/agents/activity-log?limit=NaN', key(worker))).status).toBe(422);
    const events = await call('GET', '/api/v1/agents/events', key(worker));
    expect(Array.isArray(events.body)).toBe(true);
    expect(events.body[0]).toMatchObject({ id: expect.any(String), event_type: expect.any(String), status: 'pending' });
    const keys = await call('GET', '/api/v1/agents/keys?include_revoked=false', key(worker));
    expect(keys.body.keys[0]).toMatchObject({
      id: expect.any(String),
      key_prefix: expect.any(String),
      revoked_at: null,
    });
    const reputation = await call('GET', `/api/v1/agents/${worker.id}/reputation`, key(worker));
    for (const field of ['score', 'total_ratings', 'jobs_completed'])
      expect(reputation.body[field]).toEqual(expect.any(Number));
  });

  it('the open pages a set-up reads', async () => {
    const config = await call('GET', '/api/v1/developer/config', []);
    expect(Object.keys(config.body).sort()).toEqual(['api_url', 'devportal_url', 'supabase_anon_key', 'supabase_url']);
    for (const value of Object.values(config.body)) expect(value).toEqual(expect.any(String));
    expect((await call('GET', '/api/health', [])).body).toMatchObject({ version: expect.any(String) });
    expect((await call('GET', '/health', [])).status).toBe(200);
    expect((await call('GET', '/api/v1/onboard', [])).body.available_capabilities).toContain('code-review');
    expect((await call('GET', '/api/v1/marketplace/stats', [])).status).toBe(200);
    expect((await call('GET', '/onboard.md', [])).text).toMatch(/^# /);
  });
});

describe('what the SDKs print of a refusal', () => {
  it('is text: both read detail.message, detail or message', async () => {
    const { status, body } = await ts('GET', '/api/v1/agents/me', ['X-API-Key: ']);
    expect({ status, message: body.detail.message }).toEqual({ status: 401, message: 'Missing X-API-Key header' });
  });
});
