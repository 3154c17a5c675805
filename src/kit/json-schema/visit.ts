/**
 * One schema applied to one place of a document, keyword by keyword in the order they are written, which is the order in
 * which Python's jsonschema reports. A keyword decides for itself and says what fails; this class holds what keywords
 * share: the place, the schemas entered on the way (for dynamic references), and which members and items have been
 * evaluated (for `unevaluatedProperties` and `unevaluatedItems`).
 *
 * A visit with nobody to report to only wants to know whether the schema holds, and ends at the first failure.
 */
import type { JsonPath } from './json-pointer.ts';
import { isObject, type JsonObject } from './json-value.ts';
import { FALSE_SCHEMA, messageFor, type SchemaViolation } from './python-wording.ts';
import type { SchemaIndex } from './schema-index.ts';

export interface Dialect {
  readonly keywords: Readonly<Record<string, Keyword>>;
  /** Draft-07 and older: beside `$ref` nothing else counts. */
  readonly refReplacesSiblings: boolean;
}

/** Judges one keyword's value; whatever is wrong it reports to the visit. Of what it does not understand it thinks nothing. */
export type Keyword = (value: unknown, visit: Visit) => void;

/** What all visits of one validation have in common. */
export interface Rules {
  readonly dialect: Dialect;
  readonly index: SchemaIndex;
  /** Whether anybody asks what has been evaluated. */
  readonly tracking: boolean;
  regExp(pattern: string): RegExp;
}

export interface Place {
  readonly instance: unknown;
  readonly depth: number;
  readonly key?: string | number;
  readonly parent?: Place;
}

/** A resource that was entered on the way to a schema, the innermost first. */
export interface Scope {
  readonly base: string;
  readonly outer: Scope | undefined;
}

/** Something that is wrong. Its sentence quotes the instance, which may be large: written for the winner only. */
export interface Found {
  readonly depth: number;
  build(): SchemaViolation;
}
export type Emit = (found: Found) => void;

/** How a failure differs from the usual: the keyword that is visited, its value, and the words for it. */
export interface Failure {
  readonly keyword?: string;
  readonly value?: unknown;
  readonly params?: JsonObject;
  readonly extras?: readonly unknown[];
  message?(): string;
}

/** What became of a schema at a place. */
export interface Outcome {
  readonly valid: boolean;
  readonly names?: ReadonlySet<string> | undefined;
  readonly items?: ReadonlySet<number> | undefined;
}
const HOLDS: Outcome = { valid: true };
const FAILS: Outcome = { valid: false };

/** @param emit undefined where only the outcome matters */
export function apply(schema: unknown, at: Place, rules: Rules, scope?: Scope, emit?: Emit): Outcome {
  if (schema === false) emit?.({ depth: at.depth, build: () => forbidden(at) });
  if (!isObject(schema)) return schema === false ? FAILS : HOLDS;
  const base = rules.index.baseOf(schema);
  const visit = new Visit(schema, at, rules, scope?.base === base ? scope : { base, outer: scope }, emit);
  visit.run();
  return visit;
}

export class Visit implements Outcome {
  valid = true;
  readonly names: Set<string> | undefined;
  readonly items: Set<number> | undefined;
  private keyword = '';

  constructor(
    readonly schema: JsonObject,
    readonly at: Place,
    readonly rules: Rules,
    readonly scope: Scope,
    private emit: Emit | undefined,
  ) {
    if (rules.tracking) {
      this.names = new Set();
      this.items = new Set();
    }
  }

  get instance(): unknown {
    return this.at.instance;
  }

  run(): void {
    const { refReplacesSiblings } = this.rules.dialect;
    const onlyRef = refReplacesSiblings && typeof this.schema.$ref === 'string';
    const keywords = onlyRef ? ['$ref'] : Object.keys(this.schema);
    const late = keywords.filter((keyword) => keyword.startsWith('unevaluated'));
    if (late.length > 0) this.judgeLate(keywords, late);
    else this.judge(keywords);
  }

  /** Those look at what all others have evaluated, and are still reported where they stand. */
  private judgeLate(keywords: readonly string[], late: readonly string[]): void {
    const { emit } = this;
    const found = new Map<string, Found[]>(keywords.map((keyword) => [keyword, []]));
    if (emit) this.emit = (one) => void found.get(this.keyword)?.push(one);
    this.judge([...keywords.filter((keyword) => !late.includes(keyword)), ...late]);
    if (emit) for (const ones of found.values()) ones.forEach(emit);
  }

  private judge(keywords: readonly string[]): void {
    const known = this.rules.dialect.keywords;
    for (const keyword of keywords) {
      if (!Object.hasOwn(known, keyword)) continue;
      this.keyword = keyword;
      known[keyword]?.(this.schema[keyword], this);
      if (!this.valid && !this.emit) return;
    }
  }

  fail({ keyword = this.keyword, value = this.schema[keyword], ...words }: Failure = {}): void {
    this.valid = false;
    const { at, schema, instance } = this;
    const {
      params = {},
      extras = [],
      message = () => messageFor(keyword, { value, instance, schema, params, extras }),
    } = words;
    this.emit?.({
      depth: at.depth,
      build: () => ({
        path: [...pathOf(at)],
        validator: keyword,
        validator_value: value,
        instance,
        message: message(),
        schema_excerpt: schema,
      }),
    });
  }

  /**
   * Demands of the instance what another schema says. What that looks at is evaluated, also where it is not as it says:
   * then that is what is wrong, and not that nobody expected it.
   */
  also(schema: unknown): void {
    const outcome = apply(schema, this.at, this.rules, this.scope, this.emit);
    if (!outcome.valid) this.valid = false;
    this.take(outcome);
  }

  /** Demands it as one of a list; what is looked at by one that does not hold is not evaluated, as in Python. */
  each(schema: unknown): void {
    const outcome = apply(schema, this.at, this.rules, this.scope, this.emit);
    if (outcome.valid) this.take(outcome);
    else this.valid = false;
  }

  /** Demands it of a member or an item, which has thereby been evaluated. Returns whether it is so. */
  child(schema: unknown, key: string | number): boolean {
    const { valid } = apply(schema, this.below(key), this.rules, this.scope, this.emit);
    if (!valid) this.valid = false;
    this.evaluated(key);
    return valid;
  }

  /** Demands it of a value that is no part of the document and stands for this place. */
  instead(schema: unknown, instance: unknown): void {
    if (!apply(schema, { ...this.at, instance }, this.rules, this.scope, this.emit).valid) this.valid = false;
  }

  /** Whether the instance satisfies another schema; if so, what that evaluates counts. Nothing is reported. */
  holds(schema: unknown): boolean {
    const outcome = apply(schema, this.at, this.rules, this.scope);
    if (outcome.valid) this.take(outcome);
    return outcome.valid;
  }

  /** The same, and nothing that is evaluated counts. */
  satisfies(schema: unknown): boolean {
    return apply(schema, this.at, this.rules, this.scope).valid;
  }

  /** Whether a member or an item satisfies a schema, and no more. */
  childHolds(schema: unknown, key: string | number): boolean {
    return apply(schema, this.below(key), this.rules, this.scope).valid;
  }

  /** How often a member breaks a schema. */
  failuresBelow(schema: unknown, key: string | number): number {
    let failures = 0;
    apply(schema, this.below(key), this.rules, this.scope, () => {
      failures += 1;
    });
    return failures;
  }

  evaluated(key: string | number): void {
    if (typeof key === 'string') this.names?.add(key);
    else this.items?.add(key);
  }

  /** A member was looked at, and yet is what `unevaluatedProperties` speaks of. */
  notEvaluated(name: string): void {
    this.names?.delete(name);
  }

  private take({ names, items }: Outcome): void {
    for (const name of names ?? []) this.names?.add(name);
    for (const item of items ?? []) this.items?.add(item);
  }

  private below(key: string | number): Place {
    const instance = (this.instance as Record<string | number, unknown>)[key];
    return { instance, depth: this.at.depth + 1, key, parent: this.at };
  }
}

function forbidden(at: Place): SchemaViolation {
  const { instance } = at;
  const message = messageFor(FALSE_SCHEMA, { value: false, instance, schema: {}, params: {}, extras: [] });
  return {
    path: [...pathOf(at)],
    validator: FALSE_SCHEMA,
    validator_value: false,
    instance,
    message,
    schema_excerpt: false,
  };
}

function pathOf({ parent, key }: Place): JsonPath {
  return parent === undefined || key === undefined ? [] : [...pathOf(parent), key];
}
