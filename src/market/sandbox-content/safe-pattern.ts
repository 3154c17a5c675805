/**
 * Regular expressions from strangers, matched in bounded time.
 *
 * `RegExp` backtracks: a hostile pattern such as `(a+)+$` would stop the whole marketplace. This matcher never backtracks.
 * It asks for every syntax node and start position once which end positions are reachable, and remembers the answer, so
 * the work is at most (nodes × positions × repeats × positions), with sets of positions held as bit masks: tens of
 * milliseconds for the worst pattern the caps below admit, far less for an honest one.
 *
 * Understood: literals, `.`, escapes (\d \w \s \D \W \S and escaped punctuation), classes, groups, alternation, the
 * quantifiers `* + ? {m} {m,} {m,n}` (lazy forms match the same whole strings), `^ $`, and lookahead. Back-references,
 * lookbehind, flags and Unicode properties are refused by name: no format in this sandbox needs them.
 */

type Node =
  | { type: 'char'; test: (char: string) => boolean }
  | { type: 'start' }
  | { type: 'end' }
  | { type: 'look'; body: Node; negative: boolean }
  | { type: 'sequence'; parts: Node[] }
  | { type: 'choice'; options: Node[] }
  /** Any number of times. */
  | { type: 'star'; body: Node }
  /** A counted number of times; both bounds are finite. */
  | { type: 'repeat'; body: Node; min: number; max: number };

/** A pattern that is not understood; the message says which part, for the author to read. */
export class PatternError extends Error {
  override readonly name = 'PatternError';
}

/** Longest pattern accepted, in characters. */
export const MAX_PATTERN_LENGTH = 160;
const MAX_REPEAT = 32;
const MAX_SUBJECT_LENGTH = 64;

/**
 * Compiles a pattern into a test for *whole* strings: `ab` does not match "xabx".
 * @throws PatternError when the pattern is malformed, too long or uses what is not supported
 * @example compilePattern('[A-Z]{2}-\\d+')('QX-17') // true
 */
export function compilePattern(source: string): (subject: string) => boolean {
  if (source.length > MAX_PATTERN_LENGTH) throw new PatternError(`longer than ${MAX_PATTERN_LENGTH} characters`);
  const root = new Parser(source).parse();
  return (subject) => {
    if (subject.length > MAX_SUBJECT_LENGTH) return false;
    const ends = reach(root, 0, subject, new Map());
    return (ends & bit(subject.length)) !== 0n;
  };
}

/** A set of positions in the subject: bit n stands for position n. */
type Positions = bigint;
const NOWHERE: Positions = 0n;
const bit = (position: number): Positions => 1n << BigInt(position);

type Memo = Map<Node, (Positions | undefined)[]>;

/** The positions at which a match of `node` can end that begins at `from`. */
function reach(node: Node, from: number, subject: string, memo: Memo): Positions {
  let known = memo.get(node);
  if (!known) {
    known = [];
    memo.set(node, known);
  }
  known[from] ??= computeReach(node, from, subject, memo);
  return known[from];
}

/** The same for every position in `starts`. */
function reachAll(node: Node, starts: Positions, subject: string, memo: Memo): Positions {
  let ends = NOWHERE;
  for (let from = 0, rest = starts; rest !== 0n; from += 1, rest >>= 1n) {
    if ((rest & 1n) !== 0n) ends |= reach(node, from, subject, memo);
  }
  return ends;
}

function computeReach(node: Node, from: number, subject: string, memo: Memo): Positions {
  const here = bit(from);
  switch (node.type) {
    case 'char':
      return from < subject.length && node.test(subject.charAt(from)) ? bit(from + 1) : NOWHERE;
    case 'start':
      return from === 0 ? here : NOWHERE;
    case 'end':
      return from === subject.length ? here : NOWHERE;
    case 'look':
      return (reach(node.body, from, subject, memo) !== NOWHERE) !== node.negative ? here : NOWHERE;
    case 'sequence':
      return node.parts.reduce((starts, part) => reachAll(part, starts, subject, memo), here);
    case 'choice':
      return node.options.reduce((ends, option) => ends | reach(option, from, subject, memo), NOWHERE);
    case 'star': {
      // One more round, then the star again from there: a star only ever asks itself about later positions.
      const onward = reach(node.body, from, subject, memo) & ~here;
      return here | reachAll(node, onward, subject, memo);
    }
    case 'repeat':
      return reachRepeat(node, here, subject, memo);
  }
}

function reachRepeat(
  { body, min, max }: Extract<Node, { type: 'repeat' }>,
  here: Positions,
  subject: string,
  memo: Memo,
): Positions {
  let starts = here;
  for (let count = 0; count < min; count += 1) {
    const ends = reachAll(body, starts, subject, memo);
    // From here on every further round gives the same positions.
    if (ends === starts) break;
    starts = ends;
  }
  let all = starts;
  // A position reached before is not followed twice: with fewer rounds used up it could reach no less.
  for (let count = min; count < max && starts !== NOWHERE; count += 1) {
    starts = reachAll(body, starts, subject, memo) & ~all;
    all |= starts;
  }
  return all;
}

const isDigit = (char: string) => char >= '0' && char <= '9';
const isWord = (char: string) => /^[A-Za-z0-9_]$/.test(char);
const isSpace = (char: string) => /^\s$/.test(char);
const shorthand: Readonly<Record<string, (char: string) => boolean>> = {
  d: isDigit,
  D: (char) => !isDigit(char),
  w: isWord,
  W: (char) => !isWord(char),
  s: isSpace,
  S: (char) => !isSpace(char),
};

/** Recursive descent over alternation, sequence, quantified atom. Depth is bounded by the pattern's length. */
class Parser {
  private at = 0;
  constructor(private readonly source: string) {}

  parse(): Node {
    const node = this.choice();
    if (this.at < this.source.length) throw new PatternError(`an unmatched ")" at position ${this.at}`);
    return node;
  }

  private take(text: string): boolean {
    if (!this.source.startsWith(text, this.at)) return false;
    this.at += text.length;
    return true;
  }

  private choice(): Node {
    const options = [this.sequence()];
    while (this.take('|')) options.push(this.sequence());
    return options.length === 1 && options[0] ? options[0] : { type: 'choice', options };
  }

  private sequence(): Node {
    const parts: Node[] = [];
    while (this.at < this.source.length && !'|)'.includes(this.source.charAt(this.at))) {
      parts.push(this.quantified(this.atom()));
    }
    return { type: 'sequence', parts };
  }

  private quantified(body: Node): Node {
    const [found, least, comma, most] = /^(?:[*+?]|\{(\d{1,3})(,)?(\d{1,3})?\})/.exec(this.source.slice(this.at)) ?? [];
    if (found === undefined) return body;
    this.at += found.length;
    this.take('?');
    if ('*+?'.includes(this.source.charAt(this.at)) && this.at < this.source.length) {
      throw new PatternError(`nothing to repeat at position ${this.at}`);
    }
    if (found === '*') return { type: 'star', body };
    if (found === '+') return { type: 'sequence', parts: [body, { type: 'star', body }] };
    if (found === '?') return { type: 'repeat', body, min: 0, max: 1 };
    const min = Number(least);
    const max = most === undefined ? min : Number(most);
    if (min > max) throw new PatternError(`a repeat whose minimum exceeds its maximum: ${found}`);
    if (max > MAX_REPEAT) throw new PatternError(`a repeat above ${MAX_REPEAT}: ${found}`);
    const counted: Node = { type: 'repeat', body, min, max };
    const unbounded = comma !== undefined && most === undefined;
    return unbounded ? { type: 'sequence', parts: [counted, { type: 'star', body }] } : counted;
  }

  private atom(): Node {
    if (this.take('(')) return this.group();
    if (this.take('[')) return { type: 'char', test: this.charClass() };
    if (this.take('^')) return { type: 'start' };
    if (this.take('$')) return { type: 'end' };
    if (this.take('.')) return { type: 'char', test: (char) => char !== '\n' };
    if (this.take('\\')) return { type: 'char', test: this.escape() };
    const literal = this.source.charAt(this.at);
    if ('*+?'.includes(literal)) throw new PatternError(`nothing to repeat at position ${this.at}`);
    this.at += 1;
    return { type: 'char', test: (char) => char === literal };
  }

  private group(): Node {
    const look = this.take('?=') ? 'ahead' : this.take('?!') ? 'not-ahead' : null;
    if (look === null && !this.take('?:') && this.source.charAt(this.at) === '?') {
      const name = /^\?P?<[A-Za-z]\w{0,30}>/.exec(this.source.slice(this.at));
      if (!name) throw new PatternError(`an unsupported group at position ${this.at}`);
      this.at += name[0].length;
    }
    const body = this.choice();
    if (!this.take(')')) throw new PatternError('an unclosed "("');
    return look === null ? body : { type: 'look', body, negative: look === 'not-ahead' };
  }

  private escape(): (char: string) => boolean {
    const letter = this.source.charAt(this.at);
    const test = shorthand[letter];
    if (test) {
      this.at += 1;
      return test;
    }
    if (letter === '' || /[A-Za-z0-9]/.test(letter)) throw new PatternError(`an unsupported escape: \\${letter}`);
    this.at += 1;
    return (char) => char === letter;
  }

  private charClass(): (char: string) => boolean {
    const negative = this.take('^');
    const tests: ((char: string) => boolean)[] = [];
    while (!this.take(']')) {
      if (this.at >= this.source.length) throw new PatternError('an unclosed "["');
      if (this.take('\\')) {
        tests.push(this.escape());
        continue;
      }
      const low = this.source.charAt(this.at);
      this.at += 1;
      const high = this.source.charAt(this.at + 1);
      if (this.source.charAt(this.at) === '-' && high !== ']' && high !== '' && high !== '\\') {
        if (high < low) throw new PatternError(`a range out of order: ${low}-${high}`);
        this.at += 2;
        tests.push((char) => char >= low && char <= high);
      } else {
        tests.push((char) => char === low);
      }
    }
    return (char) => tests.some((test) => test(char)) !== negative;
  }
}
