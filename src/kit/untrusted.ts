/**
 * What somebody else wrote, as a type. At run time it is the plain value; to the compiler it is a thing that cannot be
 * used as a text. It is typed as a symbol on purpose: that is the one type TypeScript refuses to put into a template,
 * to add to a string, or to take for a member of an answer, so the three ways a stranger's words slip into a sentence
 * of ours do not compile.
 *
 * There is one way to show it (the fence of the tools) and one way to look at it: {@link reveal}. A test pins who does.
 */
declare const content: unique symbol;

/** Only a type: nothing is wrapped, so schemas, stored answers and comparisons see the value itself. */
interface Written<out T> {
  readonly [content]: T;
}

export type Untrusted<T = string> = symbol & Written<T>;

/** Declares a value to be somebody else's. */
export function untrusted<T>(value: T): Untrusted<T> {
  return value as unknown as Untrusted<T>;
}

/**
 * The value itself, to be measured, compared or computed with; never to be shown.
 * @example if (reveal(tag.slug) === wanted) …
 */
export function reveal<T>(value: Untrusted<T>): T;
export function reveal<T>(value: Untrusted<T> | null | undefined): T | null | undefined;
export function reveal<T>(value: Untrusted<T> | null | undefined): T | null | undefined {
  return value as unknown as T;
}

/** A piece of somebody else's text, which is still theirs. Never ends in half a character. */
export function excerpt(text: Untrusted, from: number, to?: number): Untrusted {
  return untrusted(reveal(text).slice(from, to).toWellFormed());
}
