/** The shortest text a simple regular expression takes; for the strings of a schema skeleton. */

const FORMATS: Readonly<Record<string, string>> = {
  'date-time': '2026-01-01T00:00:00Z',
  date: '2026-01-01',
  time: '00:00:00Z',
  duration: 'P1D',
  email: 'a@example.com',
  'idn-email': 'a@example.com',
  hostname: 'example.com',
  'idn-hostname': 'example.com',
  ipv4: '192.0.2.1',
  ipv6: '2001:db8::1',
  uri: 'https://example.com',
  'uri-reference': '/',
  iri: 'https://example.com',
  'iri-reference': '/',
  'uri-template': '/',
  uuid: '00000000-0000-4000-8000-000000000000',
  'json-pointer': '',
  'relative-json-pointer': '0',
  regex: '.',
  byte: '',
  binary: '',
  password: 'x',
};

/** A value of a format, undefined for one that is not known (and so constrains nothing). */
export function sampleOfFormat(format: string): string | undefined {
  return Object.hasOwn(FORMATS, format) ? FORMATS[format] : undefined;
}

interface Reader {
  readonly text: string;
  at: number;
}

/** Longer repetitions than this are not written out. */
const MAX_REPEAT = 1_000;

/**
 * A text the pattern matches, undefined for patterns with look-around, back references or other things beyond simple.
 * `grow` asks for more than the least of the first repetition that allows it, to meet a minimum length.
 * @example sampleOfPattern('^[A-Z]{3}-\\d+$', 0) // 'AAA-0'
 */
export function sampleOfPattern(pattern: string, grow: number): string | undefined {
  const reader: Reader = { text: pattern, at: 0 };
  const growth = { left: grow };
  const sample = readAlternatives(reader, growth);
  return reader.at === pattern.length ? sample : undefined;
}

function readAlternatives(reader: Reader, growth: { left: number }): string | undefined {
  const first = readSequence(reader, growth);
  while (reader.text[reader.at] === '|') {
    reader.at += 1;
    // Only to get past it: the first alternative is the sample.
    if (readSequence(reader, { left: 0 }) === undefined) return undefined;
  }
  return first;
}

function readSequence(reader: Reader, growth: { left: number }): string | undefined {
  let sample = '';
  while (reader.at < reader.text.length && reader.text[reader.at] !== '|' && reader.text[reader.at] !== ')') {
    const start = reader.at;
    const unit = readUnit(reader);
    if (unit === undefined) return undefined;
    const times = readTimes(reader);
    if (!times) return undefined;
    let count = times.min;
    if (unit.length > 0 && growth.left > 0 && times.max > times.min) {
      count = Math.min(times.max, times.min + Math.ceil(growth.left / unit.length));
      growth.left -= (count - times.min) * unit.length;
    }
    if (count > MAX_REPEAT) return undefined;
    sample += unit.repeat(count);
    if (reader.at === start) return undefined;
  }
  return sample;
}

function readTimes(reader: Reader): { min: number; max: number } | undefined {
  const rest = reader.text.slice(reader.at);
  const match = /^(?:\*|\+|\?|\{(\d+)(,(\d*))?\})\??/.exec(rest);
  if (!match) return { min: 1, max: 1 };
  reader.at += match[0].length;
  const [whole, least, comma, most] = match;
  if (whole.startsWith('*')) return { min: 0, max: MAX_REPEAT };
  if (whole.startsWith('+')) return { min: 1, max: MAX_REPEAT };
  if (whole.startsWith('?')) return { min: 0, max: 1 };
  const min = Number(least);
  const max = comma === undefined ? min : most ? Number(most) : MAX_REPEAT;
  return max < min ? undefined : { min, max };
}

const CLASSES: Readonly<Record<string, string>> = { d: '0', w: 'a', s: ' ', D: 'a', W: '-', S: 'a' };
const CONTROLS: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', f: '\f', v: '\v' };

/** One thing that a quantifier may follow. */
function readUnit(reader: Reader): string | undefined {
  const { text } = reader;
  const character = text[reader.at] ?? '';
  reader.at += 1;
  switch (character) {
    case '^':
    case '$':
      return '';
    case '.':
      return 'x';
    case '[':
      return readSet(reader);
    case '(': {
      const group = /^\?(?::|<[A-Za-z]\w*>)/.exec(text.slice(reader.at));
      if (group) reader.at += group[0].length;
      else if (text[reader.at] === '?') return undefined;
      const inner = readAlternatives(reader, { left: 0 });
      if (text[reader.at] !== ')') return undefined;
      reader.at += 1;
      return inner;
    }
    case '\\':
      return readEscape(reader);
    case '*':
    case '+':
    case '?':
      return undefined;
    default: {
      const point = text.codePointAt(reader.at - 1) ?? 0;
      if (point <= 0xffff) return character;
      reader.at += 1;
      return String.fromCodePoint(point);
    }
  }
}

function readEscape(reader: Reader): string | undefined {
  const letter = reader.text[reader.at] ?? '';
  reader.at += 1;
  if (letter === 'b' || letter === 'B') return '';
  if (CLASSES[letter] !== undefined) return CLASSES[letter];
  if (CONTROLS[letter] !== undefined) return CONTROLS[letter];
  const hex = /^(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2}))/.exec(letter + reader.text.slice(reader.at));
  if (hex) {
    reader.at += hex[0].length - 1;
    return String.fromCharCode(Number.parseInt(hex[1] ?? hex[2] ?? '0', 16));
  }
  return /[A-Za-z0-9]/.test(letter) ? undefined : letter;
}

/** Candidates for a negated set: one of them is outside of nearly every set people write. */
const OUTSIDERS = ['x', '0', '-', ' ', 'A', '_', '~', 'é'];

function readSet(reader: Reader): string | undefined {
  const end = endOfSet(reader.text, reader.at);
  if (end < 0) return undefined;
  const body = reader.text.slice(reader.at, end);
  reader.at = end + 1;
  if (body.startsWith('^')) {
    const set = compile(`[${body}]`);
    return set && OUTSIDERS.find((candidate) => set.test(candidate));
  }
  const inner: Reader = { text: body, at: 0 };
  const first = body[0];
  if (first === undefined) return undefined;
  if (first !== '\\') return String.fromCodePoint(body.codePointAt(0) ?? 0);
  inner.at = 1;
  return readEscape(inner);
}

function compile(source: string): RegExp | undefined {
  try {
    return new RegExp(`^${source}$`, 'u');
  } catch {
    return undefined;
  }
}

function endOfSet(text: string, from: number): number {
  for (let at = from; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1;
    else if (text[at] === ']' && at > from) return at;
  }
  return -1;
}
