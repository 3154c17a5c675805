/**
 * Builds dist/: one self-contained bundle that runs with no node_modules beside it.
 *
 *   node scripts/build.mjs [--quiet] [--clean] [--root DIR]
 *
 * --quiet   say nothing unless something is wrong
 * --clean   for packing: build even when dist/ is current, keep nothing of earlier builds, and name no source maps, which
 *           are not packed
 * --root    another project folder of the same layout (the tests build small ones)
 *
 * dist/ is in use while it is rebuilt: tests spawn it, and several builds may start at once. So
 *  - a build whose inputs have the hash noted in dist/.stamp does nothing;
 *  - builds take turns (dist/.lock), and whoever waited looks at the stamp again;
 *  - files are written aside and renamed into place, those that others import first;
 *  - code chunks carry their hash in their name, and replaced ones stay for a while, because a process started before
 *    the rebuild may only now import them.
 *
 * Everything lies flat in dist/, chunks too, so `new URL('./validate-worker.mjs', import.meta.url)` means the same in
 * whichever chunk the bundler puts it.
 */
import { createHash, randomUUID } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { bundle, ENTRIES, EXECUTABLES } from './bundle.mjs';

/** Everything that decides what a build produces. */
const INPUTS = ['src', 'skill', 'SKILL.md', 'package.json', 'package-lock.json', 'tsconfig.json'];

const SCRIPTS = [
  'build',
  'bundle',
  'pack-docs',
  'packed-packages',
  'slim-chunks',
  'bake-catalogue',
  'merge-chunks',
  'start-script',
  'lazy-schemas',
  'lean-packages',
  'left-out',
  'lean-kysely',
  'lean-sdk',
].map((name) => `./${name}.mjs`);

/** How long a replaced file stays, for processes that started before it was replaced. */
const KEEP_REPLACED_MS = 10 * 60_000;

const LOCK_STALE_MS = 60_000;

const { values: options } = parseArgs({
  options: { quiet: { type: 'boolean' }, clean: { type: 'boolean' }, root: { type: 'string' } },
});
const root = resolve(options.root ?? fileURLToPath(new URL('..', import.meta.url)));
const dist = join(root, 'dist');
const stampFile = join(dist, '.stamp');
const lockFile = join(dist, '.lock');

try {
  await main();
} catch (error) {
  // esbuild has printed its own errors by now, with source lines.
  if (!Array.isArray(error?.errors)) console.error(error);
  process.exitCode = 1;
}

async function main() {
  if (!options.clean && isCurrent(hashInputs())) return say('dist/ is current');
  mkdirSync(dist, { recursive: true });
  await takeLock();
  try {
    const hash = hashInputs();
    if (!options.clean && isCurrent(hash)) return say('dist/ is current');
    const files = await bundle(root, dist);
    if (options.clean) withoutMaps(files);
    publish(files, hash);
    for (const [name, content] of files) {
      if (!name.endsWith('.map')) say(`dist/${name}  ${(content.length / 1024).toFixed(1)} kB`);
    }
    if (files.size === 0) say('no entry point is there yet: nothing to build');
  } finally {
    rmSync(lockFile, { force: true });
  }
}

/** A debugger that is told of a map where there is none complains. */
function withoutMaps(files) {
  for (const [name, content] of files) {
    if (name.endsWith('.map')) files.delete(name);
    else if (/\.[cm]?js$/.test(name)) {
      files.set(
        name,
        Buffer.from(
          Buffer.from(content)
            .toString()
            .replace(/^\/\/# sourceMappingURL=.*\n?/gm, ''),
        ),
      );
    }
  }
}

/** Puts a finished build in place of the last one without a moment at which dist/ does not run. */
function publish(files, hash) {
  const replaced = new Set(readStamp()?.files ?? []);
  // A build that dies half way must not leave a stamp that vouches for the mixture.
  rmSync(stampFile, { force: true });
  for (const name of readdirSync(dist)) {
    if (name.startsWith('.building-')) rmSync(join(dist, name), { recursive: true, force: true });
  }
  const aside = join(dist, `.building-${randomUUID()}`);
  for (const [name, content] of files) {
    mkdirSync(dirname(join(aside, name)), { recursive: true });
    writeFileSync(join(aside, name), content);
    if (EXECUTABLES.includes(name)) chmodSync(join(aside, name), 0o755);
  }
  const entryFiles = new Set(Object.keys(ENTRIES).flatMap((out) => [`${out}.js`, `${out}.mjs`]));
  for (const name of [...files.keys()].sort((a, b) => Number(entryFiles.has(a)) - Number(entryFiles.has(b)))) {
    mkdirSync(dirname(join(dist, name)), { recursive: true });
    renameSync(join(aside, name), join(dist, name));
  }
  rmSync(aside, { recursive: true, force: true });
  retire(files, replaced);
  const stamp = `${stampFile}.${process.pid}`;
  writeFileSync(stamp, JSON.stringify({ hash, files: [...files.keys()] }));
  renameSync(stamp, stampFile);
}

/** Removes what this build no longer has: at once with --clean, else once it has been replaced for long enough. */
function retire(files, replaced) {
  const now = Date.now();
  for (const entry of readdirSync(dist, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const name = relative(dist, path).split(sep).join('/');
    if (files.has(name) || path === lockFile) continue;
    if (!options.clean && replaced.has(name)) {
      utimesSync(path, now / 1000, now / 1000); // from here on its age counts from the day it was replaced
    } else if (options.clean || now - statSync(path).mtimeMs > KEEP_REPLACED_MS) {
      rmSync(path, { force: true });
    }
  }
}

function isCurrent(hash) {
  const stamp = readStamp();
  return stamp?.hash === hash && stamp.files.every((name) => existsSync(join(dist, name)));
}

/** @returns {{hash: string, files: string[]} | undefined} */
function readStamp() {
  try {
    return JSON.parse(readFileSync(stampFile, 'utf8'));
  } catch {
    return undefined;
  }
}

function hashInputs() {
  const hash = createHash('sha256');
  for (const script of SCRIPTS) hash.update(readFileSync(new URL(script, import.meta.url)));
  for (const input of INPUTS) {
    for (const path of listFiles(join(root, input))) {
      hash.update(`\0${relative(root, path)}\0`);
      hash.update(readIfThere(path));
    }
  }
  return hash.digest('hex');
}

function listFiles(path) {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat) return [];
  if (stat.isFile()) return [path];
  const entries = readdirSync(path, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

/** Editors replace files under our hands; one that vanished since it was listed counts as empty. */
function readIfThere(path) {
  try {
    return readFileSync(path);
  } catch {
    return '';
  }
}

/**
 * Waits for the turn to build. The lock of a process that died is removed. Two waiters doing that in the same
 * instant could both go on; they would build the same thing, so this is not guarded further.
 */
async function takeLock() {
  for (;;) {
    try {
      return writeFileSync(lockFile, String(process.pid), { flag: 'wx' });
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    if (isLockStale()) rmSync(lockFile, { force: true });
    await sleep(50);
  }
}

/** Stale by its dead owner, or by an age no build reaches (its owner's number may be another process by now). */
function isLockStale() {
  const stat = statSync(lockFile, { throwIfNoEntry: false });
  if (!stat) return false;
  const owner = Number(readIfThere(lockFile));
  // 0: the lock has just been made and its owner is not written yet.
  return (owner > 0 && !isAlive(owner)) || Date.now() - stat.mtimeMs > LOCK_STALE_MS;
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

function say(line) {
  if (!options.quiet) console.log(line);
}
