import type { Author, ShownAs } from '#contract/authorship.ts';
import type { Untrusted } from '#kit/untrusted.ts';

/** Characters of the tags and notices around one text. */
const FENCE_ROOM: Partial<Record<ShownAs, number>> = { prose: 180, line: 70 };

/**
 * A stranger's value on its way into an answer: it knows how it is to be shown and who wrote it, and becomes text only
 * in the fence (`untrusted.ts`), which every answer passes. A tool returns it where it would return the text.
 */
export class Marked {
  // A private field makes the type nominal: nothing else can pass for one.
  readonly #value: unknown;
  readonly as: ShownAs;
  readonly by: Author;
  readonly authorId: string | undefined;

  constructor(value: unknown, as: ShownAs, by: Author, authorId?: string) {
    this.#value = value;
    this.as = as;
    this.by = by;
    this.authorId = authorId;
  }

  /** For the fence alone. */
  static valueOf(marked: Marked): unknown {
    return marked.#value;
  }

  /** So that rows can be measured before they are fenced: with room for the fence. */
  toJSON(): unknown {
    const room = FENCE_ROOM[this.as];
    return typeof this.#value === 'string' && room ? `${this.#value}${' '.repeat(room)}` : this.#value;
  }
}

/**
 * A secret its owner asked for: the one text of an answer in which a secret is not masked. Only for what the human is
 * to use himself, such as a login link.
 */
export class Disclosed {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /** For the fence alone. */
  static textOf(disclosed: Disclosed): string {
    return disclosed.#text;
  }

  toJSON(): string {
    return '[disclosed]';
  }
}

type Plain = string | number | boolean | bigint | null | undefined;

/** Found in the message of the compiler where a result carries what nobody vouches for. */
interface WrittenByOthers {
  readonly 'somebody else wrote this: pass it through show()': never;
}

/**
 * A result a tool may return: our own words, numbers, and marked values, at any depth. What others wrote, and what is
 * not known (`unknown`, `any`, `object`), is not assignable to it.
 */
export type Fit<T> = 0 extends 1 & T
  ? WrittenByOthers
  : unknown extends T
    ? WrittenByOthers
    : T extends Plain | Marked | Disclosed
      ? T
      : T extends symbol
        ? WrittenByOthers
        : T extends readonly (infer E)[]
          ? readonly Fit<E>[]
          : T extends object
            ? keyof T extends never
              ? WrittenByOthers
              : { [K in keyof T]: Fit<T[K]> }
            : WrittenByOthers;

/** What `show` makes of a value: the same, with everything others wrote marked. */
export type Shown<T> = unknown extends T
  ? Marked | Plain
  : T extends Untrusted<unknown>
    ? Marked
    : T extends Plain | Marked | Disclosed
      ? T
      : T extends readonly (infer E)[]
        ? Shown<E>[]
        : T extends object
          ? { [K in keyof T]: Shown<T[K]> }
          : Marked;
