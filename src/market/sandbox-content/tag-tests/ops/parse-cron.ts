/** The five fields of a cron expression with their bounds; names stand for the numbers from the lower bound on. */
const fields = [
  { min: 0, max: 59, names: [] },
  { min: 0, max: 23, names: [] },
  { min: 1, max: 31, names: [] },
  {
    min: 1,
    max: 12,
    names: ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'],
  },
  { min: 0, max: 7, names: ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'] },
] as const;

type Field = (typeof fields)[number];

/**
 * The times a five-field cron expression fires at, as one comparable text; null when it is malformed. Expressions that fire
 * at the same times give the same text, however they are written.
 * @example parseCron('0 9 * * MON-FRI') === parseCron('0 9 * * 1,2,3,4,5') // true
 */
export function parseCron(expression: string): string | null {
  const parts = expression.trim().toUpperCase().split(/\s+/);
  if (parts.length !== fields.length) return null;
  const sets = fields.map((field, index) => parseField(parts[index] ?? '', field));
  return sets.includes(null) ? null : sets.join(' ');
}

function parseField(text: string, field: Field): string | null {
  const values = new Set<number>();
  for (const item of text.split(',')) {
    const [, range = '', first, last, step] = /^(\*|(\w{1,3})(?:-(\w{1,3}))?)(?:\/(\d{1,2}))?$/.exec(item) ?? [];
    if (range === '') return null;
    const from = first === undefined ? field.min : fieldValue(first, field);
    // "5/10" means from 5 to the end in tens.
    const to =
      last !== undefined ? fieldValue(last, field) : first !== undefined && step === undefined ? from : field.max;
    const by = step === undefined ? 1 : Number(step);
    if (from === null || to === null || from > to || by < 1) return null;
    for (let value = from; value <= to; value += by) values.add(field.max === 7 ? value % 7 : value);
  }
  return [...values].sort((a, b) => a - b).join(',');
}

function fieldValue(text: string, { min, max, names }: Field): number | null {
  const named = (names as readonly string[]).indexOf(text);
  const value = named >= 0 ? min + named : /^\d{1,2}$/.test(text) ? Number(text) : Number.NaN;
  return value >= min && value <= max ? value : null;
}
