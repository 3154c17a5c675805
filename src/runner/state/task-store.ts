/**
 * What the runner must not forget, one file per assignment below `tasks/`. A record is written whole and synced before
 * what depends on it happens:
 *
 *   start noted → handler runs → result stored → first send → answer → outcome noted
 *
 * so a crash at any point leaves one of three things to do: run the handler (nothing stored), send what is stored
 * (outbox), nothing (outcome).
 */
import { join } from 'node:path';
import { type Clock, isoTime } from '#kit/clock.ts';
import { errorCode, nodeDisk } from '#kit/durable/disk.ts';
import { replaceFile } from '#kit/durable/files.ts';
import { ensurePrivateDirectory } from '#kit/durable/private-directory.ts';
import { sha256Hex } from '#kit/hash.ts';
import type { Logger } from '#kit/log.ts';
import { settledRecord, type TaskOutcome, type TaskRecord } from './task-record.ts';

export interface TaskStore {
  get(key: string): TaskRecord | undefined;
  /** Durable when it returns. Of calls for one key the last one stands, also where they overlap. */
  save(record: TaskRecord): Promise<void>;
  settle(record: TaskRecord, outcome: TaskOutcome): Promise<void>;
  /** Forgets an assignment, so that it is taken up again. */
  forget(key: string): Promise<void>;
  /** Those that have not ended. */
  open(): readonly TaskRecord[];
  /** Removes what ended long ago. */
  prune(): Promise<void>;
}

/** How long an ended assignment is remembered: far longer than a list of jobs may be out of date. */
const KEEP_MS = 7 * 24 * 3_600_000;
const RECORD = /^[\w-]+\.json$/;

/** A name people can read, that no id from the wire can turn into a path. */
export function recordName(key: string): string {
  const readable = key.replace(/[^A-Za-z0-9]+/g, '-').slice(0, 60);
  return `${readable}-${sha256Hex(key).slice(0, 16)}`;
}

/**
 * Opens the store, creating it. A record that cannot be read counts as ended (`dead`): whether its result was sent is
 * not known, and doing paid work twice is worse than leaving it to a person.
 */
export async function openTaskStore(folder: string, clock: Clock, log: Logger): Promise<TaskStore> {
  await ensurePrivateDirectory(folder);
  const open = new Map<string, TaskRecord>();
  /** File names of what has ended, and when: no more than that is kept in memory. */
  const ended = new Map<string, { outcome: TaskOutcome; at: number }>();
  const pathOf = (name: string) => join(folder, `${name}.json`);

  for (const file of await nodeDisk.list(folder)) {
    // What a killed runner was about to write; nobody else writes here.
    if (file.startsWith('.tmp-')) await nodeDisk.unlink(join(folder, file)).catch(ignoreMissing);
    if (!RECORD.test(file)) continue;
    const name = file.slice(0, -'.json'.length);
    const record = await read(join(folder, file));
    if (!record) {
      log.error('a record cannot be read; its job is left alone', { file: join(folder, file) });
      ended.set(name, { outcome: 'dead', at: clock.now() });
    } else if (record.outcome) ended.set(name, { outcome: record.outcome, at: timeOf(record) });
    else open.set(record.key, record);
  }

  function timeOf(record: TaskRecord): number {
    const at = Date.parse(record.settled_at ?? '');
    return Number.isNaN(at) ? clock.now() : at;
  }

  /** The last write of each file that is being written: writes of one file take turns. */
  const writing = new Map<string, Promise<void>>();
  async function inTurn(name: string, write: () => Promise<void>): Promise<void> {
    const own = (writing.get(name) ?? Promise.resolve()).catch(() => undefined).then(write);
    writing.set(name, own);
    try {
      await own;
    } finally {
      if (writing.get(name) === own) writing.delete(name);
    }
  }

  const store: TaskStore = {
    get(key) {
      const found = open.get(key);
      if (found) return found;
      const past = ended.get(recordName(key));
      return past && ({ key, outcome: past.outcome } as TaskRecord);
    },
    async save(record) {
      const touched = { ...record, touched_at: isoTime(clock.now()) };
      const name = recordName(record.key);
      await inTurn(name, async () => {
        await replaceFile(pathOf(name), `${JSON.stringify(touched)}\n`);
        open.set(record.key, touched);
      });
    },
    async settle(record, outcome) {
      const settled = settledRecord(record, outcome, isoTime(clock.now()));
      const name = recordName(record.key);
      await inTurn(name, async () => {
        await replaceFile(pathOf(name), `${JSON.stringify(settled)}\n`);
        open.delete(record.key);
        ended.set(name, { outcome, at: clock.now() });
      });
    },
    async forget(key) {
      const name = recordName(key);
      await inTurn(name, async () => {
        await nodeDisk.unlink(pathOf(name)).catch(ignoreMissing);
        open.delete(key);
        ended.delete(name);
      });
    },
    open: () => [...open.values()],
    async prune() {
      for (const [name, { at }] of ended) {
        if (clock.now() - at < KEEP_MS) continue;
        await nodeDisk.unlink(pathOf(name)).catch(ignoreMissing);
        ended.delete(name);
      }
      // Left behind by assignments that ended while nobody looked. What still has to be sent is never dropped.
      for (const { key, outbox, touched_at } of open.values()) {
        if (!outbox && clock.now() - Date.parse(touched_at ?? '') > KEEP_MS) await store.forget(key);
      }
    },
  };
  await store.prune();
  return store;
}

async function read(path: string): Promise<TaskRecord | undefined> {
  try {
    const value = JSON.parse((await nodeDisk.read(path)).toString('utf8')) as Partial<TaskRecord> | null;
    return value?.version === 1 && typeof value.key === 'string' && value.job ? (value as TaskRecord) : undefined;
  } catch {
    return undefined;
  }
}

function ignoreMissing(error: unknown): void {
  if (errorCode(error) !== 'ENOENT') throw error;
}
