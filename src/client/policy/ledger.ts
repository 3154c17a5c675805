/**
 * What was committed, shared by every process of a state directory, so that limits hold across all of them and across
 * restarts. Nothing in it is ever rewritten.
 *
 *   000000.json            made with the folder; its absence later means that history was removed
 *   000007.json            one booking, claimed by creating the file: of many processes exactly one gets the number
 *   000007.sent            it passed its check and may have left this machine
 *   000007.done.json       it took effect; the id of what it made
 *   000007.released        it was refused for certain and counts nowhere
 *   000007.ended           the job has ended, it is no longer open escrow
 *
 * Reserve, then check: a process first takes a number and then counts the numbers below its own. Whatever the others do
 * at the same time, the bookings that pass their check never exceed a limit, because each counts all that could have
 * passed before it; checking first and writing after lets two processes see the same free space.
 *
 *   (none) ──book──▶ booked ──check fails──▶ released
 *                      └──check passes──▶ sent ──answered──▶ done ──job over──▶ ended
 *                                          ├──refused──▶ released
 *                                          └──unknown──▶ stays, and counts
 *
 * Numbers also carry the order of time: a booking is never dated before the one below it, so setting the clock back
 * makes nothing look older than it is. What was booked while the clock was back, and it runs right again, is dated by
 * how long the machine has been running since. A gap in the numbers means that somebody took a file out; then nothing is
 * counted and money is refused, until a person has looked.
 */
import { basename, dirname, join } from 'node:path';
import type { CapBreach } from '#contract/errors/teach-policy.ts';
import { type BootTime, readBootTime } from '#kit/boot-time.ts';
import { type Clock, systemClock } from '#kit/clock.ts';
import { type Disk, errorCode, nodeDisk } from '#kit/durable/disk.ts';
import { putOnce } from '#kit/durable/files.ts';
import { ensurePrivateDirectory } from '#kit/durable/private-directory.ts';
import { type Booking, findBreach, type Limits } from './decide.ts';

export interface BookingRequest {
  /** The idempotency key it will be sent with: the same key is booked once. */
  readonly key: string;
  readonly kind: Booking['kind'];
  readonly amount: bigint;
  readonly operation: string;
  readonly origin: string;
  readonly agentId: string;
  /** What is asked for, see `subject.ts`. */
  readonly subject: string;
  /** Of an award. */
  readonly jobId?: string | undefined;
}

export interface StoredBooking extends Booking, BookingRequest {
  readonly seq: number;
  /** It may have left this machine: a repeat of its key is a repeat, not a new wish. */
  readonly sent: boolean;
  readonly done: boolean;
  /** Id of what it made, where the answer told. */
  readonly objectId?: string | undefined;
}

/** Why the ledger cannot be counted. */
export class LedgerError extends Error {
  override readonly name = 'LedgerError';
  constructor(
    /** `damaged`: history is missing or unreadable. `unwritable`: it could not be added to. */
    readonly kind: 'damaged' | 'unwritable',
    readonly path: string,
    message: string,
    cause?: unknown,
  ) {
    super(message, { cause });
  }
}

export interface Ledger {
  /** Every booking, in order. @throws LedgerError */
  read(): Promise<readonly StoredBooking[]>;
  /**
   * Books under the key, or finds what was booked under it, and tells which limit that breaks, given what was booked
   * before. The caller must then either record it as sent or release it.
   * @throws LedgerError
   */
  book(request: BookingRequest, limits: Limits): Promise<{ booking: StoredBooking; breach?: CapBreach }>;
  sent(seq: number): Promise<void>;
  release(seq: number): Promise<void>;
  done(seq: number, objectId: string | undefined): Promise<void>;
  ended(seq: number): Promise<void>;
}

/** What is in the file itself; the rest follows from which files stand beside it. */
type Written = Omit<StoredBooking, 'sent' | 'released' | 'ended' | 'done' | 'objectId'> & {
  readonly booted?: BootTime;
};

const DIGITS = 6;
/** A listing that raced with a claim can miss a number once, hardly twice. */
const LISTINGS = 4;

export interface LedgerOptions {
  readonly clock: Clock;
  readonly disk?: Disk;
  /** By default the machine's, where the clock is the machine's as well. */
  readonly bootTime?: () => BootTime | undefined;
}

/**
 * @param path folder of this ledger; the note that it exists lies in `spend-history` beside its parent
 */
export function createLedger(path: string, options: LedgerOptions): Ledger {
  const { clock, disk = nodeDisk, bootTime = clock === systemClock ? readBootTime : () => undefined } = options;
  const root = dirname(dirname(path));
  const historyNote = join(root, 'spend-history', basename(path));
  /** Content of number files, which never changes. */
  const parsed = new Map<number, Written>();
  const objectIds = new Map<number, string | undefined>();
  /** The latest moment known of, whatever the clock says now. */
  let present = 0;

  const file = (seq: number, ending: string) => join(path, `${String(seq).padStart(DIGITS, '0')}${ending}`);
  const damaged = (message: string, cause?: unknown) => new LedgerError('damaged', path, message, cause);

  async function listed(): Promise<Map<number, Set<string>> | undefined> {
    for (let attempt = 1; ; attempt++) {
      let names: string[] = [];
      try {
        names = await disk.list(path);
      } catch (error) {
        if (errorCode(error) !== 'ENOENT')
          throw damaged(`cannot be read (${errorCode(error) ?? String(error)})`, error);
      }
      const found = new Map<number, Set<string>>();
      for (const name of names) {
        const match = /^(\d{6,})(\.[a-z.]+)$/.exec(name);
        if (!match) continue;
        const seq = Number(match[1]);
        const endings = found.get(seq) ?? new Set();
        endings.add(match[2] ?? '');
        found.set(seq, endings);
      }
      const numbered = [...found].filter(([, endings]) => endings.has('.json'));
      const whole = numbered.length === found.size && numbered.every(([seq]) => seq < numbered.length);
      if (whole && numbered.length > 0) return found;
      if (found.size === 0 && !(await disk.entry(historyNote))) return undefined;
      // The note is looked for after the listing, so it may be newer: only a second look tells missing from new.
      if (attempt === LISTINGS) {
        throw damaged(found.size === 0 ? 'is gone although money was spent before' : 'has entries missing');
      }
    }
  }

  async function content(seq: number): Promise<Written> {
    const known = parsed.get(seq);
    if (known) return known;
    const value = await json(file(seq, '.json'));
    const { key, kind, amount_micro, at, operation, origin, agent_id, subject, job_id, boot, up_ms } = value;
    if (
      typeof key !== 'string' ||
      (kind !== 'job' && kind !== 'award' && kind !== 'withdraw') ||
      typeof amount_micro !== 'string' ||
      !/^\d{1,24}$/.test(amount_micro) ||
      typeof at !== 'number'
    ) {
      throw damaged(`has an entry that cannot be understood (${basename(file(seq, '.json'))})`);
    }
    const text = (field: unknown) => (typeof field === 'string' ? field : '');
    const booking = {
      seq,
      key,
      kind,
      amount: BigInt(amount_micro),
      at,
      operation: text(operation),
      origin: text(origin),
      agentId: text(agent_id),
      subject: text(subject),
      ...(typeof job_id === 'string' ? { jobId: job_id } : {}),
      ...(typeof boot === 'string' && typeof up_ms === 'number' ? { booted: { boot, ms: up_ms } } : {}),
    } as const;
    parsed.set(seq, booking);
    return booking;
  }

  async function json(name: string): Promise<Record<string, unknown>> {
    try {
      const value: unknown = JSON.parse((await disk.read(name)).toString('utf8'));
      if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
    } catch (error) {
      throw damaged(`has an entry that cannot be read (${basename(name)})`, error);
    }
    throw damaged(`has an entry that cannot be understood (${basename(name)})`);
  }

  async function read(): Promise<StoredBooking[]> {
    const found = await listed();
    if (!found) return [];
    const bookings: (StoredBooking & Pick<Written, 'booted'>)[] = [];
    for (const [seq, endings] of [...found].sort(([a], [b]) => a - b)) {
      if (seq === 0) continue;
      const done = endings.has('.done.json');
      if (done && !objectIds.has(seq)) {
        const { id } = await json(file(seq, '.done.json'));
        objectIds.set(seq, typeof id === 'string' ? id : undefined);
      }
      bookings.push({
        ...(await content(seq)),
        sent: endings.has('.sent'),
        released: endings.has('.released'),
        ended: endings.has('.ended'),
        done,
        objectId: objectIds.get(seq),
      });
    }
    return dated(bookings);
  }

  /**
   * The bookings with the latest moment that each can have been made at. The present is the latest of what the clock
   * says and what the bookings prove: one was made then, and so long has the machine been running since.
   */
  function dated(bookings: readonly (StoredBooking & Pick<Written, 'booted'>)[]): StoredBooking[] {
    const up = bootTime();
    const since = ({ booted }: Pick<Written, 'booted'>) =>
      up && booted?.boot === up.boot ? up.ms - booted.ms : undefined;
    present = Math.max(present, clock.now(), ...bookings.map((one) => one.at + (since(one) ?? 0)));
    return bookings.map(({ booted, ...one }) => {
      const elapsed = since({ ...(booted && { booted }) });
      return elapsed === undefined ? one : { ...one, at: Math.max(one.at, present - elapsed) };
    });
  }

  /** The folder, its first entry, then the note elsewhere that they exist: in this order a crash leaves no false alarm. */
  async function open(): Promise<void> {
    if (await disk.entry(historyNote)) return;
    await ensurePrivateDirectory(root, disk);
    await ensurePrivateDirectory(dirname(path), disk);
    await ensurePrivateDirectory(path, disk);
    await ensurePrivateDirectory(dirname(historyNote), disk);
    await putOnce(file(0, '.json'), `${JSON.stringify({ v: 1, opened_at: clock.now() })}\n`, disk);
    await putOnce(historyNote, '', disk);
  }

  /** Records that something is so; that it was recorded already is fine. */
  async function note(seq: number, ending: string, text = ''): Promise<void> {
    await putOnce(file(seq, ending), text, disk);
  }

  async function writing<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof LedgerError) throw error;
      throw new LedgerError('unwritable', path, errorCode(error) ?? String(error), error);
    }
  }

  async function add(request: BookingRequest, bookings: readonly StoredBooking[]): Promise<StoredBooking | undefined> {
    const seq = (bookings.at(-1)?.seq ?? 0) + 1;
    const at = Math.max(clock.now(), present);
    const { key, kind, amount, operation, origin, agentId, subject, jobId } = request;
    const up = bootTime();
    const record = {
      v: 1,
      key,
      kind,
      amount_micro: amount.toString(),
      at,
      operation,
      origin,
      agent_id: agentId,
      subject,
      job_id: jobId,
      ...(up && { boot: up.boot, up_ms: up.ms }),
      pid: process.pid,
    };
    if ((await putOnce(file(seq, '.json'), `${JSON.stringify(record)}\n`, disk)) === 'exists') return undefined;
    return { ...request, seq, at, sent: false, released: false, ended: false, done: false };
  }

  return {
    read,
    book: (request, limits) =>
      writing(async () => {
        // Reading first: where history is missing, nothing may be made anew.
        await read();
        await open();
        for (;;) {
          const bookings = await read();
          const mine = ({ key, released }: StoredBooking) => key === request.key && !released;
          const found = bookings.find(mine);
          const booking = found ?? (await add(request, bookings));
          if (!booking) continue;
          // Another process may have booked the same key just before; the lower number is the one that counts.
          const first = found ? undefined : (await read()).find((other) => mine(other) && other.seq < booking.seq);
          if (first) {
            await note(booking.seq, '.released');
            continue;
          }
          const earlier = bookings.filter(({ seq }) => seq < booking.seq);
          const breach = findBreach(booking, earlier, limits);
          return { booking, ...(breach && { breach }) };
        }
      }),
    sent: (seq) => writing(() => note(seq, '.sent')),
    release: (seq) => note(seq, '.released'),
    done: (seq, objectId) => note(seq, '.done.json', `${JSON.stringify({ v: 1, id: objectId })}\n`),
    ended: (seq) => note(seq, '.ended'),
  };
}
