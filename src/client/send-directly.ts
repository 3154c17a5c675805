/**
 * The straight way out, over Node's own HTTP client: the platform's fetch makes streams, signals and promises for every
 * request and took nearly half of what a call cost here. It follows no redirect, repeats nothing, and throws the errors
 * of the system as they are.
 */
import { channel } from 'node:diagnostics_channel';
import { type ClientRequest, Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { Socket } from 'node:net';
import { pipeline, type Readable } from 'node:stream';
import { createBrotliDecompress, createGunzip } from 'node:zlib';
import type { IncomingAnswer, Transport } from './transport.ts';

/** Told of every request as it is made, and when it is answered or broken, in the form the platform's fetch tells it. */
export const REQUEST_BEGUN = 'sota-mcp:request:begun';
export const REQUEST_ENDED = 'sota-mcp:request:ended';
const begun = channel(REQUEST_BEGUN);
const ended = channel(REQUEST_ENDED);

/** Of these two, because one of them is what everybody speaks and the other is the smaller one. */
const ENCODINGS = 'gzip, br';
/** A connection nobody uses for so long is closed here before it is closed there: a request sent into that is lost. */
const IDLE_MS = 4_000;
/** A connection that takes longer than this will not come to be. */
const CONNECT_MS = 10_000;
/** As the system says it where it gives up first. */
const GIVEN_UP = 'ETIMEDOUT';

const options = { keepAlive: true, timeout: IDLE_MS };
let http: HttpAgent | undefined;
let https: HttpsAgent | undefined;

export const sendDirectly: Transport = ({ url, method, headers, body, maxBytes }) => {
  const told = { request: { origin: url.origin } };
  let sent: ClientRequest | undefined;
  if (begun.hasSubscribers) begun.publish(told);
  const answer = new Promise<IncomingAnswer>((resolve, reject) => {
    const end = (settle: () => void) => {
      if (ended.hasSubscribers) ended.publish(told);
      settle();
    };
    const fail = (error: unknown) => end(() => reject(error));
    try {
      sent = begin(url, method, headersOf(headers, body));
    } catch (error) {
      return fail(error);
    }
    whileConnecting(sent, url.protocol, fail);
    sent.on('error', fail);
    sent.on('response', (incoming) => read(incoming, maxBytes, (answer) => end(() => resolve(answer)), fail));
    sent.end(body);
  });
  return { answer, cancel: () => void sent?.destroy() };
};

function begin(url: URL, method: string, headers: Record<string, string | number>): ClientRequest {
  if (url.protocol === 'https:') {
    https ??= new HttpsAgent(options);
    return httpsRequest(url, { method, headers, agent: https });
  }
  http ??= new HttpAgent(options);
  return httpRequest(url, { method, headers, agent: http });
}

function headersOf(headers: Readonly<Record<string, string>>, body: string | undefined) {
  return {
    ...headers,
    'Accept-Encoding': ENCODINGS,
    // Said in any case: without it the end of a body is not known for every method.
    ...(body !== undefined && { 'Content-Length': Buffer.byteLength(body) }),
  };
}

/**
 * While there is no connection nothing has left, and whoever waits is told so instead of that it may have happened. Node
 * hands the request to a connection that is still being made, and its errors then look as if it had been written.
 */
function whileConnecting(sent: ClientRequest, protocol: string, fail: (error: unknown) => void): void {
  sent.once('socket', (socket) => {
    const { connecting, secureConnecting = connecting } = socket as Socket & { readonly secureConnecting?: boolean };
    if (!secureConnecting) return;
    const giveUp = setTimeout(() => {
      sent.destroy(Object.assign(new Error(`no connection within ${CONNECT_MS / 1000} s`), { code: GIVEN_UP }));
    }, CONNECT_MS).unref();
    const fails = (cause: Error) => fail(notConnected(cause));
    sent.prependOnceListener('error', fails);
    const stop = () => {
      clearTimeout(giveUp);
      sent.off('error', fails);
    };
    socket.once(protocol === 'https:' ? 'secureConnect' : 'connect', stop);
    sent.once('close', stop);
  });
}

function notConnected(cause: Error): Error {
  const { code = 'ECONNABORTED' } = cause as NodeJS.ErrnoException;
  return Object.assign(new Error(cause.message, { cause }), { code, syscall: 'connect' });
}

function read(
  incoming: IncomingMessage,
  maxBytes: number,
  done: (answer: IncomingAnswer) => void,
  fail: (error: unknown) => void,
): void {
  const { statusCode: status = 0, headers } = incoming;
  const header = (name: string) => {
    const value = headers[name];
    return Array.isArray(value) ? value.join(', ') : value;
  };
  const chunks: Buffer[] = [];
  let size = 0;
  const stream = decoded(incoming, headers['content-encoding'], fail);
  stream.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size <= maxBytes) return void chunks.push(chunk);
    done({ status, header, text: undefined });
    incoming.destroy();
  });
  stream.on('end', () => {
    const [only = Buffer.alloc(0)] = chunks;
    done({ status, header, text: (chunks.length < 2 ? only : Buffer.concat(chunks)).toString('utf8') });
  });
  stream.on('error', fail);
}

/** The body as it was before it was packed for the way. An error of the connection is one of the stream as well. */
function decoded(incoming: IncomingMessage, encoding: string | undefined, fail: (error: unknown) => void): Readable {
  const name = encoding?.trim().toLowerCase();
  if (name !== 'gzip' && name !== 'x-gzip' && name !== 'br') return incoming;
  const unpack = name === 'br' ? createBrotliDecompress() : createGunzip();
  return pipeline(incoming, unpack, (error) => {
    if (error) fail(error);
  });
}
