/**
 * Work that was put aside for a person: it crashed the runner twice, or could not be handed over. One file each below
 * `dead/`; a file below `redrive/` asks the runner to take one up again, whether it runs now or starts later.
 */
import { join } from 'node:path';
import { errorCode, nodeDisk } from '#kit/durable/disk.ts';
import { replaceFile } from '#kit/durable/files.ts';
import { ensurePrivateDirectory } from '#kit/durable/private-directory.ts';
import type { TaskRecord } from './task-record.ts';
import { recordName } from './task-store.ts';

export interface DeadLetter {
  readonly version: 1;
  readonly reason: string;
  readonly at: string;
  /** As it was, with the job and whatever result there is. */
  readonly record: TaskRecord;
}

export interface DeadLetters {
  add(record: TaskRecord, reason: string, at: string): Promise<void>;
  list(): Promise<readonly (DeadLetter & { readonly name: string })[]>;
  /** Asks for another try of the letter of that name or job id; undefined where there is none. */
  askRedrive(nameOrId: string): Promise<string | undefined>;
  /** Hands what was asked for to `take`, one after the other, and removes each once `take` has kept it. */
  takeRedrives(take: (record: TaskRecord) => Promise<void>): Promise<void>;
}

const LETTER = /^([\w-]+)\.json$/;

/** Works on the folder without owning it, so that commands can look while a runner runs. */
export function openDeadLetters(stateFolder: string): DeadLetters {
  const dead = join(stateFolder, 'dead');
  const redrive = join(stateFolder, 'redrive');

  async function names(folder: string): Promise<string[]> {
    const files = await nodeDisk.list(folder).catch(noneIfMissing);
    return files.flatMap((file) => LETTER.exec(file)?.[1] ?? []).sort();
  }

  async function read(name: string): Promise<DeadLetter | undefined> {
    try {
      const letter = JSON.parse((await nodeDisk.read(join(dead, `${name}.json`))).toString('utf8')) as DeadLetter;
      return letter.version === 1 ? letter : undefined;
    } catch {
      return undefined;
    }
  }

  const letters: DeadLetters = {
    async add(record, reason, at) {
      await ensurePrivateDirectory(dead);
      const letter: DeadLetter = { version: 1, reason, at, record };
      await replaceFile(join(dead, `${recordName(record.key)}.json`), `${JSON.stringify(letter, null, 2)}\n`);
    },
    async list() {
      const found = await Promise.all((await names(dead)).map(async (name) => ({ name, letter: await read(name) })));
      return found.flatMap(({ name, letter }) => (letter ? [{ ...letter, name }] : []));
    },
    async askRedrive(nameOrId) {
      const found = (await letters.list()).find(({ name, record }) => name === nameOrId || record.job.id === nameOrId);
      if (!found) return undefined;
      await ensurePrivateDirectory(redrive);
      await replaceFile(join(redrive, `${found.name}.json`), '{}\n');
      return found.name;
    },
    async takeRedrives(take) {
      for (const name of await names(redrive)) {
        const letter = await read(name);
        if (letter) await take(letter.record);
        await nodeDisk.unlink(join(dead, `${name}.json`)).catch(() => undefined);
        await nodeDisk.unlink(join(redrive, `${name}.json`)).catch(() => undefined);
      }
    },
  };
  return letters;
}

function noneIfMissing(error: unknown): string[] {
  if (errorCode(error) === 'ENOENT') return [];
  throw error;
}
