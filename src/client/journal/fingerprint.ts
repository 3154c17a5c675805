import { canonicalJson } from '#kit/canonical-json.ts';
import { sha256Hex } from '#kit/hash.ts';
import { parseUsdc } from '#kit/money.ts';

/**
 * When two requests ask for the same. Fields are compared by what they mean: amounts by their micro-USDC, ids and words
 * without the accidents of spelling, an absent field like one that is null. What is data to somebody else (job
 * parameters, schemas, results) is compared byte by byte.
 */

export interface RequestParts {
  readonly params?: unknown;
  readonly query?: unknown;
  readonly body?: unknown;
}

const MONEY_FIELD = /_usdc$/;
const EXACT_FIELDS: ReadonlySet<string> = new Set(['result', 'partial_result', 'parameters', 'expected_schema']);

/**
 * One text per meaning, RFC 8785.
 * @throws CanonicalJsonError for text that has no UTF-8 form
 * @example canonicalRequest({ body: { amount_usdc: '5.00' } }) === canonicalRequest({ body: { amount_usdc: 5 } })
 */
export function canonicalRequest({ params, query, body }: RequestParts): string {
  return canonicalJson({ params: meaning(params), query: meaning(query), body: meaning(body) });
}

/** Hash of a canonical text. */
export function fingerprint(canonical: string): string {
  return sha256Hex(canonical);
}

function meaning(fields: unknown): unknown {
  if (typeof fields !== 'object' || fields === null || Array.isArray(fields)) return fields ?? undefined;
  const entries = Object.entries(fields).flatMap(([name, value]) => {
    if (value === null || value === undefined) return [];
    if (EXACT_FIELDS.has(name)) return [[name, value]];
    if (MONEY_FIELD.test(name) && (typeof value === 'number' || typeof value === 'string')) {
      return [[name, parseUsdc(value).toString()]];
    }
    return [[name, typeof value === 'string' ? sameWords(value) : value]];
  });
  return Object.fromEntries(entries);
}

/** Composed characters, one kind of line end, no white space at the end of lines or around the whole. */
function sameWords(text: string): string {
  return text
    .normalize('NFC')
    .replace(/\r\n?/g, '\n')
    .replace(/[ \t]+$/gm, '')
    .trim();
}
