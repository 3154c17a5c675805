import { walletProblem } from '#kit/solana-address.ts';
import { refuse } from './refuse.ts';

/**
 * Refuses what cannot be somebody's wallet.
 * @throws Refusal invalid_wallet_address
 */
export function checkWalletAddress(address: string): void {
  const problem = walletProblem(address);
  if (problem) refuse('invalid_wallet_address', `This is no wallet: ${problem}`);
}
