import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { Script } from 'node:vm';
import { stateDirectory } from './state-dir.ts';

/**
 * Compiled code kept between starts. Most of what a server's start takes is compiling the same code again; V8 can give
 * the result away and take it back. Node does this by itself from 22.1 on, for whoever asks; this does it for every
 * Node, for the one file where it pays.
 *
 * The file holds code, so it is taken only from where nobody else can write: a plain file of this user, closed to
 * others, in the state directory. What V8 made of another version, other flags or another source, it refuses. No
 * cache, one that cannot be read, one that cannot be written: everything works, and starts slower. What writes it is
 * `keep-compiled.ts`, which no start waits for.
 */
export interface LoadedScript {
  readonly exports: unknown;
  readonly script: Script;
  readonly cacheFile: string | undefined;
  /** Whether what V8 made of it is worth keeping; false once it is kept. */
  fresh: boolean;
}

/** What a file that runs as a script lacks of what Node gives to modules. */
export interface NativeParts {
  /** `import()`, as scripts made from text have none. */
  readonly load: (specifier: string) => Promise<unknown>;
  /** `import.meta.url` of the modules it was made of. */
  readonly url: string;
}

/**
 * What was loaded, by path. The program and chunks loaded later bring this module in several copies, and must get the
 * same instances.
 */
export function loadedScripts(): Map<string, LoadedScript> {
  const place = globalThis as { [key: symbol]: Map<string, LoadedScript> | undefined };
  const key = Symbol.for('sota-mcp.loaded-scripts');
  place[key] ??= new Map();
  return place[key];
}

/**
 * Runs a file that holds the function which Node wraps around CommonJS, and returns its exports; a second time the same
 * ones. Its name must change with its content, as V8 compares only the length. It holds no letters beyond ASCII: V8
 * takes such a text as it is.
 * @example loadScript('/…/dist/vendor/start-3f2a91c0.cjs', require, { load: (name) => import(name), url })
 */
export function loadScript(file: string, require: NodeJS.Require, native: NativeParts): unknown {
  const scripts = loadedScripts();
  const known = scripts.get(file);
  if (known) return known.exports;
  const cacheFile = cacheFileOf(file);
  const cachedData = cacheFile === undefined ? undefined : readOwnFile(cacheFile);
  const script = new Script(readFileSync(file, 'latin1'), { filename: file, ...(cachedData && { cachedData }) });
  const fresh = cachedData === undefined || script.cachedDataRejected === true;
  const module = { exports: {} };
  script.runInThisContext()(module.exports, require, module, native);
  scripts.set(file, { exports: module.exports, script, cacheFile, fresh });
  return module.exports;
}

function cacheFileOf(file: string): string | undefined {
  // Node's own switch for its own cache.
  if (process.env.NODE_DISABLE_COMPILE_CACHE) return undefined;
  const { platform, arch, version } = process;
  return join(
    stateDirectory(process.env),
    'code-cache',
    `${basename(file, '.cjs')}-${platform}-${arch}-${version}.bin`,
  );
}

function readOwnFile(path: string): Buffer | undefined {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0));
    const { uid, mode } = fstatSync(descriptor);
    const own = process.getuid === undefined || (uid === process.getuid() && (mode & 0o022) === 0);
    return own ? ifWhole(readFileSync(descriptor)) : undefined;
  } catch {
    return undefined;
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

/**
 * V8 ends the process over a file with wrong bits in it, and would at every start. So it is written twice, one behind the
 * other: comparing is far cheaper than any sum over it.
 */
function ifWhole(twice: Buffer): Buffer | undefined {
  const data = twice.subarray(0, twice.length / 2);
  return data.equals(twice.subarray(data.length)) ? data : undefined;
}
