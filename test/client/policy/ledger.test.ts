import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Limits } from '#client/policy/decide.ts';
import { createLedger } from '#client/policy/ledger.ts';
import { type BookingRequest, LedgerError } from '#client/policy/ledger-files.ts';
import { systemClock } from '#kit/clock.ts';
import { type Disk, nodeDisk } from '#kit/durable/disk.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

const limits: Limits = {
  maxJob: 100n,
  maxDay: 100n,
  maxOpenEscrow: 100n,
  maxWithdraw: undefined,
  maxWithdrawDay: undefined,
  maxBid: undefined,
};
const request = (key: string, amount = 40n): BookingRequest => ({
  key,
  kind: 'job',
  amount,
  operation: 'create_job',
  origin: 'o',
  agentId: 'a',
  subject: key,
});
const open = (disk: Disk = nodeDisk, path = join(temporaryDirectory(), 'mcp', 'spend', 'live')) => ({
  path,
  ledger: createLedger(path, { clock: systemClock, disk, bootTime: () => undefined }),
});

test('one key is one booking, also when several processes book it at once', async () => {
  const { path } = open();
  const processes = Array.from({ length: 6 }, () => open(nodeDisk, path).ledger);
  const booked = await Promise.all(processes.map((ledger) => ledger.book(request('same'), limits)));
  expect(new Set(booked.map(({ booking }) => booking.seq)).size).toBe(1);
  const counted = (await open(nodeDisk, path).ledger.read()).filter(({ released }) => !released);
  expect(counted.map(({ key }) => key)).toEqual(['same']);
});

test('of many bookings at once, as many pass as fit, and each knows what was before it', async () => {
  const { path } = open();
  const processes = Array.from({ length: 5 }, () => open(nodeDisk, path).ledger);
  const results = await Promise.all(processes.map((ledger, at) => ledger.book(request(`key ${at}`), limits)));
  expect(results.filter(({ breach }) => breach === undefined)).toHaveLength(2);
});

test('what was booked comes back as it was, with what became of it', async () => {
  const { ledger, path } = open();
  const { booking } = await ledger.book({ ...request('k', 7n), jobId: 'j' }, limits);
  await ledger.begin(booking.seq);
  await ledger.done(booking.seq, 'made-1');
  await ledger.ended(booking.seq);
  expect(await open(nodeDisk, path).ledger.read()).toEqual([
    {
      ...request('k', 7n),
      jobId: 'j',
      seq: 1,
      // Told by how long ago it was, which two readings of two clocks give to a few milliseconds.
      at: expect.toSatisfy((at: number) => at >= booking.at && at < booking.at + 60_000),
      sent: true,
      closing: false,
      released: false,
      done: true,
      ended: true,
      objectId: 'made-1',
    },
  ]);
});

test('a released booking is over: the same key may be booked again', async () => {
  const { ledger } = open();
  const first = await ledger.book(request('k'), limits);
  await ledger.refuse(first.booking.seq);
  const second = await ledger.book(request('k'), limits);
  expect(second.booking.seq).toBe(2);
  expect(second.breach).toBeUndefined();
});

/** A disk that fails one kind of step from now on. */
function failing(step: 'create' | 'link' | 'list' | 'syncDirectory', code: string): Disk {
  return { ...nodeDisk, [step]: () => Promise.reject(Object.assign(new Error(code), { code })) };
}

test.each([
  ['create', 'ENOSPC'],
  ['link', 'EIO'],
  ['syncDirectory', 'EIO'],
] as const)('where %s fails with %s nothing is booked, and it says so', async (step, code) => {
  const { ledger, path } = open();
  await ledger.book(request('before'), limits);
  const broken = open(failing(step, code), path).ledger;
  const error = await broken.book(request('after'), limits).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(LedgerError);
  expect(error).toMatchObject({ kind: 'unwritable', message: code });
});

test('a ledger that cannot be listed is damaged, not empty', async () => {
  const { path, ledger } = open();
  await ledger.book(request('before'), limits);
  const error = await open(failing('list', 'EACCES'), path)
    .ledger.read()
    .catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ kind: 'damaged' });
});

test('nothing is made on disk by reading', async () => {
  const { ledger, path } = open();
  expect(await ledger.read()).toEqual([]);
  expect(await nodeDisk.entry(join(path, '..', '..'))).toBeUndefined();
});

test('what was booked while the clock was set back counts for today when it runs right again', async () => {
  const path = join(temporaryDirectory(), 'mcp', 'spend', 'live');
  const machine = { boot: 'run-1', ms: 1_000_000 };
  const at = (now: number, up = machine) =>
    createLedger(path, { clock: { now: () => now, after: systemClock.after }, bootTime: () => up });
  const today = Date.parse('2026-03-10T12:00:00Z');
  // Jobs that have ended, so that it is the day that counts.
  const back = at(today - 48 * 3_600_000);
  const { booking } = await back.book(request('while back', 80n), limits);
  await back.ended(booking.seq);
  machine.ms += 60_000;
  expect((await at(today).book(request('right again', 40n), limits)).breach).toMatchObject({
    setting: 'SOTA_MAX_DAY_USDC',
    used: '0.00008',
  });
  // A day later by both, it is over; after a restart of the machine only the clock can tell.
  const later = { boot: 'run-1', ms: machine.ms + 25 * 3_600_000 };
  const [booked] = await at(today + 25 * 3_600_000, later).read();
  expect(today + 25 * 3_600_000 - booked!.at).toBeGreaterThan(24 * 3_600_000);
});

test('of beginning and refusing one booking the first counts, in whatever process', async () => {
  const { ledger, path } = open();
  const other = open(nodeDisk, path).ledger;
  const { booking: first } = await ledger.book(request('a'), limits);
  await other.refuse(first.seq);
  expect(await ledger.begin(first.seq)).toBe('gone');
  const { booking: second } = await ledger.book(request('b'), limits);
  expect(await ledger.begin(second.seq)).toBe('first');
  await other.refuse(second.seq);
  expect((await ledger.read()).map(({ released }) => released)).toEqual([true, false]);
});

test('what another process sends again is not given back, unless nothing can have come of it', async () => {
  const { ledger, path } = open();
  const other = open(nodeDisk, path).ledger;
  const { booking } = await ledger.book(request('a'), limits);
  await ledger.begin(booking.seq);
  expect(await other.begin(booking.seq)).toBe('again');
  await ledger.release(booking.seq);
  expect((await ledger.read())[0]).toMatchObject({ released: false, closing: true });
  await ledger.release(booking.seq, { certain: true });
  expect((await ledger.read())[0]).toMatchObject({ released: true });
});

test('what is being given back is not sent again under its booking', async () => {
  const { ledger, path } = open();
  const { booking } = await ledger.book(request('a'), limits);
  await ledger.begin(booking.seq);
  await ledger.release(booking.seq);
  const other = open(nodeDisk, path).ledger;
  expect(await other.begin(booking.seq)).toBe('gone');
  expect((await other.book(request('a'), limits)).booking.seq).toBe(2);
});

test('bookings that are over and too old to count are cleared away, and nothing else', async () => {
  const path = join(temporaryDirectory(), 'mcp', 'spend', 'live');
  let now = Date.parse('2026-01-01T00:00:00Z');
  const at = () => createLedger(path, { clock: { now: () => now, after: systemClock.after } });
  const wide = { ...limits, maxJob: 10n ** 9n, maxDay: 10n ** 9n, maxOpenEscrow: 10n ** 9n };
  const writer = at();
  for (let nth = 1; nth <= 230; nth++) {
    const { booking } = await writer.book(request(`old ${nth}`, 1n), wide);
    await writer.begin(booking.seq);
    // The 211th stays open.
    if (nth !== 211) {
      await writer.done(booking.seq, `made ${nth}`);
      await writer.ended(booking.seq);
    }
  }
  now += 47 * 3_600_000;
  await writer.book(request('too early', 1n), wide);
  expect(await at().read()).toHaveLength(231);
  now += 2 * 3_600_000;
  const { booking } = await at().book(request('new', 5n), wide);
  expect(booking.seq).toBe(232);
  const left = await at().read();
  expect(left.map(({ seq }) => seq)).toEqual(Array.from({ length: 22 }, (_, nth) => nth + 211));
  // What was cleared away is no gap; what is taken out after that is.
  expect(await writer.read()).toHaveLength(22);
  await nodeDisk.unlink(join(path, '000212.json'));
  await expect(at().read()).rejects.toMatchObject({ kind: 'damaged' });
});
