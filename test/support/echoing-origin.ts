import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import type { Operation } from '#contract/define-operation.ts';
import { operations } from '#contract/operations/registry.ts';

/** How a malicious origin answers. In every way it says the key it was sent, in every form, wherever there is room. */
export const evilWays = [
  'success',
  '401',
  '402',
  '403',
  '404',
  '409',
  '410',
  '418',
  '422 fields',
  '422 verdict',
  '429',
  '500',
  '503 in flight',
  'redirect',
  'html',
  'plain text',
  'wrong shape',
  'cut',
] as const;
export type EvilWay = (typeof evilWays)[number];

export interface EchoingOrigin {
  readonly url: string;
  way: EvilWay;
  /** Keys it was sent. */
  readonly keys: Set<string>;
}

/** @param secrets what it knows besides the key it is sent, and says as well */
export async function echoingOrigin(secrets: readonly string[]): Promise<EchoingOrigin> {
  const sockets = new Set<Socket>();
  const keys = new Set<string>();
  const origin = { url: '', way: 'success' as EvilWay, keys };
  const server = createServer(async (request, response) => {
    for await (const _chunk of request);
    const key = String(request.headers['x-api-key'] ?? '');
    if (key) keys.add(key);
    answer(request, response, echo([...(key ? [key] : []), ...secrets]), origin.way);
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  onTestFinished(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return origin;
}

/** Every secret in every form a text can carry it in. */
export function formsOf(secret: string): string[] {
  const bytes = Buffer.from(secret);
  return [
    secret,
    encodeURIComponent(secret),
    bytes.toString('base64'),
    Buffer.from(`x:${secret}`).toString('base64'),
    bytes.toString('base64url'),
    bytes.toString('hex'),
    secret.slice(0, 24),
  ];
}

const echo = (secrets: readonly string[]) => secrets.flatMap(formsOf).join(' ');

function answer(request: IncomingMessage, response: ServerResponse, said: string, way: EvilWay): void {
  const path = (request.url ?? '').split('?')[0] ?? '';
  if (path === '/api/v1/openapi.json') {
    send(response, 200, openApi(said));
    return;
  }
  const headers = { 'x-echo': said, 'x-request-id': said.slice(0, 200), 'x-should-retry': 'false' };
  const error = (status: number, more: Record<string, string> = {}) =>
    send(
      response,
      status,
      { detail: { error: said.split(' ')[0], message: said, hint: said, [said]: said, deep: [{ [said]: said }] } },
      { ...headers, ...more },
    );
  switch (way) {
    case 'success':
      send(response, 200, sampleFor(request.method ?? '', path, said), headers);
      break;
    case '422 fields':
      send(response, 422, { detail: [{ loc: ['body', said], msg: said, type: said }] }, headers);
      break;
    case '422 verdict':
      send(
        response,
        422,
        {
          passed: false,
          code: 'schema_violation',
          message: said,
          path: [said],
          instance: said,
          hint: said,
          validator: said,
        },
        headers,
      );
      break;
    case '429':
      error(429, { 'retry-after': '3600' });
      break;
    case '503 in flight':
      error(503, { 'retry-after': '3600' });
      break;
    case 'redirect':
      response.writeHead(302, { location: `https://evil.example/?${encodeURIComponent(said)}`, ...headers });
      response.end(said);
      break;
    case 'html':
      response.writeHead(502, { 'content-type': 'text/html', ...headers });
      response.end(`<html><title>${said}</title></html>`);
      break;
    case 'plain text':
      response.writeHead(400, { 'content-type': 'text/plain', ...headers });
      response.end(said);
      break;
    case 'wrong shape':
      send(response, 200, { [said]: said, id: said, jobs: said, entries: { [said]: said }, message: said }, headers);
      break;
    case 'cut':
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '100000', ...headers });
      response.write(JSON.stringify({ said }), () => response.socket?.destroy());
      break;
    default:
      error(Number(way));
      break;
  }
}

function send(response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
}

function openApi(said: string): object {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const { path, method } of operations) {
    const parameters = [{ in: 'header', name: 'Idempotency-Key' }];
    paths[path] = { ...paths[path], [method.toLowerCase()]: { summary: said, description: said, parameters } };
  }
  return { openapi: '3.1.0', info: { title: said }, paths, components: { schemas: { [said]: { description: said } } } };
}

function sampleFor(method: string, path: string, said: string): unknown {
  const fits = ({ path: template }: Operation) => new RegExp(`^${template.replace(/\{[^}]+\}/g, '[^/]+')}$`).test(path);
  const operation = operations.find((candidate) => candidate.method === method && fits(candidate));
  return operation ? sample(operation.response, said) : { said };
}

/** A valid answer in which every text says it. */
// biome-ignore lint/suspicious/noExplicitAny: zod's definitions are walked as they are
function sample(schema: any, said: string): unknown {
  const def = schema._zod.def;
  switch (def.type) {
    case 'optional':
    case 'nullable':
      return sample(def.innerType, said);
    case 'object':
      return {
        ...Object.fromEntries(Object.entries(def.shape).map(([name, member]) => [name, sample(member, said)])),
        [said]: said,
      };
    case 'array':
      return [sample(def.element, said)];
    case 'union':
      return sample(def.options.at(-1), said);
    case 'record':
      return { [said]: said };
    case 'enum':
      return Object.values(def.entries)[0];
    case 'literal':
      return def.values[0];
    case 'number':
      return 1;
    case 'boolean':
      return true;
    default:
      return said;
  }
}
