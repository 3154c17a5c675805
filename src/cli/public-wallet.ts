import { createHash, createPrivateKey, createPublicKey } from 'node:crypto';
import { base58 } from '@scure/base';

/** What stands before the 32 bytes of an Ed25519 private key in PKCS #8 (RFC 8410, section 7). */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');

/**
 * A wallet that belongs to everybody, and so holds nobody's money: the public key whose private key is the SHA-256 of a
 * text that stands in the sources.
 * @example publicWallet('sota demo wallet') // the same Solana address each time
 */
export function publicWallet(text: string): string {
  const seed = createHash('sha256').update(text).digest();
  const key = createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, seed]), format: 'der', type: 'pkcs8' });
  const { x } = createPublicKey(key).export({ format: 'jwk' });
  return base58.encode(Buffer.from(x ?? '', 'base64url'));
}
