/** A small HTTP server on this machine alone, for webhooks behind a proxy and for health checks. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export type HttpHandler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

export interface LocalServer {
  readonly url: string;
  close(): Promise<void>;
}

/** The port cannot be used; `message` says which. The command exits with 78. */
export class PortError extends Error {
  override readonly name = 'PortError';
}

const HOST = '127.0.0.1';

/**
 * @param port 0 takes any free one
 * @throws PortError
 */
export async function serveLocally(port: number, handle: HttpHandler): Promise<LocalServer> {
  const server = createServer({ maxHeaderSize: 16 * 1024, requestTimeout: 30_000 }, (request, response) => {
    handle(request, response).catch(() => {
      if (!response.headersSent) reply(response, 500, { error: 'internal_error' });
      else response.destroy();
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(new PortError(`Port ${port} cannot be used: ${error.message}`)));
    server.listen(port, HOST, resolve);
  });
  return {
    url: `http://${HOST}:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

export function reply(response: ServerResponse, status: number, body: unknown, type = 'application/json'): void {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(text) });
  response.end(text);
}

/** The bytes of a body; undefined as soon as there are more than `limit`, of which no more is read. */
export async function readBody(request: IncomingMessage, limit: number): Promise<Buffer | undefined> {
  if (Number(request.headers['content-length'] ?? 0) > limit) return undefined;
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > limit) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Whether a browser on this machine may be behind the request: no page of another site may reach us through it. */
export function isForeignBrowser(request: IncomingMessage): boolean {
  const host = (request.headers.host ?? '').replace(/:\d+$/, '');
  return request.headers.origin !== undefined || !['127.0.0.1', 'localhost', '[::1]'].includes(host);
}
