/**
 * Takes out of a text what a reader cannot see but a machine obeys: terminal escapes, control characters, text-direction
 * overrides, zero-width characters and the invisible tag alphabet. Visible text is never changed: what a stranger wrote
 * is shown as it would look, and nothing else.
 */

export interface Sanitised {
  readonly text: string;
  /** How many characters were taken out; 0 means the text is as it came. */
  readonly removed: number;
}

/** ANSI: CSI … final byte, OSC … BEL or ST, DCS/SOS/PM/APC … ST, and two-character escapes. 7-bit and 8-bit forms. */
const ANSI =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this looks for
  /(?:\u001b\[|\u009b)[0-?]*[ -/]*[@-~]|(?:\u001b\]|\u009d)[^\u0007\u001b\u009c]*(?:\u0007|\u001b\\|\u009c)|(?:\u001b[PX^_]|[\u0090\u0098\u009e\u009f])[^\u001b\u009c]*(?:\u001b\\|\u009c)|\u001b[ -~]/g;

/** Code points nobody sees, first and last of each range. Tab, newline and the emoji selector U+FE0F stay. */
const INVISIBLE_RANGES: readonly (readonly [first: number, last: number])[] = [
  [0x00, 0x08], // C0 control characters
  [0x0b, 0x1f],
  [0x7f, 0x9f], // DEL and C1
  [0xad, 0xad], // soft hyphen
  [0x034f, 0x034f], // combining grapheme joiner
  [0x061c, 0x061c], // Arabic letter mark
  [0x115f, 0x1160], // Hangul fillers
  [0x17b4, 0x17b5], // Khmer inherent vowels
  [0x180b, 0x180f], // Mongolian selectors and separator
  [0x200b, 0x200f], // zero-width space and joiners, direction marks
  [0x2028, 0x202e], // line and paragraph separator, direction embeddings and overrides
  [0x2060, 0x206f], // word joiner, invisible operators, direction isolates
  [0x3164, 0x3164], // Hangul filler
  [0xfe00, 0xfe0e], // variation selectors
  [0xfeff, 0xfeff], // byte order mark
  [0xffa0, 0xffa0], // half-width Hangul filler
  [0xfff0, 0xfffb], // specials, interlinear annotation
  [0x1bca0, 0x1bca3], // shorthand format controls
  [0x1d173, 0x1d17a], // musical format controls
  [0xe0000, 0xe0fff], // tag alphabet, further variation selectors
];

const hex = (codePoint: number) => `\\u{${codePoint.toString(16)}}`;
/** Matches one character that nobody sees. */
export const hiddenCharacters: RegExp = new RegExp(
  `[${INVISIBLE_RANGES.map(([a, b]) => `${hex(a)}-${hex(b)}`).join('')}]`,
  'gu',
);

/**
 * The text without what cannot be seen. Windows line ends become plain newlines and are not counted; a lone surrogate
 * becomes U+FFFD, since it has no UTF-8 form.
 * @example sanitiseText('a\u202Eb\u001b[31mc') // { text: 'abc', removed: 6 }
 */
export function sanitiseText(raw: string): Sanitised {
  const plain = raw.replace(/\r\n?/g, '\n').toWellFormed();
  const text = plain.replace(ANSI, '').replace(hiddenCharacters, '');
  return { text, removed: plain.length - text.length };
}
