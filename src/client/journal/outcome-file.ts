import { type Disk, errorCode } from '#kit/durable/disk.ts';
import { type Named, nameOnce, replaceFile } from '#kit/durable/files.ts';

/**
 * Writes an outcome down, unless there is one: what was said first stands. The caller decides how long to wait; until it is
 * finished, a power cut may leave nothing of it, or an empty file, which is as good as nothing and is written anew here.
 */
export async function putOutcome(path: string, text: string, disk: Disk): Promise<Named> {
  const named = await nameOnce(path, text, disk, true);
  if (named.outcome === 'created' || !(await isEmpty(path, disk))) return named;
  await named.finish();
  await replaceFile(path, text, disk);
  return { outcome: 'created', finish: async () => undefined };
}

async function isEmpty(path: string, disk: Disk): Promise<boolean> {
  try {
    return (await disk.entry(path))?.size === 0;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return false;
    throw error;
  }
}
