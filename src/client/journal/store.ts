/**
 * The journal on disk: `agents/<scope>/slots/<family>/<hash of the slot>/`. No lock is needed: a generation belongs to
 * whoever creates its intent, and every other file says the same whoever writes it.
 *
 * Where the disk does not take a record, what must not happen twice is refused before it is sent. Everything else goes
 * on from memory, and a warning says so once.
 */
import { dirname, join } from 'node:path';
import type { Clock } from '#kit/clock.ts';
import { crashPoint } from '#kit/crash-point.ts';
import { type Disk, errorCode } from '#kit/durable/disk.ts';
import { putOnce } from '#kit/durable/files.ts';
import { ensurePrivateDirectory } from '#kit/durable/private-directory.ts';
import { listRecords, putMark } from '#kit/durable/records.ts';
import { sha256Hex } from '#kit/hash.ts';
import type { Logger } from '#kit/log.ts';
import { putOutcome } from './outcome-file.ts';
import {
  type Generation,
  generationOf,
  type IntentRecord,
  intentName,
  MAY_BE_EMPTY,
  type OutRecord,
  outName,
  parseRecord,
  RECORD_NAME,
  type Slot,
  seenName,
} from './records.ts';

/** Where one slot lives. */
export interface SlotAddress {
  readonly scope: string;
  readonly family: string;
  readonly hash: string;
}

export interface JournalStore {
  /** @throws CorruptRecordError and system errors where `failClosed` */
  read(slot: SlotAddress, failClosed: boolean): Promise<Slot>;
  /** False: another process has this generation. @throws where `failClosed` and it cannot be written */
  claim(slot: SlotAddress, intent: IntentRecord, failClosed: boolean): Promise<boolean>;
  /**
   * Makes sure of an intent found on disk: whoever wrote it may have died before its name was safe.
   * @throws where `failClosed`
   */
  confirm(slot: SlotAddress, failClosed: boolean): Promise<void>;
  /**
   * Never throws: the effect is there, whether or not it can be written down. When it returns, every process sees the
   * outcome, and no end of this one takes it away. `certain`: nor does a power cut; otherwise that follows in a moment,
   * and before the next intent of the slot is claimed.
   */
  settle(slot: SlotAddress, gen: number, out: OutRecord, certain: boolean): Promise<void>;
  /** Never throws. */
  markSeen(slot: SlotAddress, gen: number): Promise<void>;
  /** Deletes settled generations, in the background. */
  drop(slot: SlotAddress, generations: readonly number[]): void;
  /** Resolves when nothing is being written any more. */
  idle(): Promise<void>;
  directoryOf(slot: SlotAddress): string;
}

export interface StoreParts {
  /** The state directory. */
  readonly directory: string;
  readonly disk: Disk;
  readonly clock: Clock;
  readonly log: Logger;
  readonly redact: (text: string) => string;
}

type Overlay = Map<number, { intent?: IntentRecord; out?: OutRecord; seen?: boolean }>;

export function slotAddress(scope: string, slot: string): SlotAddress {
  const family = /^[a-z_-]{1,24}/.exec(slot)?.[0] ?? 'other';
  return { scope, family, hash: sha256Hex(slot).slice(0, 24) };
}

export function createJournalStore({ directory, disk, clock, log, redact }: StoreParts): JournalStore {
  const records = new Map<string, Map<string, IntentRecord | OutRecord>>();
  const overlays = new Map<string, Overlay>();
  const durable = new Set<string>();
  const prepared = new Set<string>();
  const finishing = new Set<Promise<void>>();
  /** Of each folder, the outcome that is on its way to the disk. */
  const unsafe = new Map<string, Promise<void>>();
  let warned = false;

  const directoryOf = ({ scope, family, hash }: SlotAddress) => join(directory, 'agents', scope, 'slots', family, hash);

  function overlayOf(path: string): Overlay {
    const found = overlays.get(path) ?? new Map();
    overlays.set(path, found);
    return found;
  }

  function warnOnce(error: unknown): void {
    if (!warned) log.warn('the journal cannot be written; this server remembers intents only while it runs', { error });
    warned = true;
  }

  function inBackground(work: Promise<void>, outcomeIn?: string): void {
    const over: Promise<void> = work.catch(warnOnce).finally(() => {
      finishing.delete(over);
      if (outcomeIn !== undefined && unsafe.get(outcomeIn) === over) unsafe.delete(outcomeIn);
    });
    finishing.add(over);
    if (outcomeIn !== undefined) unsafe.set(outcomeIn, over);
  }

  /** Intents first, and that made sure of: an intent that outlives its outcome would look as if it were still open. */
  async function dropFrom(path: string, generations: readonly number[]): Promise<void> {
    const remove = async (nameOf: (gen: number) => string) => {
      for (const name of generations.map(nameOf)) {
        records.get(path)?.delete(name);
        await disk.unlink(join(path, name)).catch((error: unknown) => {
          // Another process is at the same.
          if (errorCode(error) !== 'ENOENT') throw error;
        });
      }
    };
    await remove(intentName);
    await disk.syncDirectory(path);
    await remove(outName);
    await remove(seenName);
  }

  /** Whoever created the directories may have died before their names were safe; so the first use here sees to it. */
  async function makeDurable(path: string): Promise<void> {
    for (let at = path; at.length > directory.length && !durable.has(at); at = dirname(at)) {
      await disk.syncDirectory(dirname(at));
      durable.add(at);
    }
    if (durable.has(directory)) return;
    // Above our own it need not be ours to open.
    await disk.syncDirectory(dirname(directory)).catch(() => undefined);
    durable.add(directory);
  }

  /** Once per folder: looking again before every record would cost more than it can find, below a folder of our own. */
  async function prepare(path: string): Promise<void> {
    if (prepared.has(path)) return;
    if (!prepared.has(directory)) await ensurePrivateDirectory(directory, disk);
    for (const created of await ensurePrivateDirectory(path, disk)) durable.add(created);
    await makeDurable(path);
    prepared.add(directory).add(path);
  }

  return {
    directoryOf,

    async read(slot, failClosed) {
      const path = directoryOf(slot);
      const known = records.get(path) ?? new Map<string, IntentRecord | OutRecord>();
      records.set(path, known);
      let names: readonly string[] = [];
      let found: ReadonlyMap<string, IntentRecord | OutRecord> = new Map();
      try {
        const kind = {
          name: RECORD_NAME,
          mayBeEmpty: MAY_BE_EMPTY,
          parse: parseRecord,
          corrupt: failClosed ? 'refuse' : 'quarantine',
          known,
          now: clock.now(),
        } as const;
        ({ names, records: found } = await listRecords(path, kind, disk));
      } catch (error) {
        if (failClosed) throw error;
        warnOnce(error);
      }
      return assemble(names, found, overlays.get(path));
    },

    async claim(slot, intent, failClosed) {
      const path = directoryOf(slot);
      try {
        await prepare(path);
        // What is newer must not survive a power cut that takes the older one's outcome.
        await unsafe.get(path);
        crashPoint('before-intent');
        const record = join(path, intentName(intent.gen));
        const put = () => putOnce(record, JSON.stringify(intent), disk);
        const created = await put().catch(async (error: unknown) => {
          if (errorCode(error) !== 'ENOENT') throw error;
          // Somebody took the folder away since we last looked.
          prepared.clear();
          durable.clear();
          await prepare(path);
          return await put();
        });
        if (created === 'exists') return false;
        records.get(path)?.set(intentName(intent.gen), intent);
      } catch (error) {
        if (failClosed) throw error;
        warnOnce(error);
        const overlay = overlayOf(path);
        if (overlay.has(intent.gen)) return false;
        overlay.set(intent.gen, { intent });
      }
      crashPoint('after-intent');
      return true;
    },

    async confirm(slot, failClosed) {
      const path = directoryOf(slot);
      try {
        await makeDurable(path);
        await disk.syncDirectory(path);
      } catch (error) {
        if (failClosed) throw error;
        warnOnce(error);
      }
    },

    async settle(slot, gen, out, certain) {
      const path = directoryOf(slot);
      crashPoint('before-out');
      try {
        if (overlays.get(path)?.get(gen)?.intent) throw new Error('its intent is in memory');
        const text = redact(JSON.stringify(out));
        const { outcome, finish } = await putOutcome(join(path, outName(gen)), text, disk);
        if (outcome === 'created') records.get(path)?.set(outName(gen), parseRecord(text, outName(gen)));
        if (certain) await finish();
        else inBackground(finish(), path);
      } catch (error) {
        warnOnce(error);
        const overlay = overlayOf(path);
        overlay.set(gen, { ...overlay.get(gen), out });
      }
      crashPoint('after-out');
    },

    async markSeen(slot, gen) {
      const path = directoryOf(slot);
      // At once for this process: the next call may be here before the disk has answered.
      const overlay = overlayOf(path);
      overlay.set(gen, { ...overlay.get(gen), seen: true });
      crashPoint('before-seen');
      try {
        if (overlay.get(gen)?.intent) throw new Error('its intent is in memory');
        await putMark(join(path, seenName(gen)), disk);
        if (!overlay.get(gen)?.out) overlay.delete(gen);
      } catch (error) {
        warnOnce(error);
      }
      crashPoint('after-seen');
    },

    drop(slot, generations) {
      if (generations.length > 0) inBackground(dropFrom(directoryOf(slot), generations));
    },

    async idle() {
      while (finishing.size > 0) await Promise.all(finishing);
    },
  };
}

/** Puts the files of a slot together. A generation whose intent is missing was archived or set aside. */
export function assemble(
  names: readonly string[],
  found: ReadonlyMap<string, IntentRecord | OutRecord>,
  overlay: Overlay = new Map(),
): Slot {
  const numbers = new Set([...names.flatMap((name) => generationOf(name) ?? []), ...overlay.keys()]);
  const marks = new Set(names);
  const generations: Generation[] = [];
  for (const gen of [...numbers].sort((a, b) => a - b)) {
    const extra = overlay.get(gen);
    const intent = (found.get(intentName(gen)) as IntentRecord | undefined) ?? extra?.intent;
    const out = (found.get(outName(gen)) as OutRecord | undefined) ?? extra?.out;
    if (!intent) continue;
    const seen = marks.has(seenName(gen)) || extra?.seen === true;
    generations.push({ gen, intent, ...(out ? { out } : {}), seen });
  }
  return { generations, next: Math.max(-1, ...numbers) + 1 };
}
