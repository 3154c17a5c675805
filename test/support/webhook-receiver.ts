import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Received {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly raw: Buffer;
  // biome-ignore lint/suspicious/noExplicitAny: tests read bodies of every shape
  readonly body: any;
}

/** The agent's end of a webhook: keeps what arrives, byte for byte, and answers as it is told. */
export interface WebhookReceiver {
  readonly url: string;
  readonly received: Received[];
  /** What the next requests are answered with; 200 unless told otherwise. */
  answer(how: number | ((response: ServerResponse) => void)): void;
  close(): Promise<void>;
}

export async function startReceiver(): Promise<WebhookReceiver> {
  const received: Received[] = [];
  let how: number | ((response: ServerResponse) => void) = 200;
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const raw = Buffer.concat(chunks);
    received.push({
      method: request.method ?? '',
      path: request.url ?? '',
      headers: request.headers,
      raw,
      body: JSON.parse(raw.toString()),
    });
    if (typeof how === 'number') response.writeHead(how).end();
    else how(response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    received,
    answer(next) {
      how = next;
    },
    async close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
