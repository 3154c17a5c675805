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

/** The value at a path, or undefined where the document has none. */
export function valueAtPath(document: unknown, path: JsonPath): unknown {
  return path.reduce<unknown>((current, key) => childOf(current, key), document);
}

function childOf(container: unknown, key: string | number): unknown {
  if (container === null || typeof container !== 'object' || !Object.hasOwn(container, key)) return undefined;
  return (container as Record<string | number, unknown>)[key];
}
