import { Point } from '@noble/ed25519';
import { base58 } from '@scure/base';

/** Addresses that belong to programs and mints: on the curve, yet nothing sent there comes back. */
const NOT_WALLETS: Readonly<Record<string, string>> = {
  '11111111111111111111111111111111': 'the System Program',
  TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA: 'the Token Program',
  TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb: 'the Token-2022 Program',
  ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL: 'the Associated Token Program',
  MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr: 'the Memo Program',
  ComputeBudget111111111111111111111111111111: 'the Compute Budget Program',
  Stake11111111111111111111111111111111111111: 'the Stake Program',
  Vote111111111111111111111111111111111111111: 'the Vote Program',
  BPFLoaderUpgradeab1e11111111111111111111111: 'the program loader',
  SysvarC1ock11111111111111111111111111111111: 'a system variable',
  SysvarRent111111111111111111111111111111111: 'a system variable',
  Sysvar1nstructions1111111111111111111111111: 'a system variable',
  '1nc1nerator11111111111111111111111111111111': 'the incinerator, which burns what it is sent',
  EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v: 'the USDC mint',
  '4zMMC9srt5Ri5X14GAgXhaHii3GnPAEERYPJgZJDncDU': 'the USDC mint of the devnet',
  Es9vMFrzaCERmJfrF4H2FYD4KCoNkY11McCe8BenwNYB: 'the USDT mint',
  So11111111111111111111111111111111111111112: 'the mint of wrapped SOL',
};

/**
 * Why an address cannot be somebody's wallet, as the end of a sentence; undefined when it can. Checked: base58 of
 * exactly 32 bytes in its one spelling, a point of the curve (an address off it has no private key), not a well-known
 * program or mint. Not checked, because nothing can: a typing error that hits another valid address, which about half
 * of all one-character errors do. So an address is shown back for comparing, see `groups-of-four.ts`.
 *
 * `node:crypto` is no help here: it takes any 32 bytes for an Ed25519 key.
 * @example walletProblem('11111111111111111111111111111111') // 'it is the address of the System Program, not a wallet'
 */
export function walletProblem(address: string): string | undefined {
  const owner = NOT_WALLETS[address];
  if (owner) return `it is the address of ${owner}, not a wallet`;
  if (/^0x[0-9a-fA-F]{40}$/.test(address)) return 'it is an Ethereum address, and payouts are made on Solana';
  if (/^(?:bc1|tb1)[0-9a-z]+$/.test(address)) return 'it is a Bitcoin address, and payouts are made on Solana';
  const bytes = bytesOf(address);
  if (bytes?.length !== 32) return 'a Solana address is base58 text of exactly 32 bytes';
  if (!isOnCurve(bytes)) return 'no private key can own this address; check it for typing errors';
  return undefined;
}

function bytesOf(address: string): Uint8Array | undefined {
  try {
    const bytes = base58.decode(address);
    return base58.encode(bytes) === address ? bytes : undefined;
  } catch {
    return undefined;
  }
}

function isOnCurve(bytes: Uint8Array): boolean {
  try {
    Point.fromBytes(bytes);
    return true;
  } catch {
    return false;
  }
}
