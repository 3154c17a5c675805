/**
 * Ownership that ends with the process that holds it, however that process ends.
 *
 * A lock file outlives a killed owner, and every way to break a stale one has a moment in which two processes break
 * it. Here the operating system is the witness: the owner listens on a socket, and a socket refuses connections from
 * the instant its process is gone.
 *
 *   1. bind a socket of our own, under a name nobody else has;
 *   2. look at the highest `owner.<epoch>.json`. Its socket answers: that process owns, we connect and watch it.
 *      It refuses: the owner is dead;
 *   3. claim by creating `owner.<epoch + 1>.json` with link(), which succeeds for exactly one process;
 *   4. look again, and withdraw when a higher epoch exists: between 2 and 3 someone else may have claimed our number,
 *      died, been succeeded, and had its record cleared away.
 *
 * Because the socket is bound before the claim, a claim that can be seen always has a living socket or a dead owner.
 * Because the highest record is never deleted, not even on release, numbers only grow and 4 always sees a successor.
 * No clocks, no process ids (they are reused), no time-outs take part.
 */
import { randomBytes } from 'node:crypto';
import { rmdir } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { type Disk, errorCode, nodeDisk } from './durable/disk.ts';
import { putOnce, replaceFile } from './durable/files.ts';
import { ensurePrivateDirectory } from './durable/private-directory.ts';

/** What the owner tells the others; JSON. */
export type OwnerInfo = Readonly<Record<string, unknown>>;

export interface Owned {
  readonly owner: true;
  /** Tells those who watch, and those who come later. */
  update(info: OwnerInfo): Promise<void>;
  /** Gives the ownership up. The next claim succeeds at once. */
  release(): Promise<void>;
}

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

interface OwnerRecord {
  readonly socket: string;
  readonly pid: number;
  readonly info: OwnerInfo;
}

const RECORD = /^owner\.(\d{1,15})\.json$/;
/** sockaddr_un holds 104 bytes on macOS, 108 on Linux. */
const MAX_SOCKET_PATH = 100;
/** A torn record (only on file systems without hard links) is read again this often before it counts as abandoned. */
const TORN_RECORD_READS = 20;
const REREAD_MS = 25;
const SOCKET_FOLDER = 'sota-lock-';

/**
 * Claims `dir` for the life of this process, or joins whoever owns it. The directory is created 0700.
 * @example
 * const claim = await claimOwnership(dir, {});
 * if (claim.owner) await claim.update({ origin: await serve() });
 * else await claim.when((info) => typeof info.origin === 'string');
 */
export async function claimOwnership(dir: string, info: OwnerInfo): Promise<Owned | Watched> {
  await ensurePrivateDirectory(dir);
  const post = await openPost(dir, info);
  try {
    for (;;) {
      const highest = await highestRecord(dir);
      if (highest?.record) {
        const watched = await watch(highest.record);
        if (watched) {
          await post.close();
          return watched;
        }
      }
      const epoch = (highest?.epoch ?? 0) + 1;
      const path = join(dir, `owner.${epoch}.json`);
      const text = () => JSON.stringify({ socket: post.address, pid: process.pid, info: post.info });
      if ((await putOnce(path, text())) === 'exists') continue;
      if (((await highestRecord(dir))?.epoch ?? epoch) > epoch) {
        await remove(path);
        // With a fresh socket: whoever holds the higher number may take ours for a dead owner's and remove its name.
        await post.close();
        return await claimOwnership(dir, info);
      }
      await clearOlder(dir, epoch);
      return {
        owner: true,
        async update(next) {
          post.tell(next);
          await replaceFile(path, text());
        },
        release: () => post.close(),
      };
    }
  } catch (error) {
    await post.close();
    throw error;
  }
}

/**
 * Runs `work` while owning `dir`, waiting for whoever owns it now. For short critical sections between processes.
 */
export async function withOwnership<T>(dir: string, work: () => Promise<T>): Promise<T> {
  for (;;) {
    const claim = await claimOwnership(dir, {});
    if (!claim.owner) {
      await claim.closed;
      continue;
    }
    try {
      return await work();
    } finally {
      await claim.release();
    }
  }
}

/** Our own socket: greets whoever connects with the current information and tells every change, one JSON line each. */
interface Post {
  readonly address: string;
  readonly info: OwnerInfo;
  tell(info: OwnerInfo): void;
  close(): Promise<void>;
}

async function openPost(dir: string, initial: OwnerInfo): Promise<Post> {
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

async function removeFolderOf(address: string): Promise<void> {
  if (basename(dirname(address)).startsWith(SOCKET_FOLDER)) await rmdir(dirname(address)).catch(() => undefined);
}

/** Connects to the owner of a record. Undefined when nobody listens there any more. */
async function watch(record: OwnerRecord): Promise<Watched | undefined> {
  const socket = connect(record.socket);
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
  } catch (error) {
    socket.destroy();
    const code = errorCode(error);
    if (code === 'ECONNREFUSED' || code === 'ENOENT' || code === 'ENOTSOCK' || code === 'ECONNRESET') return undefined;
    throw error;
  }
  socket.unref();
  socket.on('error', () => socket.destroy());
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  let info = record.info;
  const waiting = new Set<() => void>();
  onLines(socket, (line) => {
    const heard = parseObject(line);
    if (!heard) return;
    info = heard;
    for (const check of [...waiting]) check();
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

/** The newest claim. `record` is undefined where the record stays unreadable: its writer died in the middle. */
async function highestRecord(dir: string): Promise<{ epoch: number; record: OwnerRecord | undefined } | undefined> {
  for (let torn = 0; ; ) {
    const epoch = Math.max(0, ...(await epochsIn(dir)));
    if (epoch === 0) return undefined;
    const record = await readRecord(join(dir, `owner.${epoch}.json`));
    if (record) return { epoch, record };
    if (record === undefined && ++torn >= TORN_RECORD_READS) return { epoch, record: undefined };
    // Cleared away by a newer owner since we listed (look again), or still being written.
    await new Promise((resolve) => setTimeout(resolve, REREAD_MS));
  }
}

async function epochsIn(dir: string, disk: Disk = nodeDisk): Promise<number[]> {
  return (await disk.list(dir)).flatMap((name) => {
    const match = RECORD.exec(name);
    return match ? [Number(match[1])] : [];
  });
}

/** The record, undefined where it cannot be parsed, null where there is no file. */
async function readRecord(path: string): Promise<OwnerRecord | undefined | null> {
  let text: string;
  try {
    text = (await nodeDisk.read(path)).toString('utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null;
    throw error;
  }
  const value = parseObject(text);
  if (typeof value?.socket !== 'string' || typeof value.pid !== 'number') return undefined;
  return { socket: value.socket, pid: value.pid, info: (value.info ?? {}) as OwnerInfo };
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/** Takes away what dead owners left: their records and the sockets named in them. */
async function clearOlder(dir: string, epoch: number): Promise<void> {
  for (const older of await epochsIn(dir)) {
    if (older >= epoch) continue;
    const path = join(dir, `owner.${older}.json`);
    const record = await readRecord(path).catch(() => undefined);
    await remove(path);
    if (record && process.platform !== 'win32') {
      await remove(record.socket);
      await removeFolderOf(record.socket);
    }
  }
}

async function remove(path: string): Promise<void> {
  await nodeDisk.unlink(path).catch(() => undefined);
}
