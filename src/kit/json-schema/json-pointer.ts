/** JSON Pointer (RFC 6901), the part of it a validator's paths need. */

export type JsonPath = readonly (string | number)[];

/** One reference token, escaped. */
export function escapeToken(token: string | number): string {
  return String(token).replaceAll('~', '~0').replaceAll('/', '~1');
}

/** The reference tokens of a pointer, unescaped: `'/a~1b/0'` gives `['a/b', '0']`. */
export function pointerTokens(pointer: string): string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/**
 * The path a pointer names inside a document, array positions as numbers. Only the document can tell `items["0"]` from
 * `items[0]`, which is why it is asked for.
 * @example pathInDocument({ a: [{ 0: 'x' }] }, '/a/0/0') // ['a', 0, '0']
 */
export function pathInDocument(document: unknown, pointer: string): (string | number)[] {
  const path: (string | number)[] = [];
  let current = document;
  for (const token of pointerTokens(pointer)) {
    path.push(Array.isArray(current) ? Number(token) : token);
    current = childOf(current, token);
  }
  return path;
}

/** The value at a path, or undefined where the document has none. */
export function valueAtPath(document: unknown, path: JsonPath): unknown {
  return path.reduce<unknown>((current, key) => childOf(current, key), document);
}

function childOf(container: unknown, key: string | number): unknown {
  if (container === null || typeof container !== 'object' || !Object.hasOwn(container, key)) return undefined;
  return (container as Record<string | number, unknown>)[key];
}
