import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { onTestFinished } from 'vitest';

/** What the origin does with one request. */
export type Action =
  | {
      readonly status?: number;
      readonly json?: unknown;
      readonly text?: string;
      readonly headers?: Record<string, string>;
    }
  /** Answers, but the connection breaks after so many bytes of the body. */
  | { readonly cutAfter: number; readonly json: unknown }
  /** Reads the request and breaks the connection. */
  | 'reset'
  /** Never answers. */
  | 'silence'
  /** Headers and the first byte, then nothing. */
  | 'stall';

/** A promise is waited for before anything is answered. */
export type Reply = Action | Promise<Action>;

export interface Received {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: unknown;
}

export interface FakeOrigin {
  readonly url: string;
  /** Every request in order. */
  readonly received: Received[];
  /** The requests to one path. */
  to(path: string): Received[];
  /** The replies to requests of `METHOD path`, in order; the last one repeats. A function sees the request. */
  on(route: string, ...replies: (Reply | ((request: Received) => Reply))[]): FakeOrigin;
  close(): Promise<void>;
}

/** A small HTTP server on loopback that does as it is told, also the things real ones do only on bad days. */
export async function fakeOrigin(): Promise<FakeOrigin> {
  const received: Received[] = [];
  const scripts = new Map<string, (Reply | ((request: Received) => Reply))[]>();
  const sockets = new Set<Socket>();
  const server = createServer(async (incoming, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString('utf8');
    const path = (incoming.url ?? '').split('?')[0] ?? '';
    const request: Received = {
      method: incoming.method ?? '',
      path: incoming.url ?? '',
      headers: incoming.headers,
      body: text === '' ? undefined : JSON.parse(text),
    };
    received.push(request);
    const script = scripts.get(`${incoming.method} ${path}`);
    const next = script && script.length > 1 ? script.shift() : script?.[0];
    const reply = typeof next === 'function' ? next(request) : next;
    act((await reply) ?? { status: 404, json: { detail: { error: 'not_found', message: 'No script' } } }, response);
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin: FakeOrigin = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    to: (path) => received.filter((request) => request.path.split('?')[0] === path),
    on(route, ...replies) {
      scripts.set(route, replies);
      return origin;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
  onTestFinished(() => origin.close());
  return origin;
}

function act(reply: Action, response: ServerResponse): void {
  if (reply === 'silence') return;
  if (reply === 'reset') return void response.socket?.resetAndDestroy();
  if (reply === 'stall') {
    response.writeHead(200, { 'content-type': 'application/json' });
    return void response.write('{');
  }
  if ('cutAfter' in reply) {
    const bytes = Buffer.from(JSON.stringify(reply.json));
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': String(bytes.length) });
    response.write(bytes.subarray(0, reply.cutAfter), () => response.socket?.destroy());
    return;
  }
  const body = reply.text ?? (reply.json === undefined ? '' : JSON.stringify(reply.json));
  response.writeHead(reply.status ?? 200, { 'content-type': 'application/json', ...reply.headers });
  response.end(body);
}

/** An error answer in the marketplace's canonical shape. */
export function refusal(status: number, error: string, context: Record<string, unknown> = {}): Action {
  return { status, json: { detail: { error, message: `because of ${error}`, ...context } } };
}
