import { ed25519 } from '@noble/curves/ed25519.js';
import { base58 } from '@scure/base';
import { refuse } from './refuse.ts';

/** Addresses that belong to programs and mints: on the curve, yet nothing sent there comes back. */
const NOT_WALLETS: Readonly<Record<string, string>> = {
  '11111111111111111111111111111111': 'the System Program',
  TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA: 'the Token Program',
  TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb: 'the Token-2022 Program',
  ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL: 'the Associated Token Program',
  EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v: 'the USDC mint',
  Es9vMFrzaCERmJfrF4H2FYD4KCoNkY11McCe8BenwNYB: 'the USDT mint',
  MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr: 'the Memo Program',
};

/**
 * Refuses what cannot be somebody's wallet: not base58, not 32 bytes, not a point of the curve (an off-curve address
 * has no private key), or a well-known program.
 * @throws Refusal invalid_wallet_address
 */
export function checkWalletAddress(address: string): void {
  const owner = NOT_WALLETS[address];
  if (owner) refuse('invalid_wallet_address', `This is the address of ${owner}, not a wallet`);
  if (bytesOf(address)?.length !== 32)
    refuse('invalid_wallet_address', 'A Solana address is base58 text of exactly 32 bytes');
  if (!isOnCurve(address))
    refuse('invalid_wallet_address', 'No private key can own this address; check it for typing errors');
}

function bytesOf(address: string): Uint8Array | undefined {
  try {
    return base58.decode(address);
  } catch {
    return undefined;
  }
}

function isOnCurve(address: string): boolean {
  try {
    ed25519.Point.fromBytes(bytesOf(address) ?? new Uint8Array());
    return true;
  } catch {
    return false;
  }
}
