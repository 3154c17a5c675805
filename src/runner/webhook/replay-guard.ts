import { join } from 'node:path';
import type { Clock } from '#kit/clock.ts';
import { nodeDisk } from '#kit/durable/disk.ts';
import { putOnce } from '#kit/durable/files.ts';
import { ensurePrivateDirectory } from '#kit/durable/private-directory.ts';
import { sha256Hex } from '#kit/hash.ts';

export interface ReplayGuard {
  /** Durable when it returns: `again` for an id that was seen before, also by an earlier process. */
  note(id: string): Promise<'new' | 'again'>;
}

const PRUNE_EVERY_MS = 60_000;

/**
 * Remembers the ids of webhooks for `keepMs`: twice the tolerance of the signature, after which a copy is refused for
 * its age alone. One empty file each, whose creation is what decides.
 */
export async function openReplayGuard(folder: string, keepMs: number, clock: Clock): Promise<ReplayGuard> {
  await ensurePrivateDirectory(folder);
  let prunedAt = Number.NEGATIVE_INFINITY;

  async function prune(): Promise<void> {
    prunedAt = clock.now();
    for (const name of await nodeDisk.list(folder)) {
      const path = join(folder, name);
      const entry = await nodeDisk.entry(path).catch(() => undefined);
      if (entry && clock.now() - Number(entry.modified / 1_000_000n) > keepMs) {
        await nodeDisk.unlink(path).catch(() => undefined);
      }
    }
  }

  return {
    async note(id) {
      if (clock.now() - prunedAt > PRUNE_EVERY_MS) await prune();
      const how = await putOnce(join(folder, sha256Hex(id).slice(0, 40)), '');
      return how === 'created' ? 'new' : 'again';
    },
  };
}
