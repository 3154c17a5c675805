/**
 * Requests through a proxy: a tunnel to the marketplace is asked for by CONNECT, also where the address is not encrypted,
 * and kept for the next request. Node's own HTTP client speaks inside it.
 */
import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { Readable } from 'node:stream';
import { HttpsProxyAgent } from 'https-proxy-agent';

export interface TunnelRequest {
  readonly method: string;
  readonly headers: Headers;
  readonly body?: Buffer | undefined;
  readonly signal: AbortSignal;
}

/** Redirects are not followed: whoever asks decides whether to go where they point. */
export type Tunnel = (address: URL, request: TunnelRequest) => Promise<Response>;

/** A proxy may answer an idle tunnel's end with silence, so it is not kept for long. */
const IDLE_MS = 4_000;
/** Answers that have no body. */
const EMPTY: ReadonlySet<number> = new Set([204, 205, 304]);

/** @param proxy address of an HTTP or HTTPS proxy, with user and password where it asks for them */
export function openTunnel(proxy: string): Tunnel {
  const agent = new HttpsProxyAgent(proxy, { keepAlive: true, timeout: IDLE_MS });
  return (address, { method, headers, body, signal }) =>
    new Promise((resolve, reject) => {
      const begin = address.protocol === 'https:' ? httpsRequest : httpRequest;
      const length = body === undefined ? {} : { 'content-length': String(body.byteLength) };
      const options = { agent, method, headers: { ...Object.fromEntries(headers), ...length }, signal };
      const sent = begin(address, options);
      let stands = false;
      sent.once('proxyConnect', ({ statusCode }: { statusCode: number }) => {
        stands = statusCode === 200;
        // What it says instead would otherwise be taken for the marketplace's answer.
        if (!stands) sent.destroy(notSent(`the proxy answered ${statusCode}`, `PROXY_${statusCode}`));
      });
      sent.once('error', (error) => {
        if (signal.aborted) return reject(signal.reason);
        reject(stands || sent.reusedSocket ? error : neverLeft(error, sent));
      });
      sent.once('response', (incoming) => resolve(responseOf(incoming)));
      sent.end(body);
    });
}

/** Without a tunnel nothing can have reached the marketplace. */
function neverLeft(error: NodeJS.ErrnoException, sent: ClientRequest): Error {
  if (error.syscall === 'connect' || error.code?.startsWith('PROXY_')) return error;
  return notSent(`no way through the proxy to ${sent.host}: ${error.message}`, error.code ?? 'PROXY_CLOSED', error);
}

/** Said in the way a refused connection says it. */
function notSent(message: string, code: string, cause?: Error): Error {
  return Object.assign(new Error(message, { cause }), { code, syscall: 'connect' });
}

function responseOf(incoming: IncomingMessage): Response {
  const { statusCode: status = 0, statusMessage = '', rawHeaders } = incoming;
  const headers = new Headers();
  for (let at = 0; at < rawHeaders.length; at += 2) headers.append(rawHeaders[at] ?? '', rawHeaders[at + 1] ?? '');
  const body = EMPTY.has(status) ? null : (Readable.toWeb(incoming) as ReadableStream<Uint8Array>);
  if (body === null) incoming.resume();
  return new Response(body, { status, statusText: statusMessage, headers });
}
