import { createServer } from 'node:http';
import { type AddressInfo, connect as connectTo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { runCli } from '../cli/run-cli.ts';
import { fakeOrigin } from '../support/fake-origin.ts';
import { connect, temporaryHome } from '../support/mcp-clients.ts';

it('the shipped server goes through HTTPS_PROXY, and names it when the proxy says no', async () => {
  const asked: string[] = [];
  const proxy = createServer();
  proxy.on('connect', (request, client) => {
    asked.push(String(request.url));
    client.on('error', () => undefined);
    client.end('HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n');
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void proxy.close());
  const home = temporaryHome();
  onTestFinished(() => home.remove());
  const env = {
    HTTPS_PROXY: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    SOTA_API_KEY: 'sk_live_0123456789abcdef',
    SOTA_HOME: home.path,
  };
  const client = await connect('v2 modern', { args: ['--api-url', 'https://sota.example'], env });
  const error = await client.refusal('get_status');
  await client.close();
  expect(asked[0]).toBe('sota.example:443');
  expect(error).toMatchObject({ code: 'unreachable' });
  expect(JSON.stringify(error)).toContain('PROXY_407');
});

it('what it asks arrives through the proxy, and the answer comes back', async () => {
  const origin = await fakeOrigin();
  origin.on('GET /api/v1/agents/me', { json: { id: 'agent-1', name: 'behind', status: 'active', capabilities: [] } });
  const asked: string[] = [];
  const proxy = createServer();
  proxy.on('connect', (request, client) => {
    asked.push(String(request.url));
    const onward = connectTo(Number(new URL(origin.url).port), '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      onward.pipe(client);
      client.pipe(onward);
    });
    for (const socket of [client, onward]) socket.on('error', () => undefined);
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void proxy.close());
  const home = temporaryHome();
  onTestFinished(() => home.remove());
  const env = {
    HTTP_PROXY: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    SOTA_API_KEY: 'sk_live_0123456789abcdef',
    SOTA_HOME: home.path,
  };
  const client = await connect('v2 modern', { args: ['--api-url', 'http://sota.example'], env });
  expect(await client.call('get_status')).toMatchObject({ agent: { name: 'behind' } });
  await client.close();
  expect(new Set(asked)).toEqual(new Set(['sota.example:80']));
});

it('keeps the password of the proxy to itself, also where packages are asked for their logs', async () => {
  let asked = '';
  const proxy = createServer();
  proxy.on('connect', (request, client) => {
    asked = String(request.headers['proxy-authorization']);
    client.on('error', () => undefined);
    client.end('HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n');
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void proxy.close());
  const home = temporaryHome();
  onTestFinished(() => home.remove());
  const { status, stdout, stderr } = await runCli(['whoami', '--api-url', 'https://sota.example'], {
    env: {
      DEBUG: '*',
      HTTPS_PROXY: `http://ada:kept-secret@127.0.0.1:${(proxy.address() as AddressInfo).port}`,
      SOTA_API_KEY: 'sk_live_0123456789abcdef',
      SOTA_HOME: home.path,
    },
  });
  expect(asked).toBe(`Basic ${Buffer.from('ada:kept-secret').toString('base64')}`);
  expect({ status, said: stdout + stderr }).toEqual({ status: 4, said: expect.stringContaining('PROXY_403') });
  expect(stdout + stderr).not.toMatch(/kept-secret|https-proxy-agent/);
});
