import type { BigIntStats } from 'node:fs';
// Not from node:fs/promises, which a start would load: what hangs on node:fs is loaded when it is first used.
import * as fs from 'node:fs';
import { promisify } from 'node:util';

/** What a path is, without following a symbolic link. */
export interface Entry {
  readonly kind: 'file' | 'directory' | 'symlink' | 'other';
  readonly mode: number;
  readonly uid: number;
  readonly size: number;
  /** Nanoseconds, so that two writes of one millisecond still differ. */
  readonly modified: bigint;
}

export interface DiskFile {
  /** Writes some of `bytes` and tells how many: fewer than asked for is normal and not an error. */
  write(bytes: Uint8Array): Promise<number>;
  size(): Promise<number>;
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** The file system as the durable files need it: small enough to replace by one that fails at a chosen step. */
export interface Disk {
  /** Creates a file that must not exist (EEXIST). */
  create(path: string, mode: number): Promise<DiskFile>;
  link(from: string, to: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  unlink(path: string): Promise<void>;
  mkdir(path: string, mode: number): Promise<void>;
  chmod(path: string, mode: number): Promise<void>;
  /** Makes the names in a directory durable. Does nothing where the system cannot (Windows). */
  syncDirectory(path: string): Promise<void>;
  /** Undefined where there is nothing. */
  entry(path: string): Promise<Entry | undefined>;
  /** Refuses to follow a symbolic link. */
  read(path: string): Promise<Buffer>;
  list(path: string): Promise<string[]>;
}

const fsync = promisify(fs.fsync);
const write = promisify(fs.write);

/** More than this is not written in passing. */
const AT_ONCE_BYTES = 64 * 1024;

/**
 * The real one. Waiting for the device is left to Node's threads, so that a slow disk stops nothing else. What only
 * changes the kernel's own tables is done at once: it takes some ten microseconds, and a thread several times that to
 * be woken for it. Every caller looks at a folder before it writes there, so a disk that hangs is met while looking.
 */
export const nodeDisk: Disk = {
  async create(path, mode) {
    const file = fs.openSync(path, 'wx', mode);
    return {
      async write(bytes) {
        return bytes.length > AT_ONCE_BYTES ? (await write(file, bytes)).bytesWritten : fs.writeSync(file, bytes);
      },
      size: async () => fs.fstatSync(file).size,
      sync: () => fsync(file),
      close: async () => fs.closeSync(file),
    };
  },
  link: async (from, to) => fs.linkSync(from, to),
  rename: async (from, to) => fs.renameSync(from, to),
  unlink: async (path) => fs.unlinkSync(path),
  async mkdir(path, mode) {
    fs.mkdirSync(path, { recursive: true, mode });
  },
  chmod: async (path, mode) => fs.chmodSync(path, mode),
  async syncDirectory(path) {
    if (process.platform === 'win32') return;
    const directory = fs.openSync(path, 'r');
    try {
      await fsync(directory);
    } finally {
      fs.closeSync(directory);
    }
  },
  async entry(path) {
    try {
      return describe(await fs.promises.lstat(path, { bigint: true }));
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return undefined;
      throw error;
    }
  },
  async read(path) {
    const handle = await fs.promises.open(path, fs.constants.O_RDONLY | (fs.constants.O_NOFOLLOW ?? 0));
    try {
      return await handle.readFile();
    } finally {
      await handle.close();
    }
  },
  list: (path) => fs.promises.readdir(path),
};

/** The `code` of a system error, or undefined. */
export function errorCode(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | undefined)?.code;
  return typeof code === 'string' ? code : undefined;
}

function describe(stats: BigIntStats): Entry {
  const kind = stats.isSymbolicLink()
    ? 'symlink'
    : stats.isDirectory()
      ? 'directory'
      : stats.isFile()
        ? 'file'
        : 'other';
  return {
    kind,
    mode: Number(stats.mode) & 0o777,
    uid: Number(stats.uid),
    size: Number(stats.size),
    modified: stats.mtimeNs,
  };
}
