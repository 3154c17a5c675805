import type { Generation, Slot } from './records.ts';

/** So many of the newest stay, whatever they are: what a call is compared with stands among them. */
const NEWEST_KEPT = 32;
/** Fewer are not worth a visit to the disk. */
const AT_LEAST = 32;
/** How long what moved money or keys can be looked up. */
const MONEY_KEPT_MS = 30 * 24 * 3_600_000;

/**
 * The generations of a slot that nothing depends on any more, so that a slot which is used for months stays as quick as
 * a new one. What is open, and what its caller may not know of, is kept however old it is.
 * @param failClosed money or keys: kept as evidence for a month
 * @param now milliseconds
 */
export function expendable({ generations }: Slot, failClosed: boolean, now: number): readonly number[] {
  if (generations.length < NEWEST_KEPT + AT_LEAST) return [];
  const spent = ({ out, seen }: Generation) =>
    out !== undefined && seen && !(failClosed && now - Date.parse(out.at) < MONEY_KEPT_MS);
  const found = generations.slice(0, -NEWEST_KEPT).filter(spent);
  return found.length < AT_LEAST ? [] : found.map(({ gen }) => gen);
}
