import type { Micro } from '#kit/money.ts';
import type { Int64 } from './schema.ts';

/** Money as read from any engine. */
export function micro(value: Int64): Micro {
  return BigInt(value);
}

/** JSON text of a column as an object. */
export function fromJson<T = Record<string, unknown>>(text: string): T {
  return JSON.parse(text) as T;
}
