import { join } from 'node:path';
import type { Clock } from '#kit/clock.ts';
import { nodeDisk } from '#kit/durable/disk.ts';
import { putOnce } from '#kit/durable/files.ts';
import { ensurePrivateDirectory } from '#kit/durable/private-directory.ts';
import { sha256Hex } from '#kit/hash.ts';

export interface ReplayGuard {
  /** Whether an id was seen before, also by an earlier process. `kept` resolves when that is durable. */
  note(id: string): Promise<{ readonly seen: boolean; readonly kept: Promise<unknown> }>;
}

const PRUNE_EVERY_MS = 60_000;

/**
 * Remembers the ids of webhooks for `keepMs`: twice the tolerance of the signature, after which a copy is refused for
 * its age alone. One empty file each, whose creation is what decides.
 */
export async function openReplayGuard(folder: string, keepMs: number, clock: Clock): Promise<ReplayGuard> {
  await ensurePrivateDirectory(folder);
  let prunedAt = Number.NEGATIVE_INFINITY;
  /** Being written: two copies that arrive together are one. */
  const pending = new Map<string, Promise<unknown>>();

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
      const path = join(folder, sha256Hex(id).slice(0, 40));
      const entry = await nodeDisk.entry(path);
      const writing = pending.get(path);
      if (entry || writing) return { seen: true, kept: writing ?? Promise.resolve() };
      const kept = putOnce(path, '').finally(() => pending.delete(path));
      pending.set(path, kept);
      return { seen: false, kept };
    },
  };
}
