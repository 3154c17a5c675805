import type { KeyProblem } from '#contract/errors/key-problem.ts';
import { isPlaceholder } from '#kit/placeholder.ts';

export type ParsedApiKey = { readonly kind: 'set'; readonly key: string } | KeyProblem;

const QUOTES = /^(["'`“”‘’])(.*)(["'`“”‘’])$/s;
const MAX_SHOWN = 60;

/**
 * Reads the value of an environment variable that is to hold an API key. White space around it is dropped, because a
 * key read from a file ends with a line break; anything else that is not a key is named, never repaired.
 * @example parseApiKey('${SOTA_API_KEY}') // { kind: 'placeholder', shown: '${SOTA_API_KEY}' }
 */
export function parseApiKey(value: string | undefined): ParsedApiKey {
  if (value === undefined) return { kind: 'unset' };
  const text = value.trim();
  if (text === '') return { kind: 'empty' };
  const inner = QUOTES.exec(text)?.[2];
  const candidate = (inner ?? text).trim();
  if (candidate === '') return { kind: 'empty' };
  if (isPlaceholder(candidate)) return { kind: 'placeholder', shown: text.slice(0, MAX_SHOWN) };
  if (inner !== undefined) return { kind: 'quoted' };
  // Header values are visible ASCII; a space means "Bearer x", two keys, or a line of an .env file.
  return /^[\x21-\x7e]+$/.test(text) ? { kind: 'set', key: text } : { kind: 'malformed' };
}
