import { join } from 'node:path';
import type { Disk } from '#kit/durable/disk.ts';
import { ensurePrivateDirectory } from '#kit/durable/private-directory.ts';
import { putMark } from '#kit/durable/records.ts';
import { sha256Hex } from '#kit/hash.ts';

/**
 * Whether an origin honours Idempotency-Keys. A document that declares them is a promise; a replay is proof, and is
 * remembered for good.
 */
export interface Capability {
  honoursKeys(origin: string): Promise<boolean>;
  /** A replay was seen. */
  learn(origin: string): Promise<void>;
}

/** `certain`: the marketplace of this package answers there. */
export function createCapability(directory: string, disk: Disk, certain: boolean): Capability {
  const proven = new Set<string>();
  const markOf = (origin: string) => join(directory, 'origins', `${sha256Hex(origin).slice(0, 16)}.honours-keys`);
  return {
    async honoursKeys(origin) {
      if (certain || proven.has(origin)) return true;
      const entry = await disk.entry(markOf(origin)).catch(() => undefined);
      if (entry?.kind === 'file') proven.add(origin);
      return proven.has(origin);
    },
    async learn(origin) {
      if (certain || proven.has(origin)) return;
      proven.add(origin);
      try {
        await ensurePrivateDirectory(join(directory, 'origins'), disk);
        await putMark(markOf(origin), disk);
      } catch {
        // Known while this process lives; the next one sees a replay of its own.
      }
    },
  };
}
