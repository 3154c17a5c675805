/**
 * `.sota-runner-state/` beside the handler: records, dead letters, webhook ids, the lock; and next to it
 * `.sota-runner-state.json`, a summary for people. One runner per folder.
 */
import { join, resolve } from 'node:path';
import { type Clock, isoTime } from '#kit/clock.ts';
import { nodeDisk } from '#kit/durable/disk.ts';
import { replaceFile } from '#kit/durable/files.ts';
import { ensurePrivateDirectory } from '#kit/durable/private-directory.ts';
import type { Logger } from '#kit/log.ts';
import { claimOwnership } from '#kit/os-lock.ts';
import { type DeadLetters, openDeadLetters } from './dead-letters.ts';
import { openTaskStore, type TaskStore } from './task-store.ts';

export interface StateFolder {
  readonly path: string;
  readonly store: TaskStore;
  readonly dead: DeadLetters;
  /** Whether `sota-runner quiet` asked this runner to take nothing new. */
  quietAsked(): Promise<boolean>;
  /** The summary is out of date; it is written soon, however often this is called. */
  changed(summary: () => Record<string, unknown>): void;
  /** Writes the summary now. */
  flush(summary: () => Record<string, unknown>): Promise<void>;
  /** Lets the next runner in. */
  release(): Promise<void>;
}

/** Another runner is at work; `message` says which process. The command exits with 75. */
export class RunnerBusyError extends Error {
  override readonly name = 'RunnerBusyError';
}

export const STATE_FOLDER = '.sota-runner-state';
export const SUMMARY_FILE = '.sota-runner-state.json';
/** Beside the records: its presence is the request. */
const QUIET_FILE = 'quiet';
const lockOf = (folder: string): string => join(resolve(folder), STATE_FOLDER, 'lock');
const SUMMARY_GAP_MS = 1_000;

/**
 * Opens the state of the agent folder `folder` and keeps every other runner out of it.
 * @throws RunnerBusyError
 */
export async function openStateFolder(folder: string, clock: Clock, log: Logger): Promise<StateFolder> {
  const path = join(resolve(folder), STATE_FOLDER);
  const summaryFile = join(resolve(folder), SUMMARY_FILE);
  const release = await claimRunner(lockOf(folder), `the folder ${resolve(folder)}`);
  await ensurePrivateDirectory(path);
  // A request to an earlier runner is none to this one.
  await nodeDisk.unlink(join(path, QUIET_FILE)).catch(() => undefined);
  const store = await openTaskStore(join(path, 'tasks'), clock, log);
  let planned: (() => void) | undefined;
  let writing: Promise<void> = Promise.resolve();

  function write(summary: () => Record<string, unknown>): Promise<void> {
    const text = `${JSON.stringify({ version: 1, updated_at: isoTime(clock.now()), ...summary() }, null, 2)}\n`;
    writing = writing
      .then(() => replaceFile(summaryFile, text))
      .catch((error: unknown) => log.warn('the summary could not be written', { error }));
    return writing;
  }

  return {
    path,
    store,
    dead: openDeadLetters(path),
    quietAsked: async () => (await nodeDisk.entry(join(path, QUIET_FILE))) !== undefined,
    changed(summary) {
      planned ??= clock.after(SUMMARY_GAP_MS, () => {
        planned = undefined;
        void write(summary);
      });
    },
    async flush(summary) {
      planned?.();
      planned = undefined;
      await write(summary);
    },
    async release() {
      planned?.();
      await writing;
      await release();
    },
  };
}

/** The process of the runner that works in a folder; undefined where none does. */
export async function holderOf(folder: string): Promise<number | undefined> {
  const claim = await claimOwnership(lockOf(folder), {});
  if (claim.owner) {
    await claim.release();
    return undefined;
  }
  claim.leave();
  return claim.pid;
}

/** Asks the runner of a folder to take nothing new, or to go on; it notices at its next look. */
export async function askQuiet(folder: string, quiet: boolean): Promise<void> {
  const path = join(resolve(folder), STATE_FOLDER);
  await ensurePrivateDirectory(path);
  if (quiet) await replaceFile(join(path, QUIET_FILE), '');
  else await nodeDisk.unlink(join(path, QUIET_FILE)).catch(() => undefined);
}

/**
 * Keeps other runners out until this process ends or calls what is returned.
 * @param what what is held, for the sentence the other runner reads
 * @throws RunnerBusyError
 */
export async function claimRunner(lockFolder: string, what: string): Promise<() => Promise<void>> {
  const claim = await claimOwnership(lockFolder, {});
  if (claim.owner) return () => claim.release();
  claim.leave();
  throw new RunnerBusyError(`A runner works on ${what} already: process ${claim.pid}. Stop it first, or wait for it.`);
}
