import { createConnection } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startMarket } from '#market/serve.ts';
import { type HttpAnswer, http } from '../../support/http.ts';

/** Faults as a client meets them, over real sockets. What happened is then read without any. */
let running: Awaited<ReturnType<typeof startMarket>>;
let key: string;

beforeEach(async () => {
  running = await startMarket({ port: 0, data: ':memory:' });
  key = (await register('first')).body.api_key;
});
afterEach(() => running.close());

const register = (name: string): Promise<HttpAnswer> =>
  http('POST', `${running.url}/api/v1/agents/register/simple`, {
    body: { email: `${name}@example.test`, password: 'correct horse', agent_name: name, capabilities: ['sql-query'] },
  });
const faults = (spec: string) => http('POST', `${running.url}/_local/faults`, { body: { spec } });
const me = () => http('GET', `${running.url}/api/v1/agents/me`, { key });
const rename = (description: string) =>
  http('PATCH', `${running.url}/api/v1/agents/me`, { key, body: { description } });
/** What stands in the database. */
const described = async () => {
  const agents = await running.market.db.selectFrom('agents').select('description').execute();
  return agents[0]?.description;
};

/** The bytes a bare socket gets for a request, and how the connection ended. */
async function raw(path: string): Promise<{ text: string; end: 'fin' | 'rst' }> {
  const socket = createConnection(Number(new URL(running.url).port), '127.0.0.1');
  socket.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nX-API-Key: ${key}\r\n\r\n`);
  let text = '';
  let end: 'fin' | 'rst' = 'fin';
  socket.on('data', (chunk) => {
    text += chunk.toString();
  });
  socket.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'ECONNRESET') end = 'rst';
  });
  await new Promise((resolve) => socket.once('close', resolve));
  return { text, end };
}

describe('a request that is lost', () => {
  it.each([
    ['drop-before', null],
    ['reset-before', null],
    ['drop-after', 'changed'],
    ['reset-after', 'changed'],
  ])('%s: the client learns nothing, and what happened is %j', async (kind, expected) => {
    await faults(`${kind} update_me`);
    await expect(rename('changed')).rejects.toThrow();
    expect(await described()).toBe(expected);
    expect((await me()).status).toBe(200);
  });

  it('is closed or reset, as it says, without a byte', async () => {
    await faults('drop-after get_me #1; reset-after get_me #2; drop-before get_me #3; reset-before get_me #4');
    const ends = [];
    for (let i = 0; i < 4; i += 1) ends.push(await raw('/api/v1/agents/me'));
    expect(ends).toEqual([
      { text: '', end: 'fin' },
      { text: '', end: 'rst' },
      { text: '', end: 'fin' },
      { text: '', end: 'rst' },
    ]);
  });
});

describe('an answer that is spoiled', () => {
  it('breaks off in its body although everything happened', async () => {
    await faults('cut-body update_me #1; cut-body get_me #1');
    await expect(rename('changed')).rejects.toThrow();
    expect(await described()).toBe('changed');
    const { text } = await raw('/api/v1/agents/me');
    const [head = '', body = ''] = text.split('\r\n\r\n');
    const promised = Number(/content-length: (\d+)/i.exec(head)?.[1]);
    expect(head).toContain('200');
    expect(body.length).toBeGreaterThan(0);
    expect(body.length).toBeLessThan(promised);
  });

  it('comes whole, in pieces, when it is slow', async () => {
    await faults('slow-body=80 get_me');
    const answer = await fetch(`${running.url}/api/v1/agents/me`, { headers: { 'X-API-Key': key } });
    const pieces: Uint8Array[] = [];
    for await (const piece of answer.body ?? []) pieces.push(piece);
    expect(JSON.parse(Buffer.concat(pieces).toString())).toMatchObject({ name: 'first' });
    expect(pieces.length).toBeGreaterThan(2);
  });

  it.each([
    ['500', 'internal_error'],
    ['503', 'service_unavailable'],
  ])('is a %s of the marketplace, before or after', async (status, code) => {
    await faults(`${status}-before update_me #1; ${status}-after update_me #2`);
    expect(await rename('changed')).toMatchObject({ status: Number(status), body: { detail: { error: code } } });
    expect(await described()).toBe(null);
    expect((await rename('changed')).status).toBe(Number(status));
    expect(await described()).toBe('changed');
  });

  it('is the 502 of a proxy, in its own words', async () => {
    await faults('502-before update_me #1; 502-after update_me #2');
    const answer = await rename('changed');
    expect(answer).toMatchObject({ status: 502, body: expect.stringContaining('Bad Gateway') });
    expect(answer.headers.get('content-type')).toBe('text/html');
    expect(await described()).toBe(null);
    await rename('changed');
    expect(await described()).toBe('changed');
  });

  it('asks to wait, with the seconds in header and body', async () => {
    await faults('429=7 update_me #1');
    const answer = await rename('changed');
    expect(answer).toMatchObject({ status: 429, body: { detail: { error: 'rate_limited', retry_after: 7 } } });
    expect(answer.headers.get('retry-after')).toBe('7');
    expect(await described()).toBe(null);
  });

  it('comes after others when it is delayed', async () => {
    await faults('delay=300 update_me #1');
    const order: string[] = [];
    await Promise.all([
      rename('late').then(() => order.push('delayed')),
      me()
        .then(() => me())
        .then(() => order.push('not delayed')),
    ]);
    expect(order).toEqual(['not delayed', 'delayed']);
    expect(await described()).toBe('late');
  });
});

describe('/_local/faults', () => {
  it('adds, counts and removes, and is itself never struck', async () => {
    expect((await faults('500-before *')).body.faults).toMatchObject([
      { id: 'fault_1', rule: '500-before *', struck: 0 },
    ]);
    expect((await me()).status).toBe(500);
    expect((await http('GET', `${running.url}/_local/faults`)).body.faults).toMatchObject([{ matched: 1, struck: 1 }]);
    expect((await http('DELETE', `${running.url}/_local/faults`)).body).toEqual({ cleared: 1 });
    expect((await me()).status).toBe(200);
  });

  it('teaches', async () => {
    const answer = await faults('drop-after delivr');
    expect(answer.status).toBe(422);
    expect(answer.body.detail.fields[0]).toMatchObject({
      loc: ['body', 'spec'],
      msg: expect.stringContaining('did you mean deliver?'),
    });
  });

  it('can be there from the start', async () => {
    await running.close();
    running = await startMarket({ port: 0, data: ':memory:', faults: '503-before register_simple #1' });
    expect((await register('second')).status).toBe(503);
    expect((await register('second')).status).toBe(200);
  });
});

it('a repeat with the same key after a lost answer finds that it happened, once', async () => {
  const body = { description: 'x', budget_usdc: 1, tags: ['sql-query'] };
  const post = () => http('POST', `${running.url}/api/v1/jobs`, { key, body, headers: { 'Idempotency-Key': 'k-1' } });
  await faults('drop-after create_job #1');
  await expect(post()).rejects.toThrow();
  const again = await post();
  expect(again.headers.get('idempotent-replayed')).toBe('true');
  expect(await running.market.db.selectFrom('jobs').select('id').execute()).toEqual([{ id: again.body.id }]);
});
