import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';

/** scrypt with Node's defaults (N 16384, r 8, p 1): about 50 ms, off the event loop. */
const KEY_BYTES = 32;

/** @example await hashPassword('correct horse') // 'scrypt$<salt>$<hash>' */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16);
  return ['scrypt', salt.toString('base64'), (await derive(password, salt)).toString('base64')].join('$');
}

/** Whether a password is the one that was hashed; takes the same time for every wrong one. */
export async function verifyPassword(password: string, hashed: string): Promise<boolean> {
  const [, salt, hash] = hashed.split('$');
  if (!salt || !hash) return false;
  const expected = Buffer.from(hash, 'base64');
  const actual = await derive(password, Buffer.from(salt, 'base64'));
  return expected.length === actual.length && timingSafeEqual(expected, actual);
}

function derive(password: string, salt: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(password.normalize('NFC'), salt, KEY_BYTES, (error, key) => (error ? reject(error) : resolve(key)));
  });
}
