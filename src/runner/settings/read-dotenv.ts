/** One assignment of an `.env` file. */
export interface DotenvEntry {
  readonly name: string;
  readonly value: string;
  /** Counted from 1. */
  readonly line: number;
}

export interface DotenvProblem {
  readonly line: number;
  readonly message: string;
}

const ASSIGNMENT = /^(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=(.*)$/;
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', '"': '"', '\\': '\\' };

/**
 * Reads the text of an `.env` file: `NAME=value`, optionally after `export`, with comments and quotes. Single quotes
 * keep everything, double quotes know \n, \r, \t, \" and \\. Nothing is expanded: a `$` in a secret is a `$`.
 * Every line that is not understood is reported with its number, never skipped.
 * @example readDotenv('SOTA_API_KEY=sk_live_x # mine').entries // [{ name: 'SOTA_API_KEY', value: 'sk_live_x', line: 1 }]
 */
export function readDotenv(text: string): { entries: readonly DotenvEntry[]; problems: readonly DotenvProblem[] } {
  const entries: DotenvEntry[] = [];
  const problems: DotenvProblem[] = [];
  const seen = new Map<string, number>();
  const lines = text.replace(/^\uFEFF/, '').split(/\r\n|\n|\r/);
  for (const [index, raw] of lines.entries()) {
    const line = index + 1;
    const content = raw.trim();
    if (content === '' || content.startsWith('#')) continue;
    const match = ASSIGNMENT.exec(content);
    if (!match) {
      problems.push({ line, message: 'not of the form NAME=value' });
      continue;
    }
    const [, name = '', rest = ''] = match;
    const value = readValue(rest.trim());
    const before = seen.get(name);
    if (value === undefined) problems.push({ line, message: `the quote of ${name} does not end on its line` });
    else if (before !== undefined) problems.push({ line, message: `${name} is set on line ${before} already` });
    else entries.push({ name, value, line });
    seen.set(name, before ?? line);
  }
  return { entries, problems };
}

function readValue(text: string): string | undefined {
  const quote = text[0];
  if (quote === "'") return /^'([^']*)'\s*(?:#.*)?$/.exec(text)?.[1];
  if (quote === '"') {
    const inner = /^"((?:[^"\\]|\\.)*)"\s*(?:#.*)?$/.exec(text)?.[1];
    return inner?.replace(/\\(.)/g, (whole, letter: string) => ESCAPES[letter] ?? whole);
  }
  // A # inside a word belongs to it; after white space it starts a comment.
  return text.replace(/(?:^|\s+)#.*$/, '').trim();
}
