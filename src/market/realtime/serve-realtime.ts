import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { constantTimeEqual } from '#kit/hash.ts';
import { type Access, passGate } from '../http/gate.ts';
import { Refusal } from '../rules/refuse.ts';
import { openChannels, type RealtimeVersion } from './channels.ts';
import { acceptKey, closing, encodeFrame, FrameError, FrameReader } from './frames.ts';
import type { JobFeed } from './job-feed.ts';
import { REALTIME_KEY, REALTIME_PATH } from './realtime-key.ts';

/** A message of a client is a request to join, at most. */
const MAX_MESSAGE_BYTES = 64 * 1024;
/** A client that does not read what it is sent is let go. */
const MAX_UNREAD_BYTES = 4 * 1024 * 1024;
/** The public SDKs send a heartbeat every 25 or 30 s. */
const SILENCE_MS = 120_000;
const MAX_CONNECTIONS = 200;
const GOING_AWAY = 1001;

/**
 * Answers WebSockets at /realtime/v1/websocket on the marketplace's own server. What it tells is what every agent may see
 * of a job. Only a marketplace on loopback has it: the key is a public one, so that it keeps nobody out.
 * @returns how to end all connections
 */
export function serveRealtime(server: Server, feed: JobFeed, access: Access): () => void {
  const sockets = new Set<Duplex>();
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy());
    const refusal = refusalOf(request, access) ?? (sockets.size >= MAX_CONNECTIONS ? 503 : undefined);
    if (refusal !== undefined) {
      refuse(socket, refusal);
      return;
    }
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    converse(request, socket, head, feed);
  });
  return () => {
    for (const socket of sockets) {
      socket.write(encodeFrame('close', closing(GOING_AWAY)));
      socket.destroy();
    }
  };
}

/** The status to refuse with, where the connection is not wanted. */
function refusalOf(request: IncomingMessage, access: Access): number | undefined {
  const url = addressOf(request);
  if (!url) return 400;
  try {
    const headers = new Headers();
    for (const name of ['host', 'origin']) {
      const value = request.headers[name];
      if (typeof value === 'string') headers.set(name, value);
    }
    passGate(access, false, url, headers);
  } catch (error) {
    return error instanceof Refusal ? 403 : 400;
  }
  if (access.reach !== 'loopback' || url.pathname !== REALTIME_PATH) return 404;
  if (request.headers.upgrade?.toLowerCase() !== 'websocket' || !request.headers['sec-websocket-key']) return 400;
  if (request.headers['sec-websocket-version'] !== '13') return 426;
  if (!constantTimeEqual(url.searchParams.get('apikey') ?? '', REALTIME_KEY)) return 401;
  return undefined;
}

function addressOf({ url, headers }: IncomingMessage): URL | undefined {
  const base = `http://${headers.host}`;
  return url !== undefined && URL.canParse(url, base) ? new URL(url, base) : undefined;
}

function converse(request: IncomingMessage, socket: Duplex, head: Buffer, feed: JobFeed): void {
  const version: RealtimeVersion = addressOf(request)?.searchParams.get('vsn') === '2.0.0' ? '2.0.0' : '1.0.0';
  const channels = openChannels(version);
  const reader = new FrameReader(MAX_MESSAGE_BYTES);
  const send = (text: string): void => {
    if (socket.writableLength > MAX_UNREAD_BYTES) socket.destroy();
    else socket.write(encodeFrame('text', text));
  };
  const hangUp = (code: number): void => {
    socket.end(encodeFrame('close', closing(code)));
  };
  const receive = (chunk: Buffer): void => {
    try {
      for (const frame of reader.push(chunk)) {
        if (frame.kind === 'ping') socket.write(encodeFrame('pong', frame.payload));
        else if (frame.kind === 'close') socket.end(encodeFrame('close', frame.payload.subarray(0, 2)));
        else if (frame.kind === 'text') {
          const answer = channels.receive(frame.text);
          if (answer !== undefined) send(answer);
        }
      }
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      socket.off('data', receive);
      hangUp(error.code);
    }
  };
  const { ready, stop } = feed.listen((change) => {
    for (const text of channels.tell(change)) send(text);
  });
  socket.once('close', stop);
  if ('setTimeout' in socket) (socket as Socket).setTimeout(SILENCE_MS, () => socket.destroy());
  // Whoever is told that it listens misses nothing from then on.
  ready.then(
    () => {
      socket.write(
        `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${acceptKey(String(request.headers['sec-websocket-key']))}\r\n\r\n`,
      );
      if (head.length > 0) receive(head);
      socket.on('data', receive);
    },
    () => refuse(socket, 503),
  );
}

function refuse(socket: Duplex, status: number): void {
  socket.end(`HTTP/1.1 ${status} Refused\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}
