import { dirname } from 'node:path';
import { type Disk, nodeDisk } from './disk.ts';

/** A directory that must not hold secrets: what is wrong with it, and what to do about it. */
export class UnsafeDirectoryError extends Error {
  override readonly name = 'UnsafeDirectoryError';
}

const OWNER_ONLY = 0o700;

/**
 * Makes sure `path` is a directory of ours that nobody else can read: creates it 0700, takes group and other
 * permissions away where an older umask left them, and refuses a symbolic link or a directory of another user, because
 * whoever owns the directory can replace every file in it.
 *
 * On Windows only the kind is checked: access there follows from the user profile.
 * @returns the directories that were missing and are there now, durably
 * @throws UnsafeDirectoryError
 */
export async function ensurePrivateDirectory(path: string, disk: Disk = nodeDisk): Promise<readonly string[]> {
  let entry = await disk.entry(path);
  let created: readonly string[] = [];
  if (!entry) {
    created = await createDurably(path, disk);
    entry = await disk.entry(path);
  }
  if (entry?.kind === 'symlink') {
    throw new UnsafeDirectoryError(`${path} is a symbolic link. Point SOTA_HOME at the real directory instead.`);
  }
  if (entry?.kind !== 'directory') throw new UnsafeDirectoryError(`${path} is not a directory.`);
  if (process.platform === 'win32') return created;
  const uid = process.getuid?.();
  if (uid !== undefined && entry.uid !== uid) {
    throw new UnsafeDirectoryError(`${path} belongs to another user. Set SOTA_HOME to a directory of your own.`);
  }
  if ((entry.mode & 0o077) !== 0) await disk.chmod(path, OWNER_ONLY);
  return created;
}

/** Creates the missing levels and makes their names durable: a synced file in a forgotten directory is lost. */
async function createDurably(path: string, disk: Disk): Promise<readonly string[]> {
  const missing = [path];
  for (let parent = dirname(path); parent !== dirname(parent); parent = dirname(parent)) {
    if (await disk.entry(parent)) break;
    missing.push(parent);
  }
  await disk.mkdir(path, OWNER_ONLY);
  for (const created of missing.reverse()) await disk.syncDirectory(dirname(created));
  return missing;
}
