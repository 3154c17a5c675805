/**
 * The files of a ledger: reading them whole, adding to them once, and clearing away what no limit can need any more.
 * What they mean is said in `ledger.ts`.
 */
import { basename, dirname, join } from 'node:path';
import { type BootTime, readBootTime } from '#kit/boot-time.ts';
import { type Clock, systemClock } from '#kit/clock.ts';
import { type Disk, errorCode, nodeDisk } from '#kit/durable/disk.ts';
import { putOnce } from '#kit/durable/files.ts';
import { ensurePrivateDirectory } from '#kit/durable/private-directory.ts';
import type { Booking } from './decide.ts';

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
  /** It is being given back: nobody may begin to send it any more. */
  readonly closing: boolean;
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

export interface LedgerOptions {
  readonly clock: Clock;
  readonly disk?: Disk;
  /** By default the machine's, where the clock is the machine's as well. */
  readonly bootTime?: () => BootTime | undefined;
}

/** What stands beside a booking. `.checked` holds a word, `.done.json` an id, the others say all by being there. */
export type Ending = '.checked' | '.again' | '.closing' | '.released' | '.done.json' | '.ended';

export interface LedgerFiles {
  /** Every booking, in order; none where there is no ledger yet. @throws LedgerError */
  read(): Promise<StoredBooking[]>;
  /** Makes the ledger, the first time. */
  open(): Promise<void>;
  /** Adds the booking after those given; undefined where another process took the number. */
  add(request: BookingRequest, after: readonly StoredBooking[]): Promise<StoredBooking | undefined>;
  /** Writes down what became of a booking; false where that stood there already. */
  note(seq: number, ending: Ending, text?: string): Promise<boolean>;
  /** What a note says; undefined where there is none. */
  text(seq: number, ending: Ending): Promise<string | undefined>;
  /** Removes the oldest bookings as far as they are over and count for no limit. */
  prune(bookings: readonly StoredBooking[]): Promise<void>;
}

/** What is in the file itself; the rest follows from what stands beside it. */
type Written = Omit<StoredBooking, 'sent' | 'closing' | 'released' | 'ended' | 'done' | 'objectId'> & {
  readonly booted?: BootTime;
};

const DIGITS = 6;
/** A listing that raced with a claim or a removal can miss a number once, hardly twice. */
const LISTINGS = 4;
/** Twice the longest time anything counts. */
const KEEP_MS = 48 * 60 * 60_000;
/** Removing a few at a time is not worth the listing. */
const PRUNE_AT = 200;

/** @param path folder of this ledger; the note that it exists lies in `spend-history` beside its parent */
export function createLedgerFiles(path: string, options: LedgerOptions): LedgerFiles {
  const { clock, disk = nodeDisk, bootTime = clock === systemClock ? readBootTime : () => undefined } = options;
  const root = dirname(dirname(path));
  const historyNote = join(root, 'spend-history', basename(path));
  /** What was read of files that never change. */
  const parsed = new Map<number, Written>();
  const notes = new Map<string, string>();
  /** The latest moment known of, whatever the clock says now. */
  let present = 0;

  const file = (seq: number, ending: string) => join(path, `${String(seq).padStart(DIGITS, '0')}${ending}`);
  const damaged = (message: string, cause?: unknown) => new LedgerError('damaged', path, message, cause);

  async function listed(): Promise<Map<number, Set<string>>> {
    for (let attempt = 1; ; attempt++) {
      const names = await disk.list(path).catch((error: unknown) => {
        if (errorCode(error) === 'ENOENT') return [];
        throw damaged(`cannot be read (${errorCode(error) ?? String(error)})`, error);
      });
      const found = new Map<number, Set<string>>();
      let base = 1;
      for (const name of names) {
        const pruned = /^pruned-(\d{6,})$/.exec(name);
        if (pruned) base = Math.max(base, Number(pruned[1]));
        const match = /^(\d{6,})(\.[a-z.]+)$/.exec(name);
        if (!match) continue;
        const seq = Number(match[1]);
        const endings = found.get(seq) ?? new Set();
        endings.add(match[2] ?? '');
        found.set(seq, endings);
      }
      const opened = found.get(0)?.has('.json') === true;
      const rows = [...found].filter(([seq]) => seq >= base).sort(([a], [b]) => a - b);
      if (opened && rows.every(([seq, endings], at) => seq === base + at && endings.has('.json'))) return new Map(rows);
      // The note is looked for after the listing, so it may be newer: only a second look tells missing from new.
      if (found.size === 0 && !(await disk.entry(historyNote))) return found;
      if (attempt === LISTINGS) {
        throw damaged(found.size === 0 ? 'is gone although money was spent before' : 'has entries missing');
      }
    }
  }

  async function content(seq: number): Promise<Written> {
    const known = parsed.get(seq);
    if (known) return known;
    const name = file(seq, '.json');
    const value = await objectIn(name);
    const { key, kind, amount_micro, at, operation, origin, agent_id, subject, job_id, boot, up_ms } = value;
    if (
      typeof key !== 'string' ||
      (kind !== 'job' && kind !== 'award' && kind !== 'withdraw') ||
      typeof amount_micro !== 'string' ||
      !/^\d{1,24}$/.test(amount_micro) ||
      typeof at !== 'number'
    ) {
      throw damaged(`has an entry that cannot be understood (${basename(name)})`);
    }
    const word = (field: unknown) => (typeof field === 'string' ? field : '');
    const booking = {
      seq,
      key,
      kind,
      amount: BigInt(amount_micro),
      at,
      operation: word(operation),
      origin: word(origin),
      agentId: word(agent_id),
      subject: word(subject),
      ...(typeof job_id === 'string' ? { jobId: job_id } : {}),
      ...(typeof boot === 'string' && typeof up_ms === 'number' ? { booted: { boot, ms: up_ms } } : {}),
    } as const;
    parsed.set(seq, booking);
    return booking;
  }

  async function objectIn(name: string): Promise<Record<string, unknown>> {
    try {
      const value: unknown = JSON.parse((await disk.read(name)).toString('utf8'));
      if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
    } catch (error) {
      throw damaged(`has an entry that cannot be read (${basename(name)})`, error);
    }
    throw damaged(`has an entry that cannot be understood (${basename(name)})`);
  }

  async function text(seq: number, ending: Ending): Promise<string | undefined> {
    const name = file(seq, ending);
    const known = notes.get(name);
    if (known !== undefined) return known;
    try {
      const read = (await disk.read(name)).toString('utf8').trim();
      notes.set(name, read);
      return read;
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return undefined;
      throw damaged(`has an entry that cannot be read (${basename(name)})`, error);
    }
  }

  /**
   * The bookings with the latest moment that each can have been made at. The present is the latest of what the clock
   * says and what the bookings prove: one was made then, and so long has the machine been running since.
   */
  function dated(bookings: readonly (StoredBooking & Pick<Written, 'booted'>)[]): StoredBooking[] {
    const up = bootTime();
    const since = (booted: BootTime | undefined) => (up && booted?.boot === up.boot ? up.ms - booted.ms : undefined);
    present = Math.max(present, clock.now());
    for (const { at, booted } of bookings) present = Math.max(present, at + (since(booted) ?? 0));
    return bookings.map(({ booted, ...one }) => {
      const elapsed = since(booted);
      return elapsed === undefined ? one : { ...one, at: Math.max(one.at, present - elapsed) };
    });
  }

  return {
    text,

    async read() {
      const bookings: (StoredBooking & Pick<Written, 'booted'>)[] = [];
      for (const [seq, endings] of await listed()) {
        const released = endings.has('.released');
        const done = endings.has('.done.json');
        const id = done ? idIn(await text(seq, '.done.json')) : undefined;
        bookings.push({
          ...(await content(seq)),
          sent: endings.has('.checked') && !released && (await text(seq, '.checked')) === 'sent',
          closing: endings.has('.closing'),
          released,
          ended: endings.has('.ended'),
          done,
          ...(id === undefined ? {} : { objectId: id }),
        });
      }
      return dated(bookings);
    },

    // The folder, its first entry, then the note elsewhere that they exist: in this order a crash gives no false alarm.
    async open() {
      if (await disk.entry(historyNote)) return;
      for (const directory of [root, dirname(path), path, dirname(historyNote)]) {
        await ensurePrivateDirectory(directory, disk);
      }
      await putOnce(file(0, '.json'), `${JSON.stringify({ v: 1, opened_at: clock.now() })}\n`, disk);
      await putOnce(historyNote, '', disk);
    },

    async add(request, after) {
      const seq = (after.at(-1)?.seq ?? 0) + 1;
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
      return { ...request, seq, at, sent: false, closing: false, released: false, ended: false, done: false };
    },

    async note(seq, ending, words = '') {
      return (await putOnce(file(seq, ending), words, disk)) === 'created';
    },

    async prune(bookings) {
      const over = bookings.findIndex((one) => !isOver(one) || present - one.at < KEEP_MS);
      // The last one stays in any case: it carries the number and the time that the next one goes on from.
      const count = Math.min(over === -1 ? bookings.length : over, bookings.length - 1);
      const first = bookings[count];
      if (count < PRUNE_AT || !first) return;
      // Said before it is done, so that whoever finds numbers missing knows why.
      await putOnce(join(path, `pruned-${String(first.seq).padStart(DIGITS, '0')}`), '', disk);
      for (const name of await disk.list(path)) {
        const seq = Number(/^(\d{6,})\./.exec(name)?.[1] ?? Number.NaN);
        if (seq > 0 && seq < first.seq) await disk.unlink(join(path, name)).catch(() => undefined);
      }
      for (const { seq } of bookings.slice(0, count)) parsed.delete(seq);
    },
  };
}

/** Nothing can become of it any more. */
function isOver({ kind, released, done, ended }: StoredBooking): boolean {
  return released || (done && (kind === 'withdraw' || ended));
}

function idIn(text: string | undefined): string | undefined {
  try {
    const { id } = JSON.parse(text ?? '') as { id?: unknown };
    return typeof id === 'string' ? id : undefined;
  } catch {
    return undefined;
  }
}
