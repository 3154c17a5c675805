/**
 * The owner's PIN: what a person at the terminal knows and a model does not. Stored as a salted scrypt hash that only
 * the owner's user can read, and guessed at most a few times a quarter of an hour.
 *
 * It keeps out whoever can run our commands. Whoever can write this user's files can replace the hash: against that
 * only another user account helps.
 */
import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { appendFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '#kit/clock.ts';
import { errorCode } from '#kit/durable/disk.ts';
import { replaceFile } from '#kit/durable/files.ts';
import { ensurePrivateDirectory } from '#kit/durable/private-directory.ts';

export interface OwnerPin {
  isSet(): Promise<boolean>;
  /** @throws Error when `pin` is no PIN: 4 to 64 characters, none of them a control character */
  set(pin: string): Promise<void>;
  /** `locked`: too many wrong ones lately; it was not compared. */
  check(pin: string): Promise<'right' | 'wrong' | 'locked'>;
}

const COST = { N: 2 ** 15, r: 8, p: 1, maxmem: 64 * 1024 * 1024 } as const;
const HASH_BYTES = 32;
const MAX_WRONG = 5;
const WRONG_MS = 15 * 60_000;

export function createOwnerPin(stateDir: string, { clock }: { clock: Clock }): OwnerPin {
  const path = join(stateDir, 'owner-pin.json');
  const wrongOnes = join(stateDir, 'owner-pin.wrong');

  async function stored(): Promise<{ salt: Buffer; hash: Buffer } | undefined> {
    let text: string;
    try {
      text = await readFile(path, 'utf8');
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return undefined;
      throw error;
    }
    // A file that cannot be read is no absent PIN: then nobody may approve until a person has looked.
    const { salt, hash } = JSON.parse(text) as { salt: string; hash: string };
    return { salt: Buffer.from(salt, 'base64'), hash: Buffer.from(hash, 'base64') };
  }

  async function recentlyWrong(): Promise<number> {
    const text = await readFile(wrongOnes, 'utf8').catch(() => '');
    const now = clock.now();
    return text.split('\n').filter((line) => line !== '' && Math.abs(now - Number(line)) < WRONG_MS).length;
  }

  return {
    isSet: async () => (await stored()) !== undefined,
    async set(pin) {
      if (!/^\P{Cc}{4,64}$/u.test(pin)) throw new Error('A PIN has 4 to 64 characters');
      const salt = randomBytes(16);
      const hash = await derive(pin, salt);
      await ensurePrivateDirectory(stateDir);
      const record = { v: 1, kdf: 'scrypt', ...COST, salt: salt.toString('base64'), hash: hash.toString('base64') };
      await replaceFile(path, `${JSON.stringify(record)}\n`);
    },
    async check(pin) {
      const known = await stored();
      if (!known) return 'wrong';
      if ((await recentlyWrong()) >= MAX_WRONG) return 'locked';
      const given = await derive(pin, known.salt);
      if (given.length === known.hash.length && timingSafeEqual(given, known.hash)) return 'right';
      await appendFile(wrongOnes, `${clock.now()}\n`, { mode: 0o600 });
      return 'wrong';
    },
  };
}

function derive(pin: string, salt: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(pin.normalize('NFC'), salt, HASH_BYTES, COST, (error, key) => (error ? reject(error) : resolve(key)));
  });
}
