/** The two ends of the socket by which the owner of a lock is known to be alive. See `os-lock.ts`. */
import { randomBytes } from 'node:crypto';
import { rmdir } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { errorCode } from './durable/disk.ts';
import { ensurePrivateDirectory } from './durable/private-directory.ts';

/** What the owner tells the others; JSON. */
export type OwnerInfo = Readonly<Record<string, unknown>>;

export interface Watched {
  readonly owner: false;
  /** The owner's information, as last heard. */
  readonly info: OwnerInfo;
  readonly pid: number;
  /** Resolves when the owner is gone or has released. */
  readonly closed: Promise<void>;
  /** Resolves with the information once it satisfies `ready`; undefined when the owner goes first. */
  when(ready: (info: OwnerInfo) => boolean): Promise<OwnerInfo | undefined>;
  /** Stops watching. */
  leave(): void;
}

export interface OwnerRecord {
  readonly socket: string;
  readonly pid: number;
  readonly info: OwnerInfo;
}

/** sockaddr_un holds 104 bytes on macOS, 108 on Linux. */
const MAX_SOCKET_PATH = 100;
const SOCKET_FOLDER = 'sota-lock-';

/** Our own socket: greets whoever connects with the current information and tells every change, one JSON line each. */
export interface Post {
  readonly address: string;
  readonly info: OwnerInfo;
  tell(info: OwnerInfo): void;
  close(): Promise<void>;
}

export async function openPost(dir: string, initial: OwnerInfo): Promise<Post> {
  const address = await newAddress(dir);
  const watchers = new Set<Socket>();
  let info = initial;
  const server: Server = createServer((socket) => {
    watchers.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => watchers.delete(socket));
    socket.unref();
    socket.resume();
    socket.write(`${JSON.stringify(info)}\n`);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(address, () => resolve());
  });
  server.on('error', () => undefined);
  // Owning must not keep a process alive that has nothing else to do.
  server.unref();
  let closing: Promise<void> | undefined;
  return {
    address,
    get info() {
      return info;
    },
    tell(next) {
      info = next;
      for (const socket of watchers) socket.write(`${JSON.stringify(info)}\n`);
    },
    close() {
      closing ??= new Promise<void>((resolve) => {
        // Closing a server also removes the name of its socket.
        server.close(() => resolve());
        for (const socket of watchers) socket.destroy();
      }).then(() => removeFolderOf(address));
      return closing;
    },
  };
}

async function newAddress(dir: string): Promise<string> {
  const name = randomBytes(9).toString('hex');
  if (process.platform === 'win32') return `\\\\.\\pipe\\sota-${name}`;
  const beside = join(dir, `.${name}.sock`);
  if (Buffer.byteLength(beside) <= MAX_SOCKET_PATH) return beside;
  // Too long for a socket: a private folder of its own in the temporary directory, so nobody else may connect.
  const folder = join(tmpdir(), `${SOCKET_FOLDER}${name}`);
  await ensurePrivateDirectory(folder);
  return join(folder, 's');
}

export async function removeFolderOf(address: string): Promise<void> {
  if (basename(dirname(address)).startsWith(SOCKET_FOLDER)) await rmdir(dirname(address)).catch(() => undefined);
}

/**
 * Connects to the owner of a record and waits to be greeted. `dead`: nobody listens there. `unclear`: the connection
 * came to be and ended without a word. That is a process dying (the system closes its sockets one by one, so one may
 * still take connections after another has gone), or a living one that has no file descriptors left: look again.
 */
export async function watch(record: OwnerRecord): Promise<Watched | 'dead' | 'unclear'> {
  const socket = connect(record.socket);
  let info = record.info;
  const waiting = new Set<() => void>();
  const greeted = new Promise<void>((resolve, reject) => {
    onLines(socket, (line) => {
      const heard = parseObject(line);
      if (heard) info = heard;
      resolve();
      for (const check of [...waiting]) check();
    });
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('closed')));
  });
  try {
    await greeted;
  } catch (error) {
    socket.destroy();
    const code = errorCode(error);
    if (code === 'ECONNREFUSED' || code === 'ENOENT' || code === 'ENOTSOCK') return 'dead';
    if (code === undefined || code === 'ECONNRESET' || code === 'EPIPE') return 'unclear';
    throw error;
  }
  socket.unref();
  socket.on('error', () => socket.destroy());
  const closed = new Promise<void>((resolve) => {
    if (socket.destroyed) resolve();
    else socket.once('close', () => resolve());
  });
  return {
    owner: false,
    get info() {
      return info;
    },
    pid: record.pid,
    closed,
    leave: () => void socket.destroy(),
    when(ready) {
      // Whoever waits for the owner has a reason to stay alive.
      socket.ref();
      return new Promise((resolve) => {
        const finish = (result: OwnerInfo | undefined) => {
          waiting.delete(check);
          if (waiting.size === 0) socket.unref();
          resolve(result);
        };
        const check = () => {
          if (ready(info)) finish(info);
        };
        waiting.add(check);
        void closed.then(() => finish(undefined));
        check();
      });
    },
  };
}

function onLines(socket: Socket, take: (line: string) => void): void {
  let rest = '';
  socket.setEncoding('utf8');
  socket.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) take(line);
  });
}

/** A JSON object, or undefined. */
export function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
