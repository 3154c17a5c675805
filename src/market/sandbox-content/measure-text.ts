/** Plain measurements of prose. All are linear or capped: the text judged comes from strangers. */

/** The words of a text, lower case, without punctuation. Figures and hyphenated words count as one. */
export function wordsOf(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}]+(?:[.,'’-][\p{L}\p{N}]+)*/gu) ?? [];
}

/** The sentences of a text, trimmed. A full stop inside a figure or an abbreviation without a space does not end one. */
export function sentencesOf(text: string): string[] {
  return text
    .split(/(?<=[.!?])\s+/)
    .map((sentence) => sentence.trim())
    .filter((sentence) => sentence !== '');
}

/** The figures of a text as bare digits and decimal point: "1,250" and "1250" are the same figure. */
export function figuresOf(text: string): string[] {
  const found = text.match(/\d+(?:,\d{3})*(?:\.\d+)?/g) ?? [];
  return [...new Set(found.map((figure) => figure.replaceAll(',', '')))];
}

/** Whether `text` contains `term` as whole words, ignoring case, punctuation and line breaks. */
export function mentions(text: string, term: string): boolean {
  return ` ${wordsOf(text).join(' ')} `.includes(` ${wordsOf(term).join(' ')} `);
}

/**
 * The length in words of the longest passage `text` shares with `source`. Quadratic, so both sides must be capped by the
 * caller (a few hundred words each).
 */
export function longestSharedRun(text: string, source: string): number {
  const left = wordsOf(text);
  const right = wordsOf(source);
  let previous = new Array<number>(right.length + 1).fill(0);
  let longest = 0;
  for (const word of left) {
    const current = new Array<number>(right.length + 1).fill(0);
    for (let index = 0; index < right.length; index += 1) {
      if (word !== right[index]) continue;
      const run = (previous[index] ?? 0) + 1;
      current[index + 1] = run;
      if (run > longest) longest = run;
    }
    previous = current;
  }
  return longest;
}
