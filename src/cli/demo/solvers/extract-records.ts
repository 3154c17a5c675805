interface Field {
  readonly name: string;
  readonly label: string;
  readonly type: 'string' | 'number' | 'boolean';
}

/** Reads records out of CSV or of labelled lines, typed by the list of fields that comes with the task. */
export function extractRecords(parameters: Readonly<Record<string, unknown>>): { records: Record<string, unknown>[] } {
  const { format, text, fields } = parameters as { format: string; text: string; fields: readonly Field[] };
  const rows = format === 'csv' ? fromCsv(text) : fromLabelledLines(text);
  return {
    records: rows.map((row) =>
      Object.fromEntries(fields.map(({ name, label, type }) => [name, typed(row.get(label) ?? '', type)])),
    ),
  };
}

function fromCsv(text: string): Map<string, string>[] {
  const [header = [], ...lines] = text.trim().split('\n').map(cells);
  return lines.map((line) => new Map(header.map((label, i) => [label, line[i] ?? ''])));
}

/** Cells of one line; a quoted cell may hold commas. */
function cells(line: string): string[] {
  const found: string[] = [];
  let rest = line;
  do {
    const quoted = /^"([^"]*)"(,|$)/.exec(rest);
    const plain = /^([^,]*)(,|$)/.exec(rest);
    const [whole = '', cell = '', end] = quoted ?? plain ?? [];
    found.push(cell);
    rest = end === ',' ? rest.slice(whole.length) : '';
    if (end === ',' && rest === '') found.push('');
  } while (rest);
  return found;
}

function fromLabelledLines(text: string): Map<string, string>[] {
  return text
    .trim()
    .split('\n')
    .map(
      (line) =>
        new Map(
          line.split('; ').map((pair) => [pair.slice(0, pair.indexOf(': ')), pair.slice(pair.indexOf(': ') + 2)]),
        ),
    );
}

function typed(cell: string, type: Field['type']): string | number | boolean {
  if (type === 'number') return Number(cell);
  return type === 'boolean' ? cell === 'yes' : cell;
}
