import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { tagTestFor } from '#market/sandbox-content/catalogue.ts';
import { startMarket } from '#market/serve.ts';
import { engineUnderTest, lastingPlace } from '../support/engine.ts';
import { http } from '../support/http.ts';
import { manualClock, startTestMarket, type TestAgent, type TestMarket } from '../support/market.ts';
import { type Listener, listenTo, until } from '../support/realtime.ts';
import { skeleton } from './sandbox-content/skeleton.ts';

/** What happens to jobs, told over a WebSocket as the active mode of public SDK 0.2.0 hears it. */
let market: TestMarket;
const listeners: Listener[] = [];
const listen = async (url: string, version?: string) => {
  const listener = await listenTo(url, version);
  listeners.push(listener);
  return listener;
};
afterEach(async () => {
  for (const listener of listeners.splice(0)) listener.close();
  await market.close();
});
const INSERTS = [{ event: 'INSERT', schema: 'public', table: 'jobs' }];
const UPDATES = [{ event: 'UPDATE', schema: 'public', table: 'jobs' }];
const post = async (by: TestAgent, description = 'Review it') =>
  (
    await by.call('POST', 'jobs', {
      description,
      budget_usdc: 5,
      tags: ['code-review'],
      selection: 'manual',
      bid_window_seconds: 600,
    })
  ).body.id as string;

describe('a listener', () => {
  it.each(['2.0.0', '1.0.0'])('in version %s joins, is told of what it asked for, and leaves', async (version) => {
    market = await startTestMarket();
    const requester = await market.agent('requester');
    const before = await post(requester);
    const listener = await listen(market.url, version);
    expect(await listener.ask('phoenix', 'heartbeat', {})).toEqual({ status: 'ok', response: {} });
    const joined = await listener.ask('realtime:agent-jobs', 'phx_join', { config: { postgres_changes: INSERTS } });
    expect(joined).toEqual({
      status: 'ok',
      response: { postgres_changes: [{ ...INSERTS[0], id: expect.any(Number) }] },
    });
    const id = await post(requester, 'A new one');
    const told = await listener.next((message) => message.event === 'postgres_changes');
    expect(told).toMatchObject({
      topic: 'realtime:agent-jobs',
      payload: {
        ids: [joined.response.postgres_changes[0].id],
        data: {
          type: 'INSERT',
          schema: 'public',
          table: 'jobs',
          record: { id, description: 'A new one', budget_usdc: 5, tags: ['code-review'], status: 'bidding' },
          errors: null,
        },
      },
    });
    expect(told.payload.data.columns).toContainEqual({ name: 'budget_usdc', type: 'float8' });
    expect(await listener.ask('realtime:agent-jobs', 'phx_leave', {})).toEqual({ status: 'ok', response: {} });
    await post(requester, 'Nobody listens');
    await listener.ask('phoenix', 'heartbeat', {});
    expect(listener.changes().map(({ record }) => record.id)).toEqual([id]);
    expect(listener.changes().map(({ record }) => record.id)).not.toContain(before);
  });

  it('hears each step once and in order, of its filter alone, and nothing that is between the two sides', async () => {
    market = await startTestMarket();
    const [requester, worker] = [await market.agent('requester'), await market.agent('worker')];
    const [all, mine] = [await listen(market.url), await listen(market.url)];
    await all.ask('realtime:agent-job-updates', 'phx_join', { config: { postgres_changes: UPDATES } });
    const filter = `winner_agent_id=eq.${worker.id}`;
    await mine.ask('realtime:mine', 'phx_join', { config: { postgres_changes: [{ ...UPDATES[0], filter }] } });
    const id = await post(requester);
    const offer = { job_id: id, amount_usdc: 4, estimated_seconds: 600 };
    const bid_id = (await worker.call('POST', 'agents/bid', offer)).body.id;
    await requester.call('POST', `jobs/${id}/award`, { bid_id });
    await worker.call('POST', `agents/jobs/${id}/accept`, {});
    await worker.call('POST', 'agents/deliver', { job_id: id, result: 'the secret result' });
    const told = () => all.changes().filter(({ record }) => record.id === id);
    await until(() => told().some(({ record }) => record.status === 'completed'));
    await requester.call('POST', `jobs/${id}/request-changes`, { feedback: 'secret words' });
    await until(() => told().length > 3);
    expect(told().map(({ type, record }) => [type, record.status])).toEqual(
      ['assigned', 'executing', 'completed', 'executing'].map((status) => ['UPDATE', status]),
    );
    await until(() => mine.changes().some(({ record }) => record.status === 'completed'));
    expect(mine.changes().every(({ record }) => record.winner_agent_id === worker.id)).toBe(true);
    expect(JSON.stringify(all.changes())).not.toContain('secret');
    expect(all.changes()[0]?.record).not.toHaveProperty('escrow');
  });

  it('is refused a table that is not told of', async () => {
    market = await startTestMarket();
    const listener = await listen(market.url);
    const config = { postgres_changes: [{ event: '*', schema: 'public', table: 'api_keys' }] };
    expect(await listener.ask('realtime:x', 'phx_join', { config })).toMatchObject({ status: 'error' });
  });
});

describe('nobody listens', () => {
  const status = async (target: string, headers: Record<string, string> = {}) => {
    const { port } = new URL(market.url);
    const socket = connect(Number(port), '127.0.0.1');
    const all = {
      Host: `127.0.0.1:${port}`,
      Connection: 'Upgrade',
      Upgrade: 'websocket',
      'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
      'Sec-WebSocket-Version': '13',
      ...headers,
    };
    const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
    socket.write(`GET ${target} HTTP/1.1\r\n${lines.join('')}\r\n`);
    const text = await new Promise<string>((resolve) => socket.once('data', (chunk) => resolve(chunk.toString())));
    return { code: Number(text.split(' ')[1]), text, socket };
  };
  const target = async () => {
    const { supabase_anon_key } = (await http('GET', `${market.url}/api/v1/developer/config`)).body;
    return `/realtime/v1/websocket?apikey=${supabase_anon_key}&vsn=2.0.0`;
  };

  it('without the key, from a page of elsewhere, by another name, or somewhere else', async () => {
    market = await startTestMarket();
    const right = await target();
    const codes = [
      (await status('/realtime/v1/websocket?apikey=wrong')).code,
      (await status(right, { Origin: 'https://evil.test' })).code,
      (await status(right, { Host: 'rebound.test' })).code,
      (await status(right.replace('/realtime', '/elsewhere'))).code,
      (await status(right, { 'Sec-WebSocket-Version': '8' })).code,
    ];
    expect(codes).toEqual([401, 403, 403, 404, 426]);
    const { code, text, socket } = await status(right);
    expect(code).toBe(101);
    // The sample of RFC 6455, section 1.3.
    expect(text).toContain('s3pPLMBiTxaQ9kYGzzhZRbK+xOo=');
    socket.destroy();
  });

  it.each([
    ['unmasked', Buffer.from([0x81, 0x01, 0x61]), 1002],
    ['too long', Buffer.from([0x81, 0xff, 0, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 0]), 1009],
    ['binary', Buffer.from([0x82, 0x80, 0, 0, 0, 0]), 1003],
    ['in two halves of which the first is missing', Buffer.from([0x80, 0x80, 0, 0, 0, 0]), 1002],
  ])('who sends what is %s', async (_what, bytes, code) => {
    market = await startTestMarket();
    const { socket } = await status(await target());
    const answer = new Promise<Buffer>((resolve) => socket.once('data', resolve));
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.write(bytes);
    expect((await answer).readUInt16BE(2)).toBe(code);
    await closed;
  });

  it('off loopback, where it is not offered', async () => {
    const place = await lastingPlace();
    market = await startTestMarket();
    const open = await startMarket({ ...place, port: 0, host: '0.0.0.0' });
    try {
      const { body } = await http('GET', `${open.url}/api/v1/developer/config`);
      expect([body.supabase_url, body.supabase_anon_key]).toEqual(['', '']);
      await expect(listenTo(open.url, '2.0.0', (await target()).split('=')[1]?.split('&')[0])).rejects.toThrow();
    } finally {
      await open.close();
    }
  });
});

const onSeveralProcesses = engineUnderTest() === 'postgres' ? it : () => {};
onSeveralProcesses('hears what another process does', async () => {
  const [place, clock] = [await lastingPlace(), manualClock()];
  market = await startTestMarket();
  const [one, other] = [
    await startMarket({ ...place, port: 0, clock }),
    await startMarket({ ...place, port: 0, clock }),
  ];
  try {
    const listener = await listen(one.url);
    await listener.ask('realtime:agent-jobs', 'phx_join', { config: { postgres_changes: INSERTS } });
    const body = { email: 'r@example.test', password: 'correct horse', agent_name: 'r', capabilities: ['code-review'] };
    const { api_key: key } = (await http('POST', `${other.url}/api/v1/agents/register/simple`, { body })).body;
    const job = { description: 'Elsewhere', budget_usdc: 5, tags: ['code-review'] };
    const { id } = (await http('POST', `${other.url}/api/v1/jobs`, { key, body: job })).body;
    await until(() => listener.changes().some(({ record }) => record.id === id));
  } finally {
    await one.close();
    await other.close();
  }
});

it('an agent as the public SDKs build it goes from the sandbox to its pay', async () => {
  market = await startTestMarket();
  const requester = await market.agent('requester', { tags: ['code-review', 'statistics'] });
  const agent = await market.agent('sdk', { tags: ['statistics'], active: false });
  const sandbox = async () => (await agent.call('GET', 'agents/jobs')).body.jobs;
  for (let open = await sandbox(); open.length > 0; open = await sandbox()) {
    for (const test of open.filter(({ status }: { status: string }) => status === 'assigned')) {
      const answer =
        test.origin === 'tag_test' ? tagTestFor(test.capability)?.solve(test) : skeleton(test.expected_schema);
      const { body } = await agent.call('POST', `agents/test-jobs/${test.id}/deliver`, {
        result: JSON.stringify(answer),
      });
      expect(body.passed).toBe(true);
    }
  }
  await agent.call('POST', 'agents/request-review');
  await market.advanceHours(1);
  expect((await agent.call('GET', 'agents/me')).body.status).toBe('active');

  // The active mode: a token, the socket of developer/config, two channels, and everything else by what they say.
  expect((await agent.call('POST', 'agents/token')).body.expires_in).toBe(900);
  const config = (await http('GET', `${market.url}/api/v1/developer/config`)).body;
  const listener = await listen(config.supabase_url);
  const did: Promise<unknown>[] = [];
  listener.onChange(({ type, record }) => {
    const job_id = record.id;
    if (type === 'INSERT' && (record.tags as string[]).includes('statistics')) {
      did.push(agent.call('POST', 'agents/bid', { job_id, amount_usdc: record.budget_usdc, estimated_seconds: 300 }));
    }
    if (type !== 'UPDATE' || record.winner_agent_id !== agent.id) return;
    if (record.status === 'assigned') did.push(agent.call('POST', `agents/jobs/${job_id}/accept`));
    if (record.status === 'executing') did.push(agent.call('POST', 'agents/deliver', { job_id, result: '{"mean":2}' }));
  });
  await listener.ask('realtime:agent-jobs', 'phx_join', { config: { postgres_changes: INSERTS } });
  await listener.ask('realtime:agent-job-updates', 'phx_join', { config: { postgres_changes: UPDATES } });

  const offer = { description: 'Mean of 1 and 3', budget_usdc: 10, tags: ['statistics'], bid_window_seconds: 60 };
  const { id } = (await requester.call('POST', 'jobs', offer)).body;
  const job = async () => (await requester.call('GET', `jobs/${id}`)).body;
  await until(async () => (await job()).bids_count === 1);
  await market.passSeconds(60);
  await until(async () => (await job()).status === 'completed');
  await Promise.all(did);
  expect((await requester.call('POST', `jobs/${id}/accept-delivery`, { rating: 5 })).status).toBe(200);
  expect((await agent.call('GET', 'payouts/summary')).body.available_usdc).toBe(9);
});
