import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Disk, type DiskFile, nodeDisk } from '#kit/durable/disk.ts';
import { putOnce, replaceFile } from '#kit/durable/files.ts';
import { ensurePrivateDirectory } from '#kit/durable/private-directory.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const modeOf = (path: string) => statSync(path).mode & 0o777;

/** The real disk with its files changed, and a list of what was done in which order. */
function disk(change: (file: DiskFile) => Partial<DiskFile> = () => ({})): Disk & { steps: string[] } {
  const steps: string[] = [];
  return {
    ...nodeDisk,
    steps,
    async create(path, mode) {
      const file = await nodeDisk.create(path, mode);
      const changed = { ...file, ...change(file) };
      return {
        ...changed,
        sync: () => {
          steps.push('sync file');
          return changed.sync();
        },
      };
    },
    link: (from, to) => {
      steps.push('link');
      return nodeDisk.link(from, to);
    },
    rename: (from, to) => {
      steps.push('rename');
      return nodeDisk.rename(from, to);
    },
    syncDirectory: (path) => {
      steps.push('sync directory');
      return nodeDisk.syncDirectory(path);
    },
  };
}

test('of many writers one creates the file, and its content is whole', async () => {
  const file = join(temporaryDirectory(), 'claim.json');
  const results = await Promise.all(Array.from({ length: 20 }, (_, i) => putOnce(file, `writer ${i}`)));
  expect(results.filter((result) => result === 'created')).toHaveLength(1);
  expect(readFileSync(file, 'utf8')).toBe(`writer ${results.indexOf('created')}`);
});

test('files are for their owner only and leave no temporary file behind', async () => {
  const dir = temporaryDirectory();
  await putOnce(join(dir, 'a'), 'x');
  await replaceFile(join(dir, 'b'), 'y');
  await replaceFile(join(dir, 'b'), 'z');
  expect(readdirSync(dir).sort()).toEqual(['a', 'b']);
  expect([modeOf(join(dir, 'a')), modeOf(join(dir, 'b'))]).toEqual([0o600, 0o600]);
  expect(readFileSync(join(dir, 'b'), 'utf8')).toBe('z');
});

test('content is synced before it gets its name, and the name after', async () => {
  const dir = temporaryDirectory();
  const once = disk();
  await putOnce(join(dir, 'a'), 'x', once);
  expect(once.steps).toEqual(['sync file', 'link', 'sync directory']);
  const again = disk();
  await replaceFile(join(dir, 'a'), 'y', again);
  expect(again.steps).toEqual(['sync file', 'rename', 'sync directory']);
});

test('a disk that takes a few bytes at a time still gets everything', async () => {
  const file = join(temporaryDirectory(), 'slow');
  await replaceFile(
    file,
    'a longer text than three bytes',
    disk((real) => ({ write: (bytes) => real.write(bytes.subarray(0, 3)) })),
  );
  expect(readFileSync(file, 'utf8')).toBe('a longer text than three bytes');
});

test('a full disk leaves the old content and no litter', async () => {
  const dir = temporaryDirectory();
  await replaceFile(join(dir, 'kept'), 'old');
  const full = disk(() => ({ write: () => Promise.reject(Object.assign(new Error('full'), { code: 'ENOSPC' })) }));
  await expect(replaceFile(join(dir, 'kept'), 'new', full)).rejects.toThrow('full');
  await expect(
    replaceFile(
      join(dir, 'kept'),
      'new',
      disk(() => ({ write: async () => 0 })),
    ),
  ).rejects.toThrow('no more bytes');
  expect(readFileSync(join(dir, 'kept'), 'utf8')).toBe('old');
  expect(readdirSync(dir)).toEqual(['kept']);
});

test('without hard links a file is still created once', async () => {
  const file = join(temporaryDirectory(), 'claim');
  const plain: Disk = {
    ...nodeDisk,
    link: () => Promise.reject(Object.assign(new Error('no links'), { code: 'EPERM' })),
  };
  expect(await putOnce(file, 'first', plain)).toBe('created');
  expect(await putOnce(file, 'second', plain)).toBe('exists');
  expect(readFileSync(file, 'utf8')).toBe('first');
});

test('a directory is made private, repaired, or refused', async () => {
  const dir = temporaryDirectory();
  await ensurePrivateDirectory(join(dir, 'new', 'deep'));
  expect(modeOf(join(dir, 'new', 'deep'))).toBe(0o700);

  mkdirSync(join(dir, 'open'));
  chmodSync(join(dir, 'open'), 0o755);
  await ensurePrivateDirectory(join(dir, 'open'));
  expect(modeOf(join(dir, 'open'))).toBe(0o700);

  symlinkSync(join(dir, 'open'), join(dir, 'linked'));
  await expect(ensurePrivateDirectory(join(dir, 'linked'))).rejects.toThrow('symbolic link');
  writeFileSync(join(dir, 'file'), '');
  await expect(ensurePrivateDirectory(join(dir, 'file'))).rejects.toThrow('not a directory');

  const foreign: Disk = {
    ...nodeDisk,
    entry: async () => ({ kind: 'directory', mode: 0o700, uid: 4711, size: 0, modified: 0n }),
  };
  await expect(ensurePrivateDirectory(dir, foreign)).rejects.toThrow('another user');
});
