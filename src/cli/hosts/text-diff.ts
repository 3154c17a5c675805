/** How many unchanged lines are shown around a change. */
const CONTEXT = 3;
/** Beyond so many comparisons the changed middle is shown as one block. */
const MAX_CELLS = 4_000_000;

/**
 * What an edit changes, line by line, with values that look like secrets hidden: the file of a host holds the keys of
 * other servers, and a terminal is often shared.
 * @example renderDiff('a\n', 'a\nb\n') // '  a\n+ b'
 */
export function renderDiff(before: string, after: string): string {
  const rows = compare(linesOf(before), linesOf(after));
  const changed = rows.flatMap(({ mark }, index) => (mark === ' ' ? [] : [index]));
  const shown = new Set(
    changed.flatMap((index) => Array.from({ length: 2 * CONTEXT + 1 }, (_, offset) => index - CONTEXT + offset)),
  );
  const lines: string[] = [];
  let skipped = false;
  rows.forEach(({ mark, line }, index) => {
    if (!shown.has(index)) {
      skipped = true;
      return;
    }
    if (skipped && lines.length > 0) lines.push('  …');
    skipped = false;
    lines.push(`${mark} ${maskSecrets(line)}`.trimEnd());
  });
  return lines.join('\n');
}

/** Hides the value of anything named like a secret, references such as `${NAME}` excepted. */
export function maskSecrets(line: string): string {
  return line
    .replace(
      /((?:key|token|secret|password|authorization|credential|bearer)[\w-]*["']?\s*[=:]\s*["'])(?!\$)([^"']{4,})(["'])/gi,
      '$1…$3',
    )
    .replace(/\b(?:sk|rec|whsec|ghp|xox[a-z])[-_][\w-]{8,}/g, '…');
}

interface Row {
  readonly mark: ' ' | '-' | '+';
  readonly line: string;
}

function linesOf(text: string): string[] {
  const lines = text.replace(/^\uFEFF/, '').split(/\r\n|\n/);
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

function compare(before: readonly string[], after: readonly string[]): Row[] {
  let head = 0;
  while (head < before.length && head < after.length && before[head] === after[head]) head += 1;
  let tail = 0;
  while (
    tail < before.length - head &&
    tail < after.length - head &&
    before[before.length - 1 - tail] === after[after.length - 1 - tail]
  ) {
    tail += 1;
  }
  const same = (line: string): Row => ({ mark: ' ', line });
  return [
    ...before.slice(0, head).map(same),
    ...middle(before.slice(head, before.length - tail), after.slice(head, after.length - tail)),
    ...before.slice(before.length - tail).map(same),
  ];
}

/** The longest common subsequence, by the table every textbook has. */
function middle(a: readonly string[], b: readonly string[]): Row[] {
  const whole: Row[] = [
    ...a.map((line) => ({ mark: '-' as const, line })),
    ...b.map((line) => ({ mark: '+' as const, line })),
  ];
  if (a.length * b.length > MAX_CELLS) return whole;
  const width = b.length + 1;
  const length = new Uint32Array((a.length + 1) * width);
  const cell = (i: number, j: number) => length[i * width + j] ?? 0;
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      length[i * width + j] = a[i] === b[j] ? cell(i + 1, j + 1) + 1 : Math.max(cell(i + 1, j), cell(i, j + 1));
    }
  }
  const rows: Row[] = [];
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    const [left, right] = [a[i], b[j]];
    if (left !== undefined && left === right) {
      rows.push({ mark: ' ', line: left });
      i += 1;
      j += 1;
    } else if (left !== undefined && (right === undefined || cell(i + 1, j) >= cell(i, j + 1))) {
      rows.push({ mark: '-', line: left });
      i += 1;
    } else {
      rows.push({ mark: '+', line: right ?? '' });
      j += 1;
    }
  }
  return rows;
}
