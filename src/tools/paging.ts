import { invalidCursor } from './teach-tools.ts';

/**
 * Pages that fit a model's window. The marketplace may page in its own way, or not at all; on top of that a page here
 * ends where its rows would grow beyond what hosts show. A cursor is `<rows to skip>~<the marketplace's own cursor>`.
 */
export interface PagePlace {
  readonly skip: number;
  readonly origin: string | undefined;
}

/** Characters of JSON the rows of one page may have together. Leaves room for fences and suggestions below 40,000. */
export const PAGE_CHARS = 30_000;
export const DEFAULT_ROWS = 20;

/** @throws SotaError invalid_arguments @example readCursor('20~abc') // { skip: 20, origin: 'abc' } */
export function readCursor(cursor: string | undefined): PagePlace {
  if (cursor === undefined) return { skip: 0, origin: undefined };
  const match = /^(\d{1,7})~(.*)$/s.exec(cursor);
  if (!match) throw invalidCursor(cursor);
  return { skip: Number(match[1]), origin: match[2] || undefined };
}

export interface Page<T> {
  readonly rows: readonly T[];
  readonly nextCursor?: string;
}

/**
 * The rows of one page, and where the next one starts. A single row that is too large still makes a page: progress is
 * worth more than the limit, and the net below every result shortens it.
 * @param rows one page of the marketplace, as it came
 * @param originNext the marketplace's own next_cursor
 */
export function takePage<T>(
  rows: readonly T[],
  place: PagePlace,
  limit: number = DEFAULT_ROWS,
  originNext?: string | null,
): Page<T> {
  const taken: T[] = [];
  let chars = 0;
  for (const row of rows.slice(place.skip, place.skip + limit)) {
    chars += JSON.stringify(row).length;
    if (taken.length && chars > PAGE_CHARS) break;
    taken.push(row);
  }
  const end = place.skip + taken.length;
  if (end < rows.length) return { rows: taken, nextCursor: `${end}~${place.origin ?? ''}` };
  return originNext ? { rows: taken, nextCursor: `0~${originNext}` } : { rows: taken };
}
