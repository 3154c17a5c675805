import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { expect, onTestFinished, test, vi } from 'vitest';
import { classifyFailure } from '#client/outcome-class.ts';
import { sendDirectly } from '#client/send-directly.ts';
import { type Transport, throughFetch } from '#client/transport.ts';
import { watchRequests } from '../../src/runner/sdk/watch-requests.ts';

/** Both ways out: what is said of one has to hold for the other. */
const WAYS: [string, Transport][] = [
  ['directly', sendDirectly],
  ['by a fetch', throughFetch(globalThis.fetch)],
];

async function listening(answer: RequestListener) {
  const sockets = new Set<Socket>();
  const server = createServer(answer).on('connection', (socket) => sockets.add(socket.on('error', () => {})));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/x?y=1`), sockets };
}

const get = (url: URL, maxBytes = 1_000) => ({ url, method: 'GET', headers: { Accept: 'application/json' }, maxBytes });
const outcomeOf = (answer: Promise<unknown>) =>
  answer.then(
    () => 'answered',
    (error: unknown) => classifyFailure(error).outcome,
  );

test.each(WAYS)('%s: a packed answer is unpacked, and counted as what it unpacks to', async (_, send) => {
  const packed = { gzip: gzipSync, br: brotliCompressSync };
  const { url } = await listening(({ headers, url: path }, response) => {
    const wanted = path === '/br' ? 'br' : 'gzip';
    expect(headers['accept-encoding']).toContain('gzip');
    const body = packed[wanted](path === '/large' ? 'a'.repeat(100_000) : '{"ü":1}');
    response.writeHead(200, { 'Content-Encoding': wanted, 'X-Said': 'yes' }).end(body);
  });
  const answer = await send(get(new URL('/gzip', url))).answer;
  expect(answer).toMatchObject({ status: 200, text: '{"ü":1}' });
  expect(answer.header('x-said')).toBe('yes');
  expect(answer.header('x-unsaid')).toBeUndefined();
  expect(await send(get(new URL('/br', url))).answer).toMatchObject({ text: '{"ü":1}' });
  expect(await send(get(new URL('/large', url))).answer).toMatchObject({ text: undefined });
});

test.each(WAYS)('%s: a body has a length with every method, and a request without one has none', async (_, send) => {
  const { url } = await listening((request, response) => {
    const { 'content-length': length, 'transfer-encoding': chunked } = request.headers;
    request.resume().on('end', () => response.end(JSON.stringify({ length, chunked })));
  });
  for (const method of ['POST', 'DELETE', 'PATCH', 'PUT']) {
    const { text } = await send({ ...get(url), method, body: '"ü"' }).answer;
    expect(JSON.parse(text ?? '')).toEqual({ length: '4' });
  }
  expect(JSON.parse((await send(get(url)).answer).text ?? '')).toEqual({});
  expect(JSON.parse((await send({ ...get(url), method: 'POST' }).answer).text ?? '')).toEqual({ length: '0' });
});

test.each(WAYS)('%s: nobody follows a redirect', async (_, send) => {
  let asked = 0;
  const { url } = await listening((_request, response) => {
    asked += 1;
    response.writeHead(307, { Location: '/elsewhere' }).end();
  });
  expect((await send({ ...get(url), method: 'POST', body: '{}' }).answer).status).toBe(307);
  expect(asked).toBe(1);
});

test('one connection serves requests that follow each other', async () => {
  const { url, sockets } = await listening((_request, response) => response.end('{}'));
  for (let round = 0; round < 5; round += 1) await sendDirectly(get(url)).answer;
  expect(sockets.size).toBe(1);
});

test.each(WAYS)('%s: what was read and not answered is not sent again', async (_, send) => {
  let asked = 0;
  const { url } = await listening((request, response) => {
    asked += 1;
    if (asked === 3) request.socket.destroy();
    else response.end('{}');
  });
  await send(get(url)).answer;
  await send(get(url)).answer;
  expect(await outcomeOf(send({ ...get(url), method: 'POST', body: '{}' }).answer)).toBe('unknown');
  expect(asked).toBe(3);
});

test.each(WAYS)('%s: an answer that breaks off is no answer', async (_, send) => {
  const { url } = await listening((request, response) => {
    const packed = request.url === '/packed' ? { 'Content-Encoding': 'gzip' } : {};
    response.writeHead(200, { 'Content-Length': 50, ...packed });
    response.write(gzipSync('{"a":1}').subarray(0, 12), () => request.socket.destroy());
  });
  expect(await outcomeOf(send(get(url)).answer)).toBe('unknown');
  expect(await outcomeOf(send(get(new URL('/packed', url))).answer)).toBe('unknown');
});

test.each(WAYS)('%s: where nobody listens or speaks TLS, nothing was sent', async (_, send) => {
  const { url } = await listening((_request, response) => response.end());
  const closed = createTcpServer();
  await once(closed.listen(0, '127.0.0.1'), 'listening');
  const { port } = closed.address() as AddressInfo;
  await new Promise((resolve) => closed.close(resolve));
  expect(await outcomeOf(send(get(new URL(`http://127.0.0.1:${port}/`))).answer)).toBe('never_sent');
  expect(await outcomeOf(send(get(new URL(`http://localhost:${port}/`))).answer)).toBe('never_sent');
  expect(await outcomeOf(send(get(new URL(`https://127.0.0.1:${url.port}/`))).answer)).toBe('never_sent');
});

test('a handshake that breaks off comes before anything is sent', async () => {
  const server = createTcpServer((socket) => socket.once('data', () => socket.resetAndDestroy()).on('error', () => {}));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  expect(await outcomeOf(sendDirectly(get(new URL(`https://127.0.0.1:${port}/`))).answer)).toBe('never_sent');
  expect(await outcomeOf(sendDirectly(get(new URL(`http://127.0.0.1:${port}/`))).answer)).toBe('unknown');
});

test('a connection that does not come to be is given up, and nothing was sent', async () => {
  const sockets: Socket[] = [];
  const server = createTcpServer((socket) => sockets.push(socket.on('error', () => {})));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => {
    vi.useRealTimers();
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const connected = once(server, 'connection');
  // Accepted by the system, and then never a word of TLS.
  const outcome = outcomeOf(sendDirectly(get(new URL(`https://127.0.0.1:${port}/`))).answer);
  await connected;
  vi.advanceTimersByTime(10_000);
  expect(await outcome).toBe('never_sent');
});

test.each(
  WAYS,
)('%s: what is cancelled rejects and is let go, before the answer and in the middle of it', async (_, send) => {
  let asked = () => {};
  const gone: Promise<void>[] = [];
  const { url } = await listening((request, response) => {
    gone.push(new Promise((resolve) => response.on('close', resolve)));
    if (request.url === '/begun') response.writeHead(200, { 'Content-Length': 50 }).write('{');
    asked();
  });
  for (const path of ['/silence', '/begun']) {
    const arrived = new Promise<void>((resolve) => {
      asked = resolve;
    });
    const { answer, cancel } = send(get(new URL(path, url)));
    await arrived;
    cancel();
    await expect(answer).rejects.toThrow();
  }
  await Promise.all(gone);
  expect(gone).toHaveLength(2);
});

test.each(WAYS)('%s: a header that cannot be sent is told as a rejection', async (_, send) => {
  const { url } = await listening((_request, response) => response.end('{}'));
  await expect(send({ ...get(url), headers: { 'X-API-Key': 'a\nb' } }).answer).rejects.toThrow();
});

test.each(WAYS)('%s: whoever watches sees a request from its beginning to its end', async (_, send) => {
  const { url } = await listening((request, response) => {
    if (request.url === '/break') return void request.socket.destroy();
    seen.push(watch.underWay);
    response.end('{}');
  });
  const seen: number[] = [];
  const watch = watchRequests(url.origin);
  onTestFinished(() => watch.close());
  await send(get(url)).answer;
  expect([...seen, watch.underWay]).toEqual([1, 0]);
  await send(get(new URL('/break', url))).answer.catch(() => {});
  expect(watch.underWay).toBe(0);
});
