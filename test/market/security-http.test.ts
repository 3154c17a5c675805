import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { operations } from '#contract/operations/registry.ts';
import { createLogger } from '#kit/log.ts';
import { ADMIN_TOKEN_HEADER } from '#market/http/gate.ts';
import type { RateLimits } from '#market/http/rate-limit.ts';
import type { RunningMarket, ServeOptions } from '#market/serve.ts';
import { http } from '../support/http.ts';
import { manualClock, startOnEngine } from '../support/market.ts';
import { rawHttp, wire } from '../support/raw-http.ts';
import { startReceiver } from '../support/webhook-receiver.ts';

/** What keeps strangers, web pages and misbehaving clients from doing harm. */
let running: RunningMarket;
afterEach(() => running.close());
const start = async (options: Partial<ServeOptions> = {}) => {
  running = await startOnEngine(options);
  return running.url;
};
const registration = (changes: Record<string, unknown> = {}) => ({
  email: 'owner@example.test',
  password: 'correct horse',
  agent_name: 'tester',
  capabilities: ['code-review'],
  ...changes,
});
const register = (url: string, changes: Record<string, unknown> = {}, headers: Record<string, string> = {}) =>
  http('POST', `${url}/api/v1/agents/register/simple`, { body: registration(changes), headers });

describe('on loopback', () => {
  const get = async (host: string) =>
    rawHttp(running.url, `GET /_local/status HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);

  it('only names of this machine are answered, so that a name pointed at it by a web page is not', async () => {
    const port = new URL(await start()).port;
    for (const host of [`127.0.0.1:${port}`, `localhost:${port}`, 'LOCALHOST', `[::1]:${port}`, '127.1.2.3']) {
      expect((await get(host)).status, host).toBe(200);
    }
    for (const host of [
      'evil.example',
      `evil.example:${port}`,
      '127.0.0.1.evil.example',
      'localhost.evil.example',
      '[::2]',
      '',
    ]) {
      expect((await get(host)).status, host).toBe(403);
    }
  });

  it('pages of other origins may neither read nor act', async () => {
    const url = await start();
    const { body } = await register(url);
    const fund = (origin: string) =>
      http('POST', `${url}/_local/fund`, {
        text: JSON.stringify({ agent_id: body.agent_id, amount_usdc: 7 }),
        headers: { Origin: origin, 'Content-Type': 'text/plain' },
      });
    for (const origin of ['https://evil.example', 'http://127.0.0.1:1', 'http://localhost', 'null']) {
      expect(await fund(origin), origin).toMatchObject({ status: 403, body: { detail: { error: 'forbidden' } } });
    }
    const spending = async () =>
      (await http('GET', `${url}/api/v1/payouts/summary`, { key: body.api_key })).body.spending_usdc;
    expect(await spending()).toBe(100);
    expect((await fund(url)).status).toBe(200);
    expect(await spending()).toBe(107);
  });

  it('no answer to anybody allows another origin', async () => {
    const url = await start();
    for (const { path, method } of operations) {
      const address = url + path.replace(/\{\w+\}/g, 'x');
      const preflight = await http('OPTIONS', address, { headers: { 'Access-Control-Request-Method': method } });
      expect([404, 405], path).toContain(preflight.status);
      const foreign = await http('OPTIONS', address, { headers: { Origin: 'https://evil.example' } });
      expect(foreign.status).toBe(403);
      for (const answer of [preflight, foreign, await http('GET', address)]) {
        expect([...answer.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
      }
    }
  });

  it('every answer forbids to keep it or to guess what it is', async () => {
    const url = await start();
    for (const path of ['/health', '/api/v1/agents/me', '/nowhere', '/api/v1/docs', '/onboard.md', '/verify']) {
      const { headers } = await http('GET', url + path);
      expect(headers.get('cache-control'), path).toBe('no-store');
      expect(headers.get('x-content-type-options'), path).toBe('nosniff');
    }
  });
});

describe('off loopback', () => {
  /** An address of this machine alone, spelled so that it counts as any other. */
  const host = '::ffff:127.0.0.1';
  const local = (path: string, token?: string) =>
    http('GET', running.url.replace('[::ffff:127.0.0.1]', '127.0.0.1') + path, {
      headers: token === undefined ? {} : { [ADMIN_TOKEN_HEADER]: token },
    });

  it('playing admin needs the token that was printed, whatever way the path is written', async () => {
    await start({ host });
    const { adminToken } = running;
    expect(adminToken).toMatch(/^admin_.{32}$/);
    for (const path of ['/_local/status', '/%5Flocal/status', '/_local/audit', '/_local/outbox/page', '/_local/none']) {
      for (const wrong of [undefined, '', 'admin_', `${adminToken}x`]) {
        expect((await local(path, wrong)).status, `${path} ${wrong}`).toBe(403);
      }
    }
    expect((await local('/_local/status', adminToken)).status).toBe(200);
    expect((await local('/_local/none', adminToken)).status).toBe(404);
    expect((await local('/health')).status).toBe(200);
  });

  it('any name is answered, the token may be given, and webhooks go to public addresses only', async () => {
    const token = 'one that several processes share';
    await start({ host, adminToken: token });
    const url = running.url.replace('[::ffff:127.0.0.1]', '127.0.0.1');
    const named = await rawHttp(url, 'GET /health HTTP/1.1\r\nHost: market.example.com\r\nConnection: close\r\n\r\n');
    expect(named.status).toBe(200);
    expect((await local('/_local/status', token)).status).toBe(200);
    const refused = await register(url, { webhook_url: 'http://127.0.0.1:9/hook' });
    expect(refused).toMatchObject({ status: 422, body: { detail: { error: 'invalid_webhook_url' } } });
  });

  it('links lead where the marketplace says it is, not where a caller says', async () => {
    await start({ host, adminToken: 't', publicUrl: 'https://market.example.com' });
    const url = running.url.replace('[::ffff:127.0.0.1]', '127.0.0.1');
    await register(url);
    const body = JSON.stringify({ email: 'owner@example.test' });
    const lines = ['POST /api/v1/auth/magic-link HTTP/1.1', 'Host: evil.example', `Content-Length: ${body.length}`];
    await rawHttp(url, [...lines, 'Connection: close', '', body].join('\r\n'));
    const { mails } = (await local('/_local/outbox', 't')).body;
    expect(mails[0].body).toContain('https://market.example.com/login?token=');
    const device = await http('POST', `${url}/api/v1/auth/device-code`);
    expect(device.body.verify_url).toMatch(/^https:\/\/market\.example\.com\/verify/);
  });
});

describe('rate limits', () => {
  const clock = manualClock();
  const limits: RateLimits = { registrationsPerMinute: 3, signInsPerMinute: 4, perEmailPerMinute: 2 };
  const limited = (changes: Partial<RateLimits> = {}) =>
    start({ clock, settings: { rateLimits: { ...limits, ...changes } } });
  const tooMany = { status: 429, body: { detail: { error: 'rate_limited', retry_after: expect.any(Number) } } };

  it('count registrations by address, and say when the next one is welcome', async () => {
    const url = await limited();
    for (let turn = 0; turn < 3; turn += 1)
      expect((await register(url, { email: `a${turn}@example.test` })).status).toBe(200);
    const refused = await register(url, { email: 'late@example.test' });
    expect(refused).toMatchObject(tooMany);
    const wait = Number(refused.headers.get('retry-after'));
    expect(wait).toBe(refused.body.detail.retry_after);
    clock.forward(wait * 1000 - 1);
    expect((await register(url, { email: 'late@example.test' })).status).toBe(429);
    clock.forward(1);
    expect((await register(url, { email: 'late@example.test' })).status).toBe(200);
  });

  it('are not fooled by a forwarding header, and refuse before anything is looked at', async () => {
    const url = await limited();
    for (let turn = 0; turn < 3; turn += 1) await register(url, {}, { 'X-Forwarded-For': `10.0.0.${turn}` });
    const garbage = await http('POST', `${url}/api/v1/agents/register/simple`, {
      text: 'not json',
      headers: { 'X-Forwarded-For': '10.0.0.9' },
    });
    expect(garbage).toMatchObject(tooMany);
  });

  it('count recoveries and registrations together', async () => {
    const url = await limited();
    const recover = () => http('POST', `${url}/api/v1/agents/recover`, { body: { recovery_token: 'rec_guess' } });
    for (let turn = 0; turn < 3; turn += 1) expect((await recover()).status).toBe(401);
    expect(await recover()).toMatchObject(tooMany);
    expect(await register(url)).toMatchObject(tooMany);
  });

  it('count passwords tried and letters sent per e-mail address, however it is written', async () => {
    const url = await limited({ registrationsPerMinute: 100, signInsPerMinute: 100 });
    await register(url);
    expect((await register(url, { email: 'OWNER@example.test', password: 'a wrong guess' })).status).toBe(401);
    expect(await register(url, { password: 'another guess' })).toMatchObject(tooMany);
    expect(
      await http('POST', `${url}/api/v1/auth/magic-link`, { body: { email: ' owner@example.test' } }),
    ).toMatchObject({
      status: 422,
    });
    expect(
      await http('POST', `${url}/api/v1/auth/magic-link`, { body: { email: 'owner@example.test' } }),
    ).toMatchObject(tooMany);
    expect((await register(url, { email: 'other@example.test' })).status).toBe(200);
  });

  it('count logins by address', async () => {
    const url = await limited();
    const begin = () => http('POST', `${url}/api/v1/auth/device-code`);
    for (let turn = 0; turn < 4; turn += 1) expect((await begin()).status).toBe(200);
    expect(await begin()).toMatchObject(tooMany);
  });

  it('leave work alone, and can be lifted', async () => {
    const url = await limited({ registrationsPerMinute: 0, perEmailPerMinute: 0 });
    let key = '';
    for (let turn = 0; turn < 5; turn += 1) key = (await register(url, { agent_name: `n${turn}` })).body.api_key;
    for (let turn = 0; turn < 50; turn += 1) {
      expect((await http('POST', `${url}/api/v1/agents/heartbeat`, { key })).status).toBe(200);
    }
  });
});

describe('a client that dribbles', () => {
  it.each([
    ['its headers', 'GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow'],
    ['its body', 'POST /api/v1/auth/magic-link HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n\r\n{"em'],
  ])('%s is cut off, and the others are served meanwhile', async (_what, beginning) => {
    const url = await start({ limits: { headersMs: 150, requestMs: 300 } });
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    let answer = '';
    socket.on('data', (chunk: Buffer) => {
      answer += chunk.toString();
    });
    socket.on('error', () => {});
    socket.write(beginning);
    expect((await http('GET', `${url}/health`)).status).toBe(200);
    await once(socket, 'close');
    expect(answer).toMatch(/^HTTP\/1.1 408 /);
  });
});

describe('a request that is too much', () => {
  it('in its headers is refused by its size', async () => {
    const url = await start();
    const answer = await rawHttp(url, wire(url, ['GET /health HTTP/1.1', `X-Large: ${'x'.repeat(20_000)}`]));
    expect(answer.status).toBe(431);
  });

  it('in a body that does not say its length is refused while it comes', async () => {
    const url = await start();
    const chunk = `100000\r\n${'x'.repeat(0x100000)}\r\n`;
    const lines = ['POST /api/v1/auth/magic-link HTTP/1.1', 'Transfer-Encoding: chunked'];
    const answer = await rawHttp(url, wire(url, lines, `${chunk.repeat(9)}0\r\n\r\n`));
    expect(answer).toMatchObject({ status: 413, body: { detail: { error: 'payload_too_large' } } });
  });

  it.each([
    ['nests too deep', `{"parameters":${'['.repeat(100_000)}${']'.repeat(100_000)}}`, 'json_too_deep'],
    ['spells no Unicode', '{"job_id":"\\ud800"}', 'string_unicode'],
    ['spells no Unicode deep inside', '{"parameters":{"a":[{"\\udc00":1}]}}', 'string_unicode'],
    ['holds a NUL', JSON.stringify({ description: 'a\0b', budget_usdc: 1, tags: ['code-review'] }), 'string_nul'],
  ])('or %s is refused in words', async (_what, text, type) => {
    const url = await start();
    const { body } = await register(url);
    const answer = await http('POST', `${url}/api/v1/jobs`, { key: body.api_key, text });
    expect(answer).toMatchObject({ status: 422, body: { detail: [{ type }] } });
  });

  it('or holds a NUL in its path is a 422 as well', async () => {
    const url = await start();
    const { body } = await register(url);
    expect((await http('GET', `${url}/api/v1/agents/jobs/%00`, { key: body.api_key })).status).toBe(422);
  });
});

describe('the log', () => {
  it('tells what happens without a single secret, whatever goes wrong', async () => {
    const lines: string[] = [];
    const fields: unknown[] = [];
    const logger = createLogger({ write: (line) => void lines.push(line) });
    const log = {
      info: (event: string, detail?: Readonly<Record<string, unknown>>) => {
        fields.push([event, detail]);
        logger.info(event, detail);
      },
      error: (event: string, detail?: Readonly<Record<string, unknown>>) => {
        fields.push([event, detail]);
        logger.error(event, detail);
      },
    };
    const receiver = await startReceiver();
    receiver.answer(500);
    const url = await start({ log });
    const api = `${url}/api/v1`;
    const password = 'a password to look for';
    const { body } = await register(url, { password, webhook_url: receiver.url });
    const secrets = [password, body.api_key, body.webhook_secret, body.recovery_token];
    await register(url, { password: 'a wrong one to look for' });
    const rotated = (await http('POST', `${api}/agents/keys/rotate`, { key: body.api_key })).body.api_key;
    const login = new URL((await http('POST', `${api}/agents/login-link`, { key: rotated })).body.url);
    await http('POST', `${api}/auth/magic-link`, { body: { email: 'owner@example.test' } });
    const [letter] = (await http('GET', `${url}/_local/outbox`)).body.mails;
    const device = (await http('POST', `${api}/auth/device-code`)).body;
    const session = await http('POST', login.href);
    const cookie = session.headers.get('set-cookie')?.split(/[=;]/)[1] ?? '';
    await http('POST', `${url}/verify`, {
      text: `code=${device.user_code}&decision=approve&email=owner@example.test&password=${encodeURIComponent(password)}`,
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
    });
    const tokens = (await http('POST', `${api}/auth/device-poll`, { body: { device_code: device.device_code } })).body;
    const realtime = (await http('POST', `${api}/agents/token`, { key: rotated })).body.token;
    secrets.push(rotated, login.searchParams.get('token') ?? '', /token=(\S+)/.exec(letter.body)?.[1] ?? '');
    secrets.push(device.device_code, cookie, tokens.access_token, tokens.refresh_token, realtime);
    await running.market.context.webhooks.idle();

    // The database breaks in the middle of a request that carries secrets.
    await running.market.db.schema.dropTable('outbox').execute();
    expect((await http('POST', `${api}/auth/magic-link`, { body: { email: 'owner@example.test' } })).status).toBe(500);
    await running.market.db.schema.alterTable('agents').renameTo('gone').execute();
    expect(
      (await http('POST', `${api}/agents/recover`, { body: { recovery_token: body.recovery_token } })).status,
    ).toBe(500);
    expect((await http('GET', `${api}/agents/me`, { key: rotated })).status).toBe(500);
    await running.market.db.schema.alterTable('gone').renameTo('agents').execute();

    expect(lines.some((line) => line.includes('mail_written'))).toBe(true);
    expect(lines.filter((line) => line.includes('request_failed')).length).toBe(3);
    for (const secret of secrets) {
      expect(secret.length).toBeGreaterThan(15);
      // Neither after the redactor nor before it.
      expect(lines.join('')).not.toContain(secret);
      expect(JSON.stringify(fields)).not.toContain(secret);
    }
    await receiver.close();
  });
});
