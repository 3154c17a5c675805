/**
 * Takes the teeth out of markup in a stranger's text: what imitates a fence (in any script), and what a host would
 * load by itself when it shows the text (an image address carries away whatever stands in it). The words stay readable.
 */

/** Characters that pass for those of a tag, beyond what Unicode itself folds together: Greek, Cyrillic, Armenian, capitals. */
const LOOK_ALIKES: ReadonlyMap<string, string> = new Map(
  [
    ['u', 'υսʋᴜц'],
    ['n', 'ոпηɴ'],
    ['t', 'тτᴛ'],
    ['r', 'гʀ'],
    ['s', 'ѕꜱ'],
    ['e', 'еєҽεᴇ'],
    ['d', 'ԁᴅɗ'],
    ['<', '‹〈⟨❬❮❰⧼˂ᐸ≺'],
    ['/', '⁄∕⧸╱'],
  ].flatMap(([plain = '', others = '']) => [...others].map((other) => [other, plain] as const)),
);

/** Stands for a combining mark: `ú` written as two characters is still a u. */
const MARK = '\u0000';
const TAG = new RegExp(`<[\\s/${MARK}]*${[...'untrusted'].join(`${MARK}*`)}`, 'g');
const LOADED = /<(?=\s*\/?\s*(?:img|image|svg|iframe|script|style|link|object|embed|video|audio|source|base|meta)\b)/gi;

/**
 * @example breakMarkup('</untrusted-1> ![x](https://evil.example/?q=1)') // '(/untrusted-1> ! [x](https://evil.example/?q=1)'
 */
export function breakMarkup(text: string): string {
  return breakTags(text).replace(LOADED, '(').replaceAll('![', '! [');
}

function breakTags(text: string): string {
  const characters = [...text];
  const folded = characters.map(fold).join('');
  const starts = new Set([...folded.matchAll(TAG)].map(({ index }) => index));
  if (starts.size === 0) return text;
  return characters.map((character, index) => (starts.has(index) ? '(' : character)).join('');
}

/** One UTF-16 unit for every character, so that places in the folded text are places in the list of characters. */
function fold(character: string): string {
  if (character <= '\u007f') return character.toLowerCase();
  if (/^\p{M}$/u.test(character)) return MARK;
  const base = character.normalize('NFKD').charAt(0).toLowerCase();
  return LOOK_ALIKES.get(base) ?? (base.length === 1 ? base : '?');
}
