/**
 * A directory of write-once records. Whoever reads it while others write sees whole records or none; a record that
 * cannot be read is either evidence (then reading stops) or litter (then it is set aside under a name that keeps it
 * for people to look at).
 */
import { join } from 'node:path';
import { isoTime } from '../clock.ts';
import { crashPoint } from '../crash-point.ts';
import { type Disk, errorCode, nodeDisk } from './disk.ts';

/** A record that exists and cannot be read. What it stood for may have happened. */
export class CorruptRecordError extends Error {
  override readonly name = 'CorruptRecordError';
  readonly path: string;

  constructor(path: string, cause: unknown) {
    super(`${path} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    this.path = path;
  }
}

export interface RecordKind<T> {
  /** Which names are records. Names that start with a dot, and those set aside, never are. */
  readonly name: RegExp;
  /** Throws where the text is no such record. */
  parse(text: string, name: string): T;
  /** What an unreadable record means: `refuse` throws, `quarantine` sets it aside and goes on without it. */
  readonly corrupt: 'refuse' | 'quarantine';
  /** Names of records that say nothing when they are empty: a power cut took the content, and it will be written anew. */
  readonly mayBeEmpty?: RegExp;
  /** Records read before, by name. They are written once, so they are not read again. */
  readonly known?: Map<string, T>;
  readonly now: number;
}

export interface Listing<T> {
  /** Everything in the directory but temporary files, also what was set aside. */
  readonly names: readonly string[];
  readonly records: ReadonlyMap<string, T>;
}

/** Without hard links a record is written under its final name: what looks torn may only be unfinished. */
const TORN_READS = 4;
const REREAD_MS = 20;

/**
 * The records of `dir`; none where there is no directory.
 * @throws CorruptRecordError
 */
export async function listRecords<T>(dir: string, kind: RecordKind<T>, disk: Disk = nodeDisk): Promise<Listing<T>> {
  const names = (await listOrNothing(dir, disk)).filter((name) => !name.startsWith('.')).sort();
  const records = new Map<string, T>();
  for (const name of names) {
    if (!kind.name.test(name)) continue;
    const known = kind.known?.get(name);
    const record = known ?? (await readRecord(join(dir, name), name, kind, disk));
    if (record === undefined) continue;
    kind.known?.set(name, record);
    records.set(name, record);
  }
  return { names, records };
}

/** Sets a record aside: it no longer counts, and its name still tells that it existed. */
export async function quarantine(path: string, now: number, disk: Disk = nodeDisk): Promise<string> {
  const aside = `${path}.corrupt-${isoTime(now).replace(/[-:.]/g, '')}`;
  await disk.rename(path, aside);
  return aside;
}

/** Creates an empty file that says something by being there. Repeating it changes nothing. */
export async function putMark(path: string, disk: Disk = nodeDisk): Promise<void> {
  try {
    const file = await disk.create(path, 0o600);
    await file.close();
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return;
    throw error;
  }
  crashPoint('put-linked');
  await disk.syncDirectory(join(path, '..'));
}

async function listOrNothing(dir: string, disk: Disk): Promise<string[]> {
  try {
    return await disk.list(dir);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  }
}

async function readRecord<T>(path: string, name: string, kind: RecordKind<T>, disk: Disk): Promise<T | undefined> {
  for (let attempt = 1; ; attempt++) {
    let text: string;
    try {
      text = (await disk.read(path)).toString('utf8');
    } catch (error) {
      // Archived or set aside by another process since we listed.
      if (errorCode(error) === 'ENOENT') return undefined;
      throw error;
    }
    if (text === '' && kind.mayBeEmpty?.test(name)) return undefined;
    try {
      return kind.parse(text, name);
    } catch (error) {
      if (attempt < TORN_READS) {
        await new Promise((resolve) => setTimeout(resolve, REREAD_MS));
        continue;
      }
      if (kind.corrupt === 'refuse') throw new CorruptRecordError(path, error);
      await quarantine(path, kind.now, disk).catch(() => undefined);
      return undefined;
    }
  }
}
