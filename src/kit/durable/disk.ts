import type { BigIntStats } from 'node:fs';
// Not from node:fs/promises, which a start would load: that which hangs on node:fs is loaded when it is first used.
import { constants, promises as fs } from 'node:fs';

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

export const nodeDisk: Disk = {
  async create(path, mode) {
    const handle = await fs.open(path, 'wx', mode);
    return {
      write: async (bytes) => (await handle.write(bytes)).bytesWritten,
      size: async () => (await handle.stat()).size,
      sync: () => handle.sync(),
      close: () => handle.close(),
    };
  },
  link: (from, to) => fs.link(from, to),
  rename: (from, to) => fs.rename(from, to),
  unlink: (path) => fs.unlink(path),
  async mkdir(path, mode) {
    await fs.mkdir(path, { recursive: true, mode });
  },
  chmod: (path, mode) => fs.chmod(path, mode),
  async syncDirectory(path) {
    if (process.platform === 'win32') return;
    const handle = await fs.open(path, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  },
  async entry(path) {
    try {
      return describe(await fs.lstat(path, { bigint: true }));
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return undefined;
      throw error;
    }
  },
  async read(path) {
    const handle = await fs.open(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0));
    try {
      return await handle.readFile();
    } finally {
      await handle.close();
    }
  },
  list: (path) => fs.readdir(path),
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
