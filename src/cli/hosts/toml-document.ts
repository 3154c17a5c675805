/**
 * As much of TOML 1.0 as it takes to find tables and keys in a file someone else wrote, and to notice that the file is
 * broken. Values that are never looked at (numbers, dates) are checked by their shape and kept as text.
 */
import { ConfigFileError, lineAt } from './config-text.ts';

/** A number, boolean or date, as it is written. */
export interface TomlWord {
  readonly word: string;
}
export type TomlValue =
  | string
  | TomlWord
  | readonly TomlValue[]
  | { readonly table: Readonly<Record<string, TomlValue>> };

export interface TomlPair {
  /** The whole path, that of the table included. */
  readonly path: readonly string[];
  readonly value: TomlValue;
  readonly start: number;
  readonly valueStart: number;
  readonly end: number;
}

/** A header with what follows it; the first table has no header and the empty path. */
export interface TomlTable {
  readonly path: readonly string[];
  readonly array: boolean;
  readonly start: number;
  /** Behind the header's bracket. */
  readonly headEnd: number;
  readonly pairs: readonly TomlPair[];
}

const WORD =
  /(?:true|false|[+-]?(?:inf|nan)|[+-]?(?:0x[\da-f_]+|0o[0-7_]+|0b[01_]+)|\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)?)?|\d\d:\d\d(?::\d\d(?:\.\d+)?)?|[+-]?\d[\d_]*(?:\.\d[\d_]*)?(?:e[+-]?\d+)?)(?![\w.+-])/iy;
const ESCAPES: Readonly<Record<string, string>> = {
  b: '\b',
  t: '\t',
  n: '\n',
  f: '\f',
  r: '\r',
  e: '\u001b',
  '"': '"',
  '\\': '\\',
};
const MAX_DEPTH = 100;

/** @throws ConfigFileError with the line of the mistake */
export function parseToml(text: string): TomlTable[] {
  let at = 0;
  const tables: (TomlTable & { pairs: TomlPair[] })[] = [{ path: [], array: false, start: 0, headEnd: 0, pairs: [] }];
  const defined = new Map<string, 'table' | 'array' | 'value'>();
  /** Elements of arrays of tables so far: names below one are free again in the next. */
  let epoch = 0;

  function fail(message: string, offset = at): never {
    throw new ConfigFileError(message, lineAt(text, offset));
  }

  function take(shape: RegExp): string | undefined {
    shape.lastIndex = at;
    const found = shape.exec(text)?.[0];
    if (found !== undefined) at += found.length;
    return found;
  }

  const blanks = () => void take(/[ \t]*/y);
  const lines = () => void take(/(?:[ \t\r\n]|#[^\r\n]*)*/y);

  function endOfLine(): void {
    take(/[ \t]*(?:#[^\r\n]*)?/y);
    if (at < text.length && take(/\r?\n/y) === undefined) fail('something follows that does not belong here');
  }

  function basic(quote: string, multiline: boolean): string {
    const start = at;
    at += quote.length;
    const literal = quote[0] === "'";
    let result = '';
    if (multiline) take(/\r?\n/y);
    for (;;) {
      const character = text[at];
      if (character === undefined || (!multiline && /[\r\n]/.test(character)))
        fail('a text in quotes has no end', start);
      if (text.startsWith(quote, at)) {
        at += quote.length;
        // Up to two quotes may stand right before the closing three.
        while (multiline && text[at] === quote[0]) {
          result += text[at];
          at += 1;
        }
        return result;
      }
      if (character === '\\' && !literal) result += escaped(multiline);
      else {
        result += character;
        at += 1;
      }
    }
  }

  function escaped(multiline: boolean): string {
    const code = take(/\\u[\da-fA-F]{4}|\\U[\da-fA-F]{8}|\\x[\da-fA-F]{2}/y);
    if (code !== undefined) {
      const point = Number.parseInt(code.slice(2), 16);
      return point <= 0x10ffff ? String.fromCodePoint(point) : fail('there is no such character');
    }
    if (multiline && take(/\\[ \t]*\r?\n[ \t\r\n]*/y) !== undefined) return '';
    const known = ESCAPES[text[at + 1] ?? ''];
    if (known === undefined) fail(`\\${text[at + 1] ?? ''} means nothing in a text in double quotes`);
    at += 2;
    return known;
  }

  function string(): string | undefined {
    for (const quote of ['"""', "'''"]) if (text.startsWith(quote, at)) return basic(quote, true);
    if (text[at] === '"' || text[at] === "'") return basic(text[at] as string, false);
    return undefined;
  }

  function keyPath(): string[] {
    const path: string[] = [];
    do {
      blanks();
      const part = text[at] === '"' || text[at] === "'" ? basic(text[at] as string, false) : take(/[\w-]+/y);
      if (part === undefined) fail('a name should stand here');
      path.push(part);
      blanks();
    } while (take(/\./y) !== undefined);
    return path;
  }

  function value(depth: number): TomlValue {
    if (depth > MAX_DEPTH) fail('it is nested too deeply');
    const written = string();
    if (written !== undefined) return written;
    const start = at;
    if (take(/\[/y) !== undefined) return array(start, depth);
    if (take(/\{/y) !== undefined) return inlineTable(start, depth);
    const word = take(WORD);
    return word === undefined ? fail('a value should stand here; a text needs quotes') : { word };
  }

  function array(start: number, depth: number): TomlValue[] {
    const items: TomlValue[] = [];
    for (;;) {
      lines();
      if (at >= text.length) fail('the [ that opens here is never closed', start);
      if (take(/\]/y) !== undefined) return items;
      items.push(value(depth + 1));
      lines();
      if (take(/,/y) === undefined && at < text.length && text[at] !== ']') fail('a comma or ] is missing');
    }
  }

  function inlineTable(start: number, depth: number): TomlValue {
    const table: Record<string, TomlValue> = {};
    for (;;) {
      lines();
      if (at >= text.length) fail('the { that opens here is never closed', start);
      if (take(/\}/y) !== undefined) return { table };
      const path = keyPath();
      if (take(/=/y) === undefined) fail('an equals sign is missing');
      blanks();
      table[path.join('.')] = value(depth + 1);
      lines();
      if (take(/,/y) === undefined && at < text.length && text[at] !== '}') fail('a comma or } is missing');
    }
  }

  function define(path: readonly string[], kind: 'table' | 'array' | 'value', start: number): void {
    const id = `${path.length > 1 ? epoch : 0}/${JSON.stringify(path)}`;
    const before = defined.get(id);
    if (before !== undefined && !(kind === 'array' && before === 'array')) {
      fail(`${path.join('.')} is defined a second time`, start);
    }
    if (kind === 'array') epoch += 1;
    defined.set(kind === 'array' ? `${path.length > 1 ? epoch : 0}/${JSON.stringify(path)}` : id, kind);
  }

  for (;;) {
    lines();
    if (at >= text.length) return tables;
    const start = at;
    if (take(/\[/y) !== undefined) {
      const isArray = take(/\[/y) !== undefined;
      const path = keyPath();
      if (take(isArray ? /\]\]/y : /\]/y) === undefined) fail('the bracket of this table is never closed', start);
      define(path, isArray ? 'array' : 'table', start);
      tables.push({ path, array: isArray, start, headEnd: at, pairs: [] });
      endOfLine();
      continue;
    }
    const table = tables.at(-1) as (typeof tables)[number];
    const path = [...table.path, ...keyPath()];
    if (take(/=/y) === undefined) fail('an equals sign is missing');
    blanks();
    const valueStart = at;
    const found = value(0);
    define(path, 'value', start);
    table.pairs.push({ path, value: found, start, valueStart, end: at });
    endOfLine();
  }
}
