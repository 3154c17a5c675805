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
import { join } from 'node:path';
import { type Disk, errorCode, nodeDisk } from './durable/disk.ts';
import { putOnce, replaceFile } from './durable/files.ts';
import { ensurePrivateDirectory } from './durable/private-directory.ts';
import {
  type OwnerInfo,
  type OwnerRecord,
  openPost,
  parseObject,
  removeFolderOf,
  type Watched,
  watch,
} from './owner-socket.ts';

export interface Owned {
  readonly owner: true;
  /** Tells those who watch, and those who come later. */
  update(info: OwnerInfo): Promise<void>;
  /** Gives the ownership up. The next claim succeeds at once. */
  release(): Promise<void>;
}

const RECORD = /^owner\.(\d{1,15})\.json$/;
/** A torn record (only on file systems without hard links) is read again this often before it counts as abandoned. */
const TORN_RECORD_READS = 20;
const REREAD_MS = 25;
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
        const found = await watch(highest.record);
        if (found === 'unclear') {
          await pause();
          continue;
        }
        if (found !== 'dead') {
          await post.close();
          return found;
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

/** The newest claim. `record` is undefined where the record stays unreadable: its writer died in the middle. */
async function highestRecord(dir: string): Promise<{ epoch: number; record: OwnerRecord | undefined } | undefined> {
  for (let torn = 0; ; ) {
    const epoch = Math.max(0, ...(await epochsIn(dir)));
    if (epoch === 0) return undefined;
    const record = await readRecord(join(dir, `owner.${epoch}.json`));
    if (record) return { epoch, record };
    if (record === undefined && ++torn >= TORN_RECORD_READS) return { epoch, record: undefined };
    // Cleared away by a newer owner since we listed (look again), or still being written.
    await pause();
  }
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, REREAD_MS));
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
