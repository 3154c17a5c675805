import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { mkdir, open, readdir, rename, stat, unlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { Script } from 'node:vm';
import { stateDirectory } from './state-dir.ts';

/**
 * Compiled code kept between starts. Most of what a server's start takes is compiling the same packages again; V8 can
 * give the result away and take it back. Node does this by itself from 22.1 on, for whoever asks; this does it for
 * every Node, for the one file where it pays.
 *
 * The file holds code, so it is taken only from where nobody else can write: a plain file of this user, closed to
 * others, in the state directory. What V8 made of another version, other flags or another source, it refuses. No
 * cache, one that cannot be read, one that cannot be written: everything works, and starts slower.
 */
interface Loaded {
  readonly script: Script;
  readonly cacheFile: string | undefined;
  readonly fresh: boolean;
}

const loaded: Loaded[] = [];

/**
 * Runs a CommonJS file and returns its exports. Its name must change with its content, as V8 compares only the length.
 * @example loadCommonJs('/…/dist/vendor/packages-3f2a91c0.cjs')
 */
export function loadCommonJs(file: string): unknown {
  // The line that Node wraps such a file in itself.
  const source = `(function (exports, require, module) {${readFileSync(file, 'utf8')}\n})`;
  const cacheFile = cacheFileOf(file);
  const cachedData = cacheFile === undefined ? undefined : readOwnFile(cacheFile);
  const script = new Script(source, { filename: file, ...(cachedData && { cachedData }) });
  loaded.push({ script, cacheFile, fresh: cachedData === undefined || script.cachedDataRejected === true });
  const module = { exports: {} };
  script.runInThisContext()(module.exports, createRequire(file), module);
  return module.exports;
}

/**
 * Keeps what was compiled by now, for the next start. To be called once what every start needs has run, and when
 * nobody waits. Never throws.
 */
export async function keepCompiledCode(): Promise<void> {
  for (const { script, cacheFile, fresh } of loaded.splice(0)) {
    if (fresh && cacheFile !== undefined) await write(cacheFile, script.createCachedData()).catch(() => undefined);
  }
}

const FOLDER = 'code-cache';

function cacheFileOf(file: string): string | undefined {
  // Node's own switch for its own cache.
  if (process.env.NODE_DISABLE_COMPILE_CACHE) return undefined;
  const { platform, arch, version } = process;
  return join(stateDirectory(process.env), FOLDER, `${basename(file, '.cjs')}-${platform}-${arch}-${version}.bin`);
}

function readOwnFile(path: string): Buffer | undefined {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0));
    const { uid, mode } = fstatSync(descriptor);
    const own = process.getuid === undefined || (uid === process.getuid() && (mode & 0o022) === 0);
    return own ? readFileSync(descriptor) : undefined;
  } catch {
    return undefined;
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
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
