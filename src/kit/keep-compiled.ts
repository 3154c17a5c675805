import { mkdir, open, readdir, rename, stat, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { loadedScripts } from './code-cache.ts';

/**
 * Keeps what was compiled by now, for the next start. To be called once what every start needs has run, and when
 * nobody waits. Never throws.
 */
export async function keepCompiledCode(): Promise<void> {
  for (const loaded of loadedScripts().values()) {
    const { script, cacheFile, fresh } = loaded;
    loaded.fresh = false;
    if (fresh && cacheFile !== undefined) await write(cacheFile, script.createCachedData()).catch(() => undefined);
  }
}

/** Whole or not at all, also in a power cut: V8 trusts what it reads. */
async function write(path: string, data: Uint8Array): Promise<void> {
  const folder = dirname(path);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const temporary = join(folder, `.tmp-${process.pid}-${process.hrtime.bigint()}`);
  const file = await open(temporary, 'wx', 0o600);
  try {
    await file.writeFile(data);
    await file.writeFile(data); // again: see ifWhole in code-cache.ts
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
  await dropOthers(folder, basename(path));
}

/** How long a file of another Node may lie unused before it counts as left behind. */
const STALE_MS = 30 * 24 * 3_600_000;

/** Replaced packages of this Node, and what lies there for long. One in use was read whole when its process started. */
async function dropOthers(folder: string, kept: string): Promise<void> {
  const suffix = kept.slice(kept.indexOf(`-${process.platform}-`));
  for (const name of await readdir(folder)) {
    if (name === kept) continue;
    const path = join(folder, name);
    const replaced = name.endsWith(suffix);
    if (replaced || Date.now() - (await stat(path)).mtimeMs > STALE_MS) await unlink(path);
  }
}
