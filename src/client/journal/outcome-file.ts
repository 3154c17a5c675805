import type { Disk } from '#kit/durable/disk.ts';
import { type Named, nameOnce, replaceFile } from '#kit/durable/files.ts';

/**
 * Writes an outcome down, unless there is one: what was said first stands. The caller decides how long to wait; until it is
 * finished, a power cut may leave nothing of it, or an empty file, which is as good as nothing and is written anew here.
 */
export async function putOutcome(path: string, text: string, disk: Disk): Promise<Named> {
  const named = await nameOnce(path, text, disk, true);
  if (named.outcome === 'created' || (await disk.entry(path))?.size !== 0) return named;
  await named.finish();
  await replaceFile(path, text, disk);
  return { outcome: 'created', finish: async () => undefined };
}
