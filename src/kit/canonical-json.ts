/**
 * RFC 8785 (JSON Canonicalization Scheme): one text per JSON value, whatever order its keys came in. Used wherever two
 * requests must be recognised as the same one.
 */

/** Thrown for values that have no canonical JSON: NaN, infinities, lone surrogates, functions, symbols, bigint. */
export class CanonicalJsonError extends Error {
  override readonly name = 'CanonicalJsonError';
}

/**
 * The canonical text of a JSON value. Object members whose value is `undefined` are left out, as JSON.stringify does.
 * @throws CanonicalJsonError
 * @example canonicalJson({ b: 1, a: [true, 'x'] }) // '{"a":[true,"x"],"b":1}'
 */
export function canonicalJson(value: unknown): string {
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new CanonicalJsonError(`${value} has no JSON form`);
    return JSON.stringify(value);
  }
  if (typeof value === 'string') return canonicalString(value);
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item ?? null)).join(',')}]`;
  if (typeof value === 'object') {
    const record = value as Record<string, unknown>;
    // Array.prototype.sort compares UTF-16 code units, which is the order RFC 8785 §3.2.3 asks for.
    const members = Object.keys(record)
      .filter((key) => record[key] !== undefined)
      .sort()
      .map((key) => `${canonicalString(key)}:${canonicalJson(record[key])}`);
    return `{${members.join(',')}}`;
  }
  throw new CanonicalJsonError(`A ${typeof value} has no JSON form`);
}

function canonicalString(text: string): string {
  if (!text.isWellFormed()) throw new CanonicalJsonError('Text with a lone surrogate has no UTF-8 form');
  return JSON.stringify(text);
}
