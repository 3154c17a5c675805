import { dirname } from 'node:path';
import type { Disk, Entry } from '#kit/durable/disk.ts';

/**
 * A disk in memory that keeps only what was synced. A file's content survives a power cut once the file was synced, its
 * name once the directory was; until then the next start sees an empty file, or none. It can also fail or die at a
 * chosen step.
 */
export interface FakeDisk extends Disk {
  /** What the next start finds. */
  powerCut(): FakeDisk;
  /** The whole file tree as it is now, for looking at. */
  files(): string[];
  /** Overwrites a file in place, as no program of ours does. */
  damage(path: string, text: string): void;
  /** Every step from here on throws what this returns, where it returns something. */
  failing: (step: Step, path: string) => Error | undefined;
  /** Steps so far. */
  readonly steps: number;
}

export type Step =
  | 'create'
  | 'write'
  | 'sync'
  | 'link'
  | 'rename'
  | 'unlink'
  | 'mkdir'
  | 'syncDirectory'
  | 'read'
  | 'list';

interface Inode {
  now: Buffer;
  synced: Buffer;
}

interface State {
  readonly directories: Set<string>;
  readonly names: Map<string, Inode>;
  readonly syncedDirectories: Set<string>;
  readonly syncedNames: Map<string, Inode>;
}

export function systemError(code: string): Error {
  return Object.assign(new Error(code), { code });
}

export function fakeDisk(state: State = emptyState()): FakeDisk {
  const { directories, names, syncedDirectories, syncedNames } = state;
  let steps = 0;
  const step = (kind: Step, path: string): void => {
    steps += 1;
    const error = disk.failing(kind, path);
    if (error) throw error;
  };
  const need = (path: string): Inode => {
    const inode = names.get(path);
    if (!inode) throw systemError('ENOENT');
    return inode;
  };
  const addName = (path: string, inode: Inode): void => {
    if (!directories.has(dirname(path))) throw systemError('ENOENT');
    if (names.has(path)) throw systemError('EEXIST');
    names.set(path, inode);
  };
  const disk: FakeDisk = {
    failing: () => undefined,
    get steps() {
      return steps;
    },
    files: () => [...names.keys()].sort(),
    damage(path, text) {
      const inode = need(path);
      inode.now = Buffer.from(text);
      inode.synced = inode.now;
    },
    powerCut() {
      const next = emptyState();
      for (const path of syncedDirectories) {
        next.directories.add(path);
        next.syncedDirectories.add(path);
      }
      for (const [path, inode] of syncedNames) {
        // A name whose directory was forgotten leads nowhere.
        if (!next.directories.has(dirname(path))) continue;
        const kept = { now: inode.synced, synced: inode.synced };
        next.names.set(path, kept);
        next.syncedNames.set(path, kept);
      }
      return fakeDisk(next);
    },
    async create(path) {
      step('create', path);
      const inode: Inode = { now: Buffer.alloc(0), synced: Buffer.alloc(0) };
      addName(path, inode);
      return {
        async write(bytes) {
          step('write', path);
          inode.now = Buffer.concat([inode.now, bytes]);
          return bytes.length;
        },
        size: async () => inode.now.length,
        async sync() {
          step('sync', path);
          inode.synced = inode.now;
        },
        close: async () => {},
      };
    },
    async link(from, to) {
      step('link', to);
      addName(to, need(from));
    },
    async rename(from, to) {
      step('rename', to);
      const inode = need(from);
      names.delete(from);
      names.set(to, inode);
    },
    async unlink(path) {
      step('unlink', path);
      need(path);
      names.delete(path);
    },
    async mkdir(path) {
      step('mkdir', path);
      for (let at = path; at !== dirname(at); at = dirname(at)) directories.add(at);
    },
    chmod: async () => {},
    async syncDirectory(path) {
      step('syncDirectory', path);
      for (const known of [...syncedNames.keys()]) {
        if (dirname(known) === path && !names.has(known)) syncedNames.delete(known);
      }
      for (const [name, inode] of names) if (dirname(name) === path) syncedNames.set(name, inode);
      for (const child of directories) if (dirname(child) === path) syncedDirectories.add(child);
    },
    async entry(path): Promise<Entry | undefined> {
      const common = { mode: 0o700, uid: process.getuid?.() ?? 0, modified: 0n };
      if (directories.has(path)) return { ...common, kind: 'directory', size: 0 };
      const inode = names.get(path);
      return inode && { ...common, kind: 'file', size: inode.now.length };
    },
    async read(path) {
      step('read', path);
      return need(path).now;
    },
    async list(path) {
      step('list', path);
      if (!directories.has(path)) throw systemError('ENOENT');
      const children = [...names.keys(), ...directories].filter((name) => dirname(name) === path && name !== path);
      return children.map((name) => name.slice(path === '/' ? 1 : path.length + 1));
    },
  };
  return disk;
}

function emptyState(): State {
  return {
    directories: new Set(['/']),
    names: new Map(),
    syncedDirectories: new Set(['/']),
    syncedNames: new Map(),
  };
}
