import type { KeyProblem } from '#contract/errors/key-problem.ts';

export type ParsedApiKey = { readonly kind: 'set'; readonly key: string } | KeyProblem;

/** What hosts leave in place when they replace nothing, and what people leave in place when they copy an example. */
const PLACEHOLDERS: readonly RegExp[] = [
  /\$\{/, // ${X}, ${env:X}, ${input:X}, also inside other text
  /^\$(?:env:)?[A-Za-z_]\w*$/i, // $X, $env:X
  /\{\{/, // {{X}}
  /^%[^%]+%$/, // %X%
  /^<.*>$/, // <your-key>
  /^sk_live_(?:\.+|…|x+|\*+|your.*|abc123|key|here)$/i,
  /^(?:your|my|insert|paste|enter|replace)[-_ ].*(?:key|here|me)$/i,
  /^(?:undefined|null|none|changeme|todo)$/i,
];
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

/** Whether a setting still holds the text that was to be replaced. */
export function isPlaceholder(text: string): boolean {
  return PLACEHOLDERS.some((shape) => shape.test(text));
}
