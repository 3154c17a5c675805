import { createServer } from 'node:http';
import { type AddressInfo, connect as connectSocket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createClient } from '#client/create-client.ts';
import { createProxyFetch, proxyFor } from '#client/proxy.ts';
import { getMe, heartbeat } from '#contract/operations/agent.ts';
import { fakeOrigin } from '../support/fake-origin.ts';
import { fastProfiles } from '../support/fast-profiles.ts';

describe('which proxy', () => {
  const proxy = 'http://proxy.corp:3128/';
  it.each([
    ['https://api.sota.market', {}, undefined],
    ['https://api.sota.market', { HTTPS_PROXY: proxy }, proxy],
    ['https://api.sota.market', { https_proxy: proxy, HTTPS_PROXY: 'http://other/' }, proxy],
    ['https://api.sota.market', { HTTPS_PROXY: 'proxy.corp:3128' }, proxy],
    ['https://api.sota.market', { HTTP_PROXY: proxy }, undefined],
    ['http://api.sota.market', { HTTP_PROXY: proxy }, proxy],
    ['https://api.sota.market', { HTTPS_PROXY: proxy, NO_PROXY: 'a.b, sota.market' }, undefined],
    ['https://api.sota.market', { HTTPS_PROXY: proxy, NO_PROXY: '.sota.market' }, undefined],
    ['https://api.sota.market', { HTTPS_PROXY: proxy, NO_PROXY: '*' }, undefined],
    ['https://api.sota.market', { HTTPS_PROXY: proxy, NO_PROXY: 'market' }, undefined],
    ['https://api.sota.market', { HTTPS_PROXY: proxy, NO_PROXY: 'ota.market' }, proxy],
    ['https://api.sota.market', { HTTPS_PROXY: proxy, NO_PROXY: 'sota.market:8443' }, proxy],
    ['https://api.sota.market:8443', { HTTPS_PROXY: proxy, NO_PROXY: 'sota.market:8443' }, undefined],
    ['http://127.0.0.1:3001', { HTTP_PROXY: proxy }, undefined],
    ['http://localhost:3001', { HTTP_PROXY: proxy }, undefined],
  ])('%s with %j: %s', (address, env, expected) => expect(proxyFor(address, env).proxy).toBe(expected));

  it('says what is wrong with one it cannot use', () => {
    expect(proxyFor('https://a.b', { HTTPS_PROXY: 'socks5://x:1' }).problem).toContain('socks5');
  });
});

/** A proxy that opens tunnels, all of them to one place, whatever name was asked for. */
async function tunnelProxy(target: string, refuse?: number | 'hangs up') {
  const { port } = new URL(target);
  const asked: string[] = [];
  const server = createServer();
  server.on('connect', (incoming, client, head) => {
    asked.push(String(incoming.url));
    if (refuse === 'hangs up') return void client.destroy();
    if (refuse) return void client.end(`HTTP/1.1 ${refuse} No\r\ncontent-length: 0\r\n\r\n`);
    const upstream = connectSocket(Number(port), '127.0.0.1', () => {
      client.write('HTTP/1.1 200 OK\r\n\r\n');
      upstream.write(head);
      upstream.pipe(client).pipe(upstream);
    });
    for (const socket of [client, upstream]) socket.on('error', () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

function clientThrough(proxy: string) {
  const fetch = createProxyFetch({ HTTP_PROXY: proxy });
  return createClient({
    origin: async () => 'http://sota.example:8080',
    auth: { current: async () => ({ key: 'sk_live_0123456789abcdef', source: 'environment' }) },
    profiles: fastProfiles,
    fetch: () => fetch,
  });
}

describe('requests through a proxy', () => {
  it('reach the marketplace with their headers and bodies, and answers come back', async () => {
    const origin = await fakeOrigin();
    origin.on('GET /api/v1/agents/me', { json: { id: 'a', name: 'n', status: 'active', capabilities: [] } });
    origin.on('POST /api/v1/agents/heartbeat', { json: { last_seen_at: '2026-01-01T00:00:00Z' } });
    const proxy = await tunnelProxy(origin.url);
    const client = clientThrough(proxy.url);
    expect(await client.call(getMe, {})).toMatchObject({ name: 'n' });
    await client.call(heartbeat, { body: {} });
    expect(proxy.asked[0]).toBe('sota.example:8080');
    expect(origin.received.map(({ headers }) => headers['x-api-key'])).toEqual(
      Array(2).fill('sk_live_0123456789abcdef'),
    );
    expect(origin.received[1]!.body).toEqual({});
  });

  it('that the proxy refuses are known not to have been sent', async () => {
    const origin = await fakeOrigin();
    const proxy = await tunnelProxy(origin.url, 407);
    const error = await clientThrough(proxy.url)
      .call(heartbeat, { body: {} })
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'unreachable', outcome: 'rejected' });
    expect(String((error as Error).message)).toContain('PROXY_407');
    expect(origin.received).toEqual([]);
  });

  it('that end with the proxy before there is a way through are known not to have been sent', async () => {
    const origin = await fakeOrigin();
    const proxy = await tunnelProxy(origin.url, 'hangs up');
    const error = await clientThrough(proxy.url)
      .call(heartbeat, { body: {} })
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'unreachable', outcome: 'rejected' });
    expect(origin.received).toEqual([]);
  });

  it('share a tunnel, and one that breaks under way may have been carried out', async () => {
    const origin = await fakeOrigin();
    origin.on('POST /api/v1/agents/heartbeat', { json: { last_seen_at: '2026-01-01T00:00:00Z' } });
    const proxy = await tunnelProxy(origin.url);
    const client = clientThrough(proxy.url);
    await client.call(heartbeat, { body: {} });
    await client.call(heartbeat, { body: {} });
    expect(proxy.asked).toHaveLength(1);
    origin.on('POST /api/v1/agents/heartbeat', 'reset');
    const error = await client.call(heartbeat, { body: {} }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ outcome: 'unknown' });
  });

  it('for this machine go straight', async () => {
    const origin = await fakeOrigin();
    origin.on('GET /x', { json: {} });
    const fetch = await createProxyFetch({ HTTP_PROXY: 'http://127.0.0.1:9' });
    expect((await fetch(`${origin.url}/x`)).status).toBe(200);
  });
});
