import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Disk } from '#kit/durable/disk.ts';
import { putOnce, replaceFile } from '#kit/durable/files.ts';
import { ensurePrivateDirectory } from '#kit/durable/private-directory.ts';
import { CorruptRecordError, listRecords, putMark } from '#kit/durable/records.ts';
import { fakeDisk, systemError } from '../support/fake-disk.ts';

const parse = (text: string): { n: number } => {
  const value = JSON.parse(text) as { n?: unknown };
  if (typeof value.n !== 'number') throw new Error('no number');
  return value as { n: number };
};
const kind = { name: /^\d+\.json$/, parse, corrupt: 'refuse', now: 0 } as const;

test('what was acknowledged is there after a power cut, whole', async () => {
  const disk = fakeDisk();
  await ensurePrivateDirectory('/home/state/deep', disk);
  await putOnce('/home/state/deep/1.json', '{"n":1}', disk);
  await putMark('/home/state/deep/1.seen', disk);
  await replaceFile('/home/state/deep/2.json', '{"n":2}', disk);
  await replaceFile('/home/state/deep/2.json', '{"n":3}', disk);
  const { names, records } = await listRecords('/home/state/deep', kind, disk.powerCut());
  expect(names).toEqual(['1.json', '1.seen', '2.json']);
  expect([...records.values()]).toEqual([{ n: 1 }, { n: 3 }]);
});

test.each<[string, (disk: Disk) => Partial<Disk>]>([
  [
    'files are not synced',
    (disk) => ({ create: async (path, mode) => ({ ...(await disk.create(path, mode)), sync: async () => {} }) }),
  ],
  ['directories are not synced', () => ({ syncDirectory: async () => {} })],
])('that is what syncing is for: lost or empty where %s', async (_, without) => {
  const disk = fakeDisk();
  await ensurePrivateDirectory('/state', disk);
  await putOnce('/state/1.json', '{"n":1}', { ...disk, ...without(disk) });
  const after = disk.powerCut();
  const kept = await after.read('/state/1.json').then(String, () => 'lost');
  expect(['', 'lost']).toContain(kept);
});

test('wherever the power goes, a record is whole or not there, and acknowledged means there', async () => {
  for (let dies = 1; ; dies++) {
    const disk = fakeDisk();
    await ensurePrivateDirectory('/state', disk);
    const from = disk.steps;
    disk.failing = () => (disk.steps > from + dies ? systemError('EIO') : undefined);
    const put = await putOnce('/state/1.json', '{"n":1}', disk).catch(() => 'died');
    const { records } = await listRecords('/state', kind, disk.powerCut());
    expect([[], [{ n: 1 }]]).toContainEqual([...records.values()]);
    if (put === 'created') expect(records.size).toBe(1);
    if (disk.steps - from < dies) break;
  }
});

test('temporary files are no records, and an unreadable one stops the reader or is set aside', async () => {
  const disk = fakeDisk();
  await ensurePrivateDirectory('/state', disk);
  await putOnce('/state/1.json', '{"n":1}', disk);
  await putOnce('/state/2.json', '{"n":"two"}', disk);
  await putOnce('/state/.tmp-3.json', '{', disk);
  await expect(listRecords('/state', kind, disk)).rejects.toThrow(CorruptRecordError);
  const { names, records } = await listRecords('/state', { ...kind, corrupt: 'quarantine' }, disk);
  expect(names).toEqual(['1.json', '2.json']);
  expect([...records.keys()]).toEqual(['1.json']);
  expect(disk.files()).toContain(join('/state', '2.json.corrupt-19700101T000000000Z'));
  expect((await listRecords('/state', kind, disk)).records.size).toBe(1);
});

test('a directory that is not there has no records; one that cannot be read is no empty one', async () => {
  const disk = fakeDisk();
  expect((await listRecords('/nothing', kind, disk)).names).toEqual([]);
  await ensurePrivateDirectory('/state', disk);
  disk.failing = (step) => (step === 'list' ? systemError('EIO') : undefined);
  await expect(listRecords('/state', kind, disk)).rejects.toThrow('EIO');
});
