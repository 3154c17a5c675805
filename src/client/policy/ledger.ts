/**
 * What was committed, shared by every process of a state directory, so that limits hold across all of them and across
 * restarts. Nothing in it is ever rewritten.
 *
 *   000000.json            made with the folder; its absence later means that history was removed
 *   000007.json            one booking, claimed by creating the file: of many processes exactly one gets the number
 *   000007.checked         `sent`: it passed its check and may have left this machine; `refused`: it did not pass
 *   000007.again           another process sends it again, under the same key
 *   000007.closing         it is being given back; nobody begins to send it from here on
 *   000007.released        it counts nowhere
 *   000007.done.json       it took effect; the id of what it made
 *   000007.ended           the job has ended, it is no longer open escrow
 *   pruned-000150          the numbers below are over and were cleared away
 *
 * Reserve, then check: a process first takes a number and then counts the numbers below its own. Whatever the others do
 * at the same time, the bookings that pass their check never exceed a limit, because each counts all that could have
 * passed before it; checking first and writing after lets two processes see the same free space.
 *
 *   (none) ──book──▶ booked ──refuse──▶ released
 *                      └──begin──▶ sent ──answered──▶ done ──job over──▶ ended
 *                                  ├──refused──▶ released
 *                                  └──unknown──▶ stays, and counts
 *
 * Two processes may be at one booking, because one intent is resumed by whoever finds it. What each may do next is
 * settled by who creates a file first: `begin` and `refuse` by one name; beginning again and `release` by each writing its
 * own name before looking for the other's. Where both lose, the booking stays counted.
 *
 * Numbers also carry the order of time: a booking is never dated before the one below it, so setting the clock back
 * makes nothing look older than it is. What was booked while the clock was back, and it runs right again, is dated by
 * how long the machine has been running since. A gap in the numbers means that somebody took a file out; then nothing is
 * counted and money is refused, until a person has looked.
 */
import type { CapBreach } from '#contract/errors/teach-policy.ts';
import { errorCode } from '#kit/durable/disk.ts';
import { findBreach, type Limits } from './decide.ts';
import {
  type BookingRequest,
  createLedgerFiles,
  LedgerError,
  type LedgerOptions,
  type StoredBooking,
} from './ledger-files.ts';

export interface Ledger {
  /** Every booking that may still count, in order. @throws LedgerError */
  read(): Promise<readonly StoredBooking[]>;
  /**
   * Books under the key, or finds what was booked under it, and tells which limit that breaks, given what was booked
   * before. The caller must then `begin` or `refuse` it.
   * @throws LedgerError
   */
  book(request: BookingRequest, limits: Limits): Promise<{ booking: StoredBooking; breach?: CapBreach }>;
  /**
   * It is going to be sent: for the first time, or once more under its key. `gone`: another process refused it or is
   * giving it back, so book again.
   */
  begin(seq: number): Promise<'first' | 'again' | 'gone'>;
  /** It will not be sent. */
  refuse(seq: number): Promise<void>;
  /**
   * It counts no longer, unless another process is sending it again. `certain`: the marketplace, or a person, said that
   * nothing came of this key, so nobody else's sending can change that.
   */
  release(seq: number, how?: { certain: boolean }): Promise<void>;
  done(seq: number, objectId: string | undefined): Promise<void>;
  ended(seq: number): Promise<void>;
}

/** @param path folder of this ledger */
export function createLedger(path: string, options: LedgerOptions): Ledger {
  const files = createLedgerFiles(path, options);

  async function writing<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof LedgerError) throw error;
      throw new LedgerError('unwritable', path, errorCode(error) ?? String(error), error);
    }
  }

  return {
    read: files.read,

    book: (request, limits) =>
      writing(async () => {
        // Reading first: where history is missing, nothing may be made anew.
        await files.prune(await files.read());
        await files.open();
        for (;;) {
          const bookings = await files.read();
          const isOurs = ({ key, released, closing }: StoredBooking) => key === request.key && !released && !closing;
          const found = bookings.find(isOurs);
          // The number is free only while nobody booked since the reading, so this key cannot be booked twice.
          const booking = found ?? (await files.add(request, bookings));
          if (!booking) continue;
          const breach = findBreach(
            booking,
            bookings.filter(({ seq }) => seq < booking.seq),
            limits,
          );
          return { booking, ...(breach && { breach }) };
        }
      }),

    begin: (seq) =>
      writing(async () => {
        if (await files.note(seq, '.checked', 'sent')) return 'first';
        if ((await files.text(seq, '.checked')) !== 'sent') return 'gone';
        await files.note(seq, '.again');
        return (await files.text(seq, '.closing')) === undefined ? 'again' : 'gone';
      }),

    refuse: (seq) =>
      writing(async () => {
        const ours = await files.note(seq, '.checked', 'refused');
        if (ours || (await files.text(seq, '.checked')) === 'refused') await files.note(seq, '.released');
      }),

    release: (seq, { certain } = { certain: false }) =>
      writing(async () => {
        await files.note(seq, '.closing');
        if (certain || (await files.text(seq, '.again')) === undefined) await files.note(seq, '.released');
      }),

    async done(seq, objectId) {
      await files.note(seq, '.done.json', `${JSON.stringify({ v: 1, id: objectId })}\n`);
    },

    async ended(seq) {
      await files.note(seq, '.ended');
    },
  };
}
