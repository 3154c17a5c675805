/**
 * JSON as hosts read it: comments and trailing commas are allowed. Every value keeps its place in the text, so that an
 * edit replaces exactly what it means and leaves every other byte alone.
 */
import { ConfigFileError, lineAt, type Plain } from './config-text.ts';

interface Place {
  readonly start: number;
  /** Behind the last character. */
  readonly end: number;
}

export interface JsonProperty extends Place {
  readonly key: string;
  readonly value: JsonNode;
}

export type JsonNode = Place &
  (
    | { readonly kind: 'object'; readonly properties: readonly JsonProperty[] }
    | { readonly kind: 'array'; readonly items: readonly JsonNode[] }
    | { readonly kind: 'scalar'; readonly value: string | number | boolean | null }
  );

const MAX_DEPTH = 200;

/** @throws ConfigFileError with the line of the mistake */
export function parseJson(text: string): JsonNode {
  let at = 0;

  function fail(message: string, offset = at): never {
    throw new ConfigFileError(message, lineAt(text, offset));
  }

  function skip(): void {
    for (;;) {
      const space = /[ \t\r\n]*/y;
      space.lastIndex = at;
      at += space.exec(text)?.[0].length ?? 0;
      if (text.startsWith('//', at)) {
        const end = text.slice(at).search(/[\r\n]/);
        at = end < 0 ? text.length : at + end;
      } else if (text.startsWith('/*', at)) {
        const end = text.indexOf('*/', at + 2);
        if (end < 0) fail('a comment has no end');
        at = end + 2;
      } else return;
    }
  }

  function string(): string {
    const start = at;
    const shape = /"(?:[^"\\\r\n]|\\.)*"/y;
    shape.lastIndex = at;
    const found = shape.exec(text)?.[0];
    if (found === undefined) fail('a text in quotes has no end', start);
    at += found.length;
    try {
      return JSON.parse(found) as string;
    } catch {
      return fail(`${found.slice(0, 40)} is no valid text`, start);
    }
  }

  function value(depth: number): JsonNode {
    skip();
    if (depth > MAX_DEPTH) fail('it is nested too deeply');
    const start = at;
    const character = text[at];
    if (character === undefined) fail('the file ends where a value should stand');
    if (character === '{') return { kind: 'object', properties: members(depth), start, end: at };
    if (character === '[') return { kind: 'array', items: elements(depth), start, end: at };
    if (character === '"') return { kind: 'scalar', value: string(), start, end: at };
    const word = /[^\s,:{}[\]"/]+/y;
    word.lastIndex = at;
    const found = word.exec(text)?.[0];
    if (found === undefined) fail(`${JSON.stringify(character)} stands where a value should`);
    try {
      const scalar = JSON.parse(found) as number | boolean | null;
      at += found.length;
      return { kind: 'scalar', value: scalar, start, end: at };
    } catch {
      return fail(`${found.slice(0, 40)} is no JSON value`);
    }
  }

  /** What stands between brackets, each read by `one`, separated by commas, the last of which may be superfluous. */
  function list<T>(close: string, one: () => T): T[] {
    const opened = at;
    const found: T[] = [];
    at += 1;
    for (;;) {
      skip();
      if (text[at] === undefined) fail(`the ${close === '}' ? '{' : '['} that opens here is never closed`, opened);
      if (text[at] === close) break;
      found.push(one());
      skip();
      if (text[at] === ',') at += 1;
      else if (text[at] !== close && text[at] !== undefined) fail(`a comma or ${close} is missing`);
    }
    at += 1;
    return found;
  }

  function members(depth: number): JsonProperty[] {
    return list('}', () => {
      const start = at;
      if (text[at] !== '"') fail('a name in double quotes should stand here');
      const key = string();
      skip();
      if (text[at] !== ':') fail(`a colon is missing after ${JSON.stringify(key)}`);
      at += 1;
      const node = value(depth + 1);
      return { key, value: node, start, end: node.end };
    });
  }

  function elements(depth: number): JsonNode[] {
    return list(']', () => value(depth + 1));
  }

  const root = value(0);
  skip();
  if (at < text.length) fail('something follows after the end of the document');
  return root;
}

/** Whether there is nothing but white space and comments. */
export function isBlankJson(text: string): boolean {
  return text.replace(/\/\/[^\r\n]*|\/\*[\s\S]*?\*\//g, '').trim() === '';
}

/** The node as a value; of equal names the last one counts, as hosts read it. */
export function plainOf(node: JsonNode): Plain {
  switch (node.kind) {
    case 'scalar':
      return node.value;
    case 'array':
      return node.items.map(plainOf);
    case 'object':
      return Object.fromEntries(node.properties.map(({ key, value }) => [key, plainOf(value)]));
  }
}

/** The property of an object, or undefined. */
export function propertyOf(node: JsonNode | undefined, key: string): JsonProperty | undefined {
  return node?.kind === 'object' ? node.properties.findLast((property) => property.key === key) : undefined;
}
