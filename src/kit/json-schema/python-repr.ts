/**
 * Python's `repr()` for JSON values, so that a message written here reads exactly as one written by a Python service.
 *
 * Two facts are lost before a value arrives and cannot be restored: `1.0` and `1` are the same JavaScript number (both
 * read `1` here, Python says `1.0` for the first), and objects list integer-like keys first.
 */

/**
 * The text Python prints for a JSON value.
 * @example pythonRepr({ a: [true, null, "it's"] }) // `{'a': [True, None, "it's"]}`
 */
export function pythonRepr(value: unknown): string {
  if (value === null || value === undefined) return 'None';
  if (value === true) return 'True';
  if (value === false) return 'False';
  if (typeof value === 'string') return stringRepr(value);
  if (typeof value === 'number') return numberRepr(value);
  if (Array.isArray(value)) return `[${value.map(pythonRepr).join(', ')}]`;
  if (typeof value === 'object') {
    const members = Object.entries(value).map(([key, member]) => `${stringRepr(key)}: ${pythonRepr(member)}`);
    return `{${members.join(', ')}}`;
  }
  return String(value);
}

/** Python sorts strings by code point, JavaScript by UTF-16 unit; UTF-8 bytes compare the way code points do. */
export function byCodePoint(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

function numberRepr(value: number): string {
  const magnitude = Math.abs(value);
  // Python leaves positional notation below 1e-4 (JavaScript below 1e-6) and pads the exponent to two digits.
  const text = magnitude !== 0 && magnitude < 1e-4 ? value.toExponential() : String(value);
  return text.replace(/e([+-])(\d)$/, 'e$10$2');
}

// Categories C* and Z* are what Python's str.isprintable() refuses, the plain space excepted.
const NEEDS_ESCAPE = /[\\\p{C}\p{Z}]/u;
const SHORT_ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' };

function stringRepr(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  let out = quote;
  for (const character of text) {
    if (character === quote) out += `\\${character}`;
    else if (character === ' ' || !NEEDS_ESCAPE.test(character)) out += character;
    else out += SHORT_ESCAPES[character] ?? hexEscape(character.codePointAt(0) ?? 0);
  }
  return out + quote;
}

function hexEscape(codePoint: number): string {
  const hex = codePoint.toString(16);
  if (codePoint <= 0xff) return `\\x${hex.padStart(2, '0')}`;
  if (codePoint <= 0xffff) return `\\u${hex.padStart(4, '0')}`;
  return `\\U${hex.padStart(8, '0')}`;
}
