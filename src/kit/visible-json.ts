import { hiddenCharacters } from './text-sanitise.ts';

/**
 * JSON text in which nothing is hidden: what nobody would see stands as its escape, so that the text parses to the same
 * value, byte for byte, and a reader of the text sees that there is something.
 * @example visibleJson({ a: 'x\u202Ey' }) // '{"a":"x\\u202ey"}'
 */
export function visibleJson(value: unknown): string {
  return (JSON.stringify(value) ?? 'null').replace(hiddenCharacters, escaped);
}

function escaped(character: string): string {
  return character
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('');
}
