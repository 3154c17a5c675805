import { refuse } from './refuse.ts';

/** Rows of a page where the caller does not say. */
export const DEFAULT_LIMIT = 50;

/** What a caller says about the page it wants. */
export interface Page {
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
}

/** The opaque place after which the next page starts: the ordering key of the last row seen. */
export function encodeCursor(key: readonly number[]): string {
  return Buffer.from(key.join('.')).toString('base64url');
}

/**
 * Reads a cursor of `length` whole numbers.
 * @throws Refusal validation_error for one that no page of this marketplace gave out
 */
export function decodeCursor(cursor: string, length: number): number[] {
  const key = Buffer.from(cursor, 'base64url').toString().split('.').map(Number);
  if (key.length !== length || !key.every(Number.isSafeInteger)) {
    refuseField('query', 'cursor', 'Not a cursor of this list; give next_cursor of the page before, or none');
  }
  return key;
}

/**
 * Cuts a page out of rows that were read with one more than the page holds.
 * @example pageOf(rows, 50, (row) => [row.seq]) // { rows: …at most 50, next_cursor }
 */
export function pageOf<R>(
  rows: readonly R[],
  limit: number,
  keyOf: (row: R) => readonly number[],
): { rows: R[]; next_cursor: string | null } {
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return { rows: page, next_cursor: rows.length > limit && last !== undefined ? encodeCursor(keyOf(last)) : null };
}

/** Refuses one field of a request in the words and with the list that a broken contract gets. */
export function refuseField(part: 'body' | 'query', field: string, message: string, type = 'value_error'): never {
  refuse('validation_error', `${field}: ${message}`, { fields: [{ loc: [part, field], msg: message, type }] });
}
