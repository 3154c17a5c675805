import { createServer } from 'node:net';
import { expect, onTestFinished, test, vi } from 'vitest';
import { type ClientOptions, createClient } from '#client/create-client.ts';
import { createRetryBudget } from '#client/retry-timing.ts';
import type { Operation } from '#contract/define-operation.ts';
import { SotaError } from '#contract/errors/sota-error.ts';
import { createLoginLink, getMe } from '#contract/operations/agent.ts';
import { health, skillIndex, taxonomy } from '#contract/operations/discovery.ts';
import { withdraw } from '#contract/operations/payouts.ts';
import { createJob, getPostedJob } from '#contract/operations/requester.ts';
import { deliver, getAgentJob, listAgentJobs, placeBid, reportProgress } from '#contract/operations/worker.ts';
import { createLogger } from '#kit/log.ts';
import { fakeOrigin, refusal } from '../support/fake-origin.ts';
import { fastProfiles } from '../support/fast-profiles.ts';

const KEY = 'sk_live_canary0123456789abcdef';
const BID = '/api/v1/agents/bid';
const ME = '/api/v1/agents/me';
const bid = { slot: 'bid/j1', request: { body: { job_id: 'j1', amount_usdc: 5, estimated_seconds: 60 } } };
const placed = { json: { status: 'pending', bid_id: 'b1' } };

function client(url: string, options: Partial<ClientOptions> = {}) {
  const lines: string[] = [];
  const created = createClient({
    origin: async () => url,
    auth: { current: async () => ({ key: KEY, source: 'environment', agentId: 'a1' }) },
    version: '1.2.3',
    profiles: fastProfiles,
    log: createLogger({ level: 'debug', write: (line) => lines.push(line) }),
    ...options,
  });
  onTestFinished(() => created.close(0));
  return Object.assign(created, { lines });
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

/** An OpenAPI document that offers the given operations. */
function offering(operations: readonly Operation[], { keyed = true } = {}) {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const { path, method } of operations) {
    paths[path.replace(/\{\w+\}/g, '{id}')] = {
      [method.toLowerCase()]: { parameters: keyed ? [{ in: 'header', name: 'Idempotency-Key' }] : [] },
    };
  }
  return { json: { openapi: '3.1.0', paths } };
}

const SPEC = 'GET /api/v1/openapi.json';

test('a request carries exactly what it needs', async () => {
  const origin = (await fakeOrigin()).on('GET /api/v1/agents/jobs', { json: { jobs: [] } }).on(`POST ${BID}`, placed);
  const sota = client(origin.url);
  await sota.call(listAgentJobs, { query: { capability: 'code-review', limit: 5 } });
  await sota.run(placeBid, bid);
  const [read, write] = origin.received;
  expect(read).toMatchObject({
    method: 'GET',
    path: '/api/v1/agents/jobs?capability=code-review&limit=5',
    body: undefined,
  });
  expect(read!.headers).toMatchObject({ 'x-api-key': KEY, 'user-agent': 'sota-mcp/1.2.3', 'x-request-attempt': '1' });
  expect(read!.headers).not.toHaveProperty('content-type');
  expect(read!.headers).not.toHaveProperty('idempotency-key');
  expect(write!.body).toEqual({ job_id: 'j1', amount_usdc: 5, estimated_seconds: 60 });
  expect(write!.headers).toMatchObject({ 'content-type': 'application/json', 'content-length': '54' });
  expect(write!.headers['idempotency-key']).toMatch(/^sota1-[A-Za-z0-9_-]{43}$/);
});

test('open operations do not carry the key', async () => {
  const origin = (await fakeOrigin()).on('GET /api/v1/onboard/taxonomy', { json: { clusters: [] } });
  await client(origin.url).call(taxonomy, {});
  expect(origin.received[0]!.headers).not.toHaveProperty('x-api-key');
});

test('pages of text are returned as text', async () => {
  const origin = (await fakeOrigin()).on('GET /skill.md', {
    text: '# Skill',
    headers: { 'content-type': 'text/markdown' },
  });
  expect(await client(origin.url).call(skillIndex, {})).toBe('# Skill');
});

test('ids stay one part of the path, and cannot climb out of it', async () => {
  const origin = (await fakeOrigin()).on(SPEC, offering([getAgentJob]));
  const sota = client(origin.url);
  await failing(sota.call(getAgentJob, { params: { job_id: 'a/b?c' } }));
  expect(origin.received.at(-1)!.path).toBe('/api/v1/agents/jobs/a%2Fb%3Fc');
  for (const job_id of ['..', '.']) {
    expect(await failing(sota.call(getAgentJob, { params: { job_id } }))).toMatchObject({ code: 'invalid_request' });
  }
  expect(origin.to('/api/v1/agents')).toEqual([]);
});

test('a request that does not fit the contract is not sent, and says why', async () => {
  const origin = await fakeOrigin();
  const request = { body: { job_id: 'j1', amount_usdc: -1, estimated_seconds: 60 } };
  const error = await failing(client(origin.url).run(placeBid, { slot: 'bid/j1', request }));
  expect(error).toMatchObject({ code: 'invalid_request', outcome: 'rejected' });
  expect(error.message).toContain('amount_usdc');
  expect(origin.received).toEqual([]);
});

test('an answer with other fields than expected is passed on and reported once', async () => {
  const strange = { id: 7, surprise: { nested: true } };
  const origin = (await fakeOrigin()).on(`GET ${ME}`, { json: strange });
  const sota = client(origin.url);
  expect(await sota.call(getMe, {})).toEqual(strange);
  expect(await sota.call(getMe, {})).toEqual(strange);
  expect(sota.lines.filter((line) => line.includes('expected shape'))).toHaveLength(1);
});

test.each([
  ['a reset connection', 'reset'],
  ['a 503', { status: 503 }],
  ['a gateway page', { status: 502, text: '<html>Bad gateway</html>' }],
  ['a body cut in the middle', { cutAfter: 10, json: { status: 'pending', bid_id: 'b1' } }],
  ['a success that is no JSON', { text: '{"status":' }],
  ['an empty success', { text: '' }],
  ['a 429', refusal(429, 'rate_limited')],
  ['its own first request still running', refusal(409, 'idempotency_in_flight')],
  ['the same under another name', refusal(409, 'idempotency_key_in_use')],
] as const)('after %s a mutation is sent again with the same key and body', async (_, reply) => {
  const origin = (await fakeOrigin()).on(`POST ${BID}`, reply, placed);
  const settled = await client(origin.url).run(placeBid, bid);
  expect(settled).toEqual({ outcome: 'done', data: placed.json, attempts: 2 });
  const [first, second] = origin.to(BID);
  expect(second!.headers['idempotency-key']).toBe(first!.headers['idempotency-key']);
  expect(second!.body).toEqual(first!.body);
  expect([first, second].map((request) => request!.headers['x-request-attempt'])).toEqual(['1', '2']);
});

test('an attempt without an answer in time is repeated, also when only the body does not come', async () => {
  const profiles = { tool: { ...fastProfiles.tool, attemptTimeoutMs: 150 } };
  const origin = (await fakeOrigin()).on(`POST ${BID}`, 'silence', 'stall', placed);
  expect(await client(origin.url, { profiles }).run(placeBid, bid)).toMatchObject({ outcome: 'done', attempts: 3 });
});

test('the next intent has another key, also with equal arguments', async () => {
  const origin = (await fakeOrigin()).on(`POST ${BID}`, placed);
  const sota = client(origin.url);
  await sota.run(placeBid, bid);
  await sota.run(placeBid, bid);
  const [first, second] = origin.to(BID).map((request) => request.headers['idempotency-key']);
  expect(first).not.toBe(second);
});

test('a nonce written down before gives the same key again, for this agent and marketplace only', async () => {
  const origin = (await fakeOrigin()).on(`POST ${BID}`, placed);
  const noted = { ...bid, nonce: 'n1' };
  await client(origin.url).run(placeBid, noted);
  await client(origin.url).run(placeBid, noted);
  await client(origin.url, { originId: 'local:/data' }).run(placeBid, noted);
  const other = { current: async () => ({ key: KEY, source: 'environment' as const, agentId: 'a2' }) };
  await client(origin.url, { auth: other }).run(placeBid, noted);
  await client(origin.url).run(placeBid, { ...noted, epoch: '2' });
  const keys = origin.to(BID).map((request) => request.headers['idempotency-key']);
  expect(keys[1]).toBe(keys[0]);
  expect(new Set(keys).size).toBe(4);
});

test('an amount is the same intent however it is written', async () => {
  const origin = (await fakeOrigin()).on(`POST ${BID}`, placed);
  for (const amount_usdc of [5, '5', '5.0', '5.000000']) {
    const request = { body: { ...bid.request.body, amount_usdc: amount_usdc as number } };
    await client(origin.url).run(placeBid, { slot: 'bid/j1', request, nonce: 'n1' });
  }
  expect(new Set(origin.to(BID).map((request) => request.headers['idempotency-key'])).size).toBe(1);
  expect(origin.to(BID).map((request) => request.body)).toEqual(Array(4).fill(bid.request.body));
});

test('equal calls at the same time are one request', async () => {
  let answer: (reply: typeof placed) => void = () => undefined;
  const held = new Promise<typeof placed>((resolve) => {
    answer = resolve;
  });
  const origin = (await fakeOrigin()).on(`POST ${BID}`, held);
  const sota = client(origin.url);
  const other = { ...bid, request: { body: { ...bid.request.body, amount_usdc: 6 } } };
  const calls = [sota.run(placeBid, bid), sota.run(placeBid, bid), sota.run(placeBid, other)];
  await vi.waitFor(() => expect(origin.to(BID)).toHaveLength(2));
  answer(placed);
  expect((await Promise.all(calls)).map(({ outcome }) => outcome)).toEqual(['done', 'joined', 'done']);
  expect(origin.to(BID)).toHaveLength(2);
});

test.each([
  'Idempotent-Replayed',
  'Idempotency-Replayed',
])('%s marks the answer of an earlier request', async (name) => {
  const origin = (await fakeOrigin()).on(`POST ${BID}`, { ...placed, headers: { [name]: 'true' } });
  expect(await client(origin.url).run(placeBid, bid)).toMatchObject({ outcome: 'replayed' });
});

test('a refusal is final, carries its context and is not repeated', async () => {
  const origin = (await fakeOrigin()).on(`POST ${BID}`, refusal(409, 'bid_window_closed', { closed_at: 'noon' }));
  const error = await failing(client(origin.url).run(placeBid, bid));
  expect(error).toMatchObject({
    code: 'bid_window_closed',
    outcome: 'rejected',
    httpStatus: 409,
    details: { closed_at: 'noon' },
  });
  expect(origin.received).toHaveLength(1);
});

test('a verdict keeps everything it says', async () => {
  const verdict = { passed: false, code: 'schema_violation', message: "'x' is a required property", path: ['a', 0] };
  const origin = (await fakeOrigin()).on('POST /api/v1/agents/deliver', { status: 422, json: verdict });
  const error = await failing(
    client(origin.url).run(deliver, { slot: 'job/j1', request: { body: { job_id: 'j1', result: '{}' } } }),
  );
  expect(error).toMatchObject({ code: 'schema_violation', outcome: 'rejected', details: verdict });
});

test('when no attempt is answered, the outcome is unknown, not failed', async () => {
  const origin = (await fakeOrigin()).on(`POST ${BID}`, 'reset');
  const error = await failing(client(origin.url).run(placeBid, bid));
  expect(error).toMatchObject({ code: 'outcome_unknown', outcome: 'unknown', details: { attempts: 4 } });
  expect(error.message).not.toMatch(/fail/i);
});

test('once an attempt may have had an effect, later trouble does not make the outcome certain', async () => {
  const origin = (await fakeOrigin()).on(`POST ${BID}`, 'reset', refusal(429, 'rate_limited'));
  expect(await failing(client(origin.url).run(placeBid, bid))).toMatchObject({ outcome: 'unknown' });
  origin.on(`POST ${BID}`, 'reset', refusal(401, 'invalid_api_key'));
  expect(await failing(client(origin.url).run(placeBid, bid))).toMatchObject({
    outcome: 'unknown',
    code: 'invalid_api_key',
  });
  // The key is honoured, so an earlier success would have been replayed.
  origin.on(`POST ${BID}`, 'reset', refusal(409, 'bid_window_closed'));
  expect(await failing(client(origin.url).run(placeBid, bid))).toMatchObject({ outcome: 'rejected' });
});

test('a 422 without a code is looked into, not repeated', async () => {
  const origin = (await fakeOrigin()).on(`POST ${BID}`, { status: 422, json: { detail: 'Unprocessable' } });
  expect(await failing(client(origin.url).run(placeBid, bid))).toMatchObject({ outcome: 'unknown' });
  expect(origin.received).toHaveLength(1);
});

test('what acts anew each time is not sent again after it may have acted', async () => {
  const path = '/api/v1/agents/login-link';
  const origin = (await fakeOrigin()).on(SPEC, offering([createLoginLink])).on(`POST ${path}`, 'reset', { json: {} });
  const intent = { slot: 'login_link', request: { body: {} } };
  expect(await failing(client(origin.url).run(createLoginLink, intent))).toMatchObject({ outcome: 'unknown' });
  expect(origin.to(path)).toHaveLength(1);
  // Told to wait it has certainly not acted.
  origin.on(`POST ${path}`, refusal(429, 'rate_limited'), { json: { url: 'https://x', expires_at: 'soon' } });
  expect(await client(origin.url).run(createLoginLink, intent)).toMatchObject({ outcome: 'done', attempts: 2 });
});

test('of progress reports the newest counts, so one may be sent twice', async () => {
  const origin = (await fakeOrigin()).on('POST /api/v1/agents/progress', 'reset', { json: { status: 'ok' } });
  const request = { body: { job_id: 'j1', percent: 50 } };
  expect(await client(origin.url).run(reportProgress, { slot: 'progress/j1', request })).toMatchObject({ attempts: 2 });
});

test('reads are repeated after trouble, refused at once, and never of unknown outcome', async () => {
  const origin = (await fakeOrigin()).on(`GET ${ME}`, 'reset', { status: 500 }, { json: { id: 'a1' } });
  expect(await client(origin.url).call(getMe, {})).toMatchObject({ id: 'a1' });
  origin.on(`GET ${ME}`, 'reset');
  expect(await failing(client(origin.url).call(getMe, {}))).toMatchObject({ outcome: 'rejected', retryable: true });
  origin.on(`GET ${ME}`, refusal(403, 'forbidden'));
  expect(await failing(client(origin.url).call(getMe, {}))).toMatchObject({ code: 'forbidden' });
});

test('a redirect is not followed: the key stays with the origin it was meant for', async () => {
  const elsewhere = (await fakeOrigin()).on(`GET ${ME}`, { json: { id: 'a1' } });
  const origin = (await fakeOrigin()).on(`GET ${ME}`, { status: 307, headers: { location: `${elsewhere.url}${ME}` } });
  await failing(client(origin.url).call(getMe, {}));
  expect(elsewhere.received).toEqual([]);
});

test('nobody there: nothing was sent', async () => {
  const closed = createServer();
  await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve));
  const { port } = closed.address() as { port: number };
  await new Promise((resolve) => closed.close(resolve));
  const error = await failing(client(`http://127.0.0.1:${port}`).run(placeBid, bid));
  expect(error).toMatchObject({ code: 'unreachable', outcome: 'rejected', retryable: true });
  expect(error.message).toContain('Nothing was sent');
});

test('an origin that moves is found again by the next attempt', async () => {
  const gone = await fakeOrigin();
  await gone.close();
  const now = (await fakeOrigin()).on(`POST ${BID}`, placed);
  const homes = [gone.url, gone.url, now.url];
  const moving = client('', { origin: async () => homes.shift() ?? now.url });
  expect(await moving.run(placeBid, bid)).toMatchObject({ outcome: 'done' });
});

test('Retry-After is waited for when there is time, and handed on when there is not', async () => {
  const origin = (await fakeOrigin()).on(`POST ${BID}`, { status: 429, headers: { 'retry-after': '0' } }, placed);
  const waits: string[] = [];
  const onAttempt = (attempt: number, reason: string) => waits.push(`${attempt} ${reason}`);
  expect(await client(origin.url).run(placeBid, bid, { onAttempt })).toMatchObject({ attempts: 2 });
  expect(waits).toEqual(['2 HTTP 429']);
  origin.on(`POST ${BID}`, { status: 429, headers: { 'retry-after': '30' } }, placed);
  const error = await failing(client(origin.url).run(placeBid, bid));
  expect(error).toMatchObject({ code: 'rate_limited', retryAfterSeconds: 30, outcome: 'rejected' });
});

test('how long it waits is what the answer asked for', async () => {
  const waited: number[] = [];
  const clock = {
    now: () => 1_000_000,
    after: (ms: number, run: () => void) => {
      // Attempts' time-outs are left out: 2 s in these profiles.
      if (ms !== 2_000) {
        waited.push(ms);
        setImmediate(run);
      }
      return () => undefined;
    },
  };
  const limited = { status: 429, headers: { 'retry-after': '3' } };
  const origin = (await fakeOrigin()).on(`POST ${BID}`, limited, { status: 503 }, placed);
  await client(origin.url, { clock, rng: () => 0.5 }).run(placeBid, bid);
  expect(waited).toEqual([3_150, 1]);
});

test('X-Should-Retry overrules the status, but never makes a blind repeat', async () => {
  const never = { headers: { 'x-should-retry': 'false' } };
  const origin = (await fakeOrigin()).on(`GET ${ME}`, { status: 503, ...never }, { json: { id: 'a1' } });
  await failing(client(origin.url).call(getMe, {}));
  expect(origin.received).toHaveLength(1);
  const always = { headers: { 'x-should-retry': 'true' } };
  origin.on(`POST ${BID}`, { status: 409, json: { detail: { error: 'busy' } }, ...always }, placed);
  expect(await client(origin.url).run(placeBid, bid)).toMatchObject({ attempts: 2 });
  origin
    .on(SPEC, offering([createLoginLink]))
    .on('POST /api/v1/agents/login-link', { status: 500, ...always }, { json: {} });
  await failing(client(origin.url).run(createLoginLink, { slot: 'l', request: { body: {} } }));
  expect(origin.to('/api/v1/agents/login-link')).toHaveLength(1);
});

test('an empty retry budget means one attempt', async () => {
  const origin = (await fakeOrigin()).on(`POST ${BID}`, { status: 503 }, placed);
  expect(await failing(client(origin.url, { budget: createRetryBudget(0) }).run(placeBid, bid))).toMatchObject({
    outcome: 'unknown',
  });
  expect(origin.received).toHaveLength(1);
});

test('an aborted caller stops waiting at once; the mutation goes on and is waited for at the end', async () => {
  let answer: (reply: typeof placed) => void = () => undefined;
  const held = new Promise<typeof placed>((resolve) => {
    answer = resolve;
  });
  const origin = (await fakeOrigin()).on(`POST ${BID}`, held);
  const sota = client(origin.url);
  const controller = new AbortController();
  const call = failing(sota.run(placeBid, bid, { signal: controller.signal }));
  await vi.waitFor(() => expect(origin.received).toHaveLength(1));
  controller.abort();
  expect(await call).toMatchObject({ code: 'cancelled', outcome: 'unknown' });
  // It is still under way: an equal call joins it.
  const joined = sota.run(placeBid, bid);
  const closed = sota.close(10_000).then(() => 'closed');
  expect(await Promise.race([closed, new Promise((resolve) => setImmediate(resolve, 'waiting'))])).toBe('waiting');
  answer(placed);
  expect(await joined).toMatchObject({ outcome: 'joined', data: placed.json });
  expect(await closed).toBe('closed');
  expect(origin.received).toHaveLength(1);
});

test('an aborted read ends, and one aborted before it began is not sent', async () => {
  const origin = (await fakeOrigin()).on(`GET ${ME}`, 'silence');
  const controller = new AbortController();
  const call = failing(client(origin.url).call(getMe, {}, { signal: controller.signal }));
  await vi.waitFor(() => expect(origin.received).toHaveLength(1));
  controller.abort();
  expect(await call).toMatchObject({ code: 'cancelled', outcome: 'rejected' });
  expect(await failing(client(origin.url).call(getMe, {}, { signal: controller.signal }))).toMatchObject({
    code: 'cancelled',
  });
  expect(await failing(client(origin.url).run(placeBid, bid, { signal: controller.signal }))).toMatchObject({
    code: 'cancelled',
  });
  expect(origin.received).toHaveLength(1);
});

test('closing gives up on a mutation that is not answered within the grace', async () => {
  const origin = (await fakeOrigin()).on(`POST ${BID}`, { status: 503 });
  const profiles = { tool: { ...fastProfiles.tool, backoffBaseMs: 5_000, backoffCapMs: 5_000 } };
  const sota = client(origin.url, { profiles, rng: () => 0.9 });
  const call = failing(sota.run(placeBid, bid));
  await vi.waitFor(() => expect(origin.received).toHaveLength(1));
  await sota.close(0);
  expect(await call).toMatchObject({ outcome: 'unknown' });
});

test('an answer that is too large is not read to its end', async () => {
  const origin = (await fakeOrigin()).on('GET /health', { text: JSON.stringify({ status: 'x'.repeat(5_000) }) });
  expect(await failing(client(origin.url, { maxResponseBytes: 1_000 }).call(health, {}))).toMatchObject({
    code: 'no_answer',
  });
});

test('a 401 asks once for another key and repeats with the same idempotency key', async () => {
  let key = KEY;
  const renew = vi.fn(async () => {
    key = 'sk_live_second0123456789';
    return true;
  });
  const auth = { current: async () => ({ key, source: 'credentials' as const, agentId: 'a1' }), renew };
  const origin = (await fakeOrigin()).on(`POST ${BID}`, refusal(401, 'api_key_revoked'), placed);
  expect(await client(origin.url, { auth }).run(placeBid, bid)).toMatchObject({ outcome: 'done' });
  const [first, second] = origin.to(BID);
  expect([first!.headers['x-api-key'], second!.headers['x-api-key']]).toEqual([KEY, 'sk_live_second0123456789']);
  expect(second!.headers['idempotency-key']).toBe(first!.headers['idempotency-key']);
  origin.on(`POST ${BID}`, refusal(401, 'api_key_revoked'));
  expect(await failing(client(origin.url, { auth }).run(placeBid, bid))).toMatchObject({
    code: 'api_key_revoked',
    httpStatus: 401,
  });
  expect(renew).toHaveBeenCalledTimes(2);
});

test('operations without public evidence are called only where the origin offers them', async () => {
  const origin = (await fakeOrigin()).on(SPEC, offering([placeBid, listAgentJobs, getPostedJob]));
  const sota = client(origin.url);
  const request = { body: { amount_usdc: 5 } };
  const error = await failing(sota.run(withdraw, { slot: 'withdraw', request }));
  expect(error).toMatchObject({ code: 'operation_not_offered', outcome: 'rejected' });
  expect(error.message).toContain('no money moved');
  origin.on('GET /api/v1/jobs/j1', { json: { id: 'j1' } });
  expect(await sota.call(getPostedJob, { params: { job_id: 'j1' } })).toMatchObject({ id: 'j1' });
  expect(origin.to('/api/v1/payouts/withdraw')).toEqual([]);
  expect(origin.to('/api/v1/openapi.json')).toHaveLength(1);
});

test('the nearest paths an origin does offer are named', async () => {
  const paths = { '/payouts/withdrawals': { post: {} }, '/payouts/summary': { get: {} }, '/agents/me': { get: {} } };
  const origin = (await fakeOrigin()).on(SPEC, { json: { servers: [{ url: '/api/v1' }], paths } });
  const error = await failing(client(origin.url).run(withdraw, { slot: 'w', request: { body: { amount_usdc: 5 } } }));
  expect(error.details?.nearest).toEqual(['POST /api/v1/payouts/withdrawals', 'GET /api/v1/payouts/summary']);
});

test('while the offers cannot be read nothing is sent, and reading them is tried again', async () => {
  const origin = (await fakeOrigin()).on(SPEC, { status: 404 }, offering([withdraw]));
  origin.on('POST /api/v1/payouts/withdraw', { json: { withdrawal_id: 'w1' } });
  const sota = client(origin.url);
  const intent = { slot: 'withdraw', request: { body: { amount_usdc: 5 } } };
  expect(await failing(sota.run(withdraw, intent))).toMatchObject({
    code: 'offer_unknown',
    retryable: true,
    outcome: 'rejected',
  });
  expect(await sota.run(withdraw, intent)).toMatchObject({ outcome: 'done' });
});

test('a guessed money operation is repeated blindly only where it is known to honour a key', async () => {
  const intent = { slot: 'create', request: { body: { description: 'd', budget_usdc: 5, tags: ['x'] } } };
  const origin = (await fakeOrigin()).on(SPEC, offering([createJob], { keyed: false }));
  origin.on('POST /api/v1/jobs', 'reset', { json: { id: 'j1' } });
  expect(await failing(client(origin.url).run(createJob, intent))).toMatchObject({
    outcome: 'unknown',
    retryable: false,
  });
  expect(origin.to('/api/v1/jobs')).toHaveLength(1);
  origin.on(SPEC, offering([createJob])).on('POST /api/v1/jobs', 'reset', { json: { id: 'j1' } });
  expect(await client(origin.url).run(createJob, intent)).toMatchObject({ outcome: 'done', attempts: 2 });
});

test('an address that is none is said to be that', async () => {
  expect(await failing(client('not a url').call(health, {}))).toMatchObject({ code: 'bad_origin' });
});

test('no log line carries the key, whatever goes wrong', async () => {
  const origin = (await fakeOrigin()).on(`POST ${BID}`, 'reset', refusal(500, KEY), refusal(400, 'x', { echoed: KEY }));
  const sota = client(origin.url);
  await failing(sota.run(placeBid, bid));
  expect(sota.lines.length).toBeGreaterThan(1);
  expect(sota.lines.join('')).not.toContain(KEY);
});
