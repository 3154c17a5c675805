import { sha256Hex } from '#kit/hash.ts';
import type { SlotAddress } from './store.ts';

/**
 * The name people and errors use for one generation, made from where it lies, so that it can be told also of a record
 * that cannot be read.
 * @example intentId(slotAddress(scope, 'withdraw'), 7) // 'withdraw-3fa9c1d2e0-7'
 */
export function intentId({ scope, family, hash }: SlotAddress, gen: number): string {
  return `${family}-${sha256Hex(`${scope}/${family}/${hash}`).slice(0, 10)}-${gen}`;
}
