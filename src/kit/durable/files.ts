/**
 * Files that survive a crash at any point: a reader sees the old content, the new content or nothing, never a part.
 *
 * Both writers fill a temporary file in the same directory, check its size, sync it, give it its name in one step and
 * sync the directory. Temporary names start with a dot and carry 96 random bits, so no two processes (also of two
 * containers on one volume) can meet in one, and a reader of the directory can tell what to ignore.
 */
import { randomBytes } from 'node:crypto';
import { dirname, join } from 'node:path';
import { crashPoint } from '../crash-point.ts';
import { type Disk, type DiskFile, errorCode, nodeDisk } from './disk.ts';

const OWNER_ONLY = 0o600;
const LINK_UNSUPPORTED = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS']);
const HELD_OPEN = new Set(['EPERM', 'EACCES', 'EBUSY']);
const RENAME_TRIES = 10;

/**
 * Creates `path` with `content`, once: of many processes exactly one gets `created`, and when it returns, the file
 * survives a power cut.
 * @example if ((await putOnce(file, '{}')) === 'exists') await readWhatIsThere(file)
 */
export async function putOnce(
  path: string,
  content: string | Uint8Array,
  disk: Disk = nodeDisk,
): Promise<'created' | 'exists'> {
  const { outcome, finish } = await nameOnce(path, content, disk);
  await finish();
  return outcome;
}

/** A file that has its content and its name. */
export interface Named {
  readonly outcome: 'created' | 'exists';
  /** Makes the name survive a power cut too, and tidies up. To be called once, whatever the outcome. */
  finish(): Promise<void>;
}

/**
 * The first half of {@link putOnce}: when it returns, every process sees the file, and it survives the end of this one.
 * After a power cut it is there whole or not at all; with `contentLater` it may also be there and empty, until it is
 * finished. For what may be found out again, and somebody waits for.
 */
export async function nameOnce(
  path: string,
  content: string | Uint8Array,
  disk: Disk = nodeDisk,
  contentLater = false,
): Promise<Named> {
  const bytes = bytesOf(content);
  const { temporary, makeSafe } = await writeTemporary(path, bytes, disk);
  const tidy = () => disk.unlink(temporary).catch(() => undefined);
  if (!contentLater) await makeSafe();
  crashPoint('put-written');
  try {
    await disk.link(temporary, path);
    crashPoint('put-linked');
  } catch (error) {
    if (contentLater) await makeSafe();
    const code = errorCode(error);
    if (code === 'EEXIST') return { outcome: 'exists', finish: tidy };
    await tidy();
    if (code === undefined || !LINK_UNSUPPORTED.has(code)) throw error;
    // No hard links here (exFAT, some network shares). A crash in the middle leaves a torn file under the final name;
    // readers must treat a file they cannot parse as claimed, not as free.
    return await createDirectly(path, bytes, disk);
  }
  const finish = async () => {
    if (contentLater) await makeSafe();
    // Side by side: whether the temporary name is gone as well matters to nobody.
    await Promise.all([disk.syncDirectory(dirname(path)), tidy()]);
  };
  return { outcome: 'created', finish };
}

/**
 * Writes `path` anew, whether it exists or not. Concurrent writers each win whole; the last one stays.
 */
export async function replaceFile(path: string, content: string | Uint8Array, disk: Disk = nodeDisk): Promise<void> {
  const { temporary, makeSafe } = await writeTemporary(path, bytesOf(content), disk);
  await makeSafe();
  crashPoint('put-written');
  try {
    await renameOver(temporary, path, disk);
    crashPoint('put-linked');
  } catch (error) {
    await disk.unlink(temporary).catch(() => undefined);
    throw error;
  }
  await disk.syncDirectory(dirname(path));
}

interface Temporary {
  readonly temporary: string;
  /** Waits until the content survives a power cut. To be called once. */
  makeSafe(): Promise<void>;
}

/** Writes everything into a file beside `path`; what fails leaves none. */
async function writeTemporary(path: string, bytes: Uint8Array, disk: Disk): Promise<Temporary> {
  const temporary = join(dirname(path), `.tmp-${randomBytes(12).toString('hex')}`);
  const file = await disk.create(temporary, OWNER_ONLY);
  const orRemove = async (work: () => Promise<void>) => {
    try {
      await work();
    } catch (error) {
      await disk.unlink(temporary).catch(() => undefined);
      throw error;
    }
  };
  await orRemove(() => fill(file, bytes));
  return { temporary, makeSafe: () => orRemove(() => syncAndClose(file)) };
}

async function createDirectly(path: string, bytes: Uint8Array, disk: Disk): Promise<Named> {
  let file: DiskFile;
  try {
    file = await disk.create(path, OWNER_ONLY);
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return { outcome: 'exists', finish: async () => undefined };
    throw error;
  }
  await fill(file, bytes);
  await syncAndClose(file);
  return { outcome: 'created', finish: () => disk.syncDirectory(dirname(path)) };
}

/** Writes everything, or closes. A disk that stops taking bytes is an error, not a shorter file. */
async function fill(file: DiskFile, bytes: Uint8Array): Promise<void> {
  try {
    for (let done = 0; done < bytes.length; ) {
      const written = await file.write(bytes.subarray(done));
      if (written <= 0) throw new Error('The disk took no more bytes');
      done += written;
    }
    if ((await file.size()) !== bytes.length) throw new Error('The file is not as long as what was written');
  } catch (error) {
    await file.close().catch(() => undefined);
    throw error;
  }
}

async function syncAndClose(file: DiskFile): Promise<void> {
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

/** On Windows a virus scanner or an indexer may hold the target open for a moment. */
async function renameOver(from: string, to: string, disk: Disk): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await disk.rename(from, to);
    } catch (error) {
      const code = errorCode(error);
      const worthWaiting = process.platform === 'win32' && code !== undefined && HELD_OPEN.has(code);
      if (!worthWaiting || attempt === RENAME_TRIES) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20 * attempt));
    }
  }
}

function bytesOf(content: string | Uint8Array): Uint8Array {
  return typeof content === 'string' ? Buffer.from(content, 'utf8') : content;
}
