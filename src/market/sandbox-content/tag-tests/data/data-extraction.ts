/** Records out of CSV (with quoted commas) or out of labelled lines, typed by a field list. */

import { z } from 'zod';
import type { Rng } from '#kit/rng.ts';
import { compareRows } from '../../compare.ts';
import { defineTagTest } from '../../define-test.ts';
import { cities, familyNames, givenNames, products } from '../../vocabulary.ts';

type Field = { name: string; label: string; type: 'string' | 'number' | 'boolean' };
type Parameters = { format: 'csv' | 'labelled lines'; fields: Field[]; text: string };
type Extracted = Record<string, unknown>;

interface Entry {
  number: number;
  person: string;
  town: string;
  item: string;
  amount: string;
  paid: string;
}

const fieldNames: readonly (readonly [keyof Entry, string, Field['type'], readonly string[]])[] = [
  ['number', 'No.', 'number', ['number', 'order_no', 'reference']],
  ['person', 'Customer', 'string', ['customer', 'buyer', 'client']],
  ['town', 'Ship to', 'string', ['ship_to', 'destination', 'town']],
  ['item', 'Item', 'string', ['item', 'article', 'goods']],
  ['amount', 'Amount', 'number', ['amount', 'price', 'value']],
  ['paid', 'Paid', 'boolean', ['paid', 'settled', 'is_paid']],
];

function drawEntries(rng: Rng): Entry[] {
  const first = rng.int(200, 9000);
  return Array.from({ length: 4 }, (_, index) => ({
    number: first + index * rng.int(1, 7),
    person: `${rng.pick(familyNames)}, ${rng.pick(givenNames)}`,
    town: rng.pick(cities),
    item: rng.pick(products),
    amount: `${rng.int(3, 900)}.${rng.int(10, 99)}`,
    paid: rng.pick(['yes', 'no']),
  }));
}

function splitCsvLine(line: string): string[] {
  return [...line.matchAll(/(?:^|,)(?:"([^"]*)"|([^,]*))/g)].map((match) => match[1] ?? match[2] ?? '');
}

function readCells({ format, text }: Parameters): Record<string, string>[] {
  const lines = text.split('\n');
  if (format === 'csv') {
    const [header, ...rows] = lines.map(splitCsvLine);
    return rows.map((row) => Object.fromEntries((header ?? []).map((label, index) => [label, row[index] ?? ''])));
  }
  return lines.map((line) =>
    Object.fromEntries(
      line
        .split('; ')
        .map((cell): [string, string] => [cell.slice(0, cell.indexOf(': ')), cell.slice(cell.indexOf(': ') + 2)]),
    ),
  );
}

function extract(parameters: Parameters): Extracted[] {
  return readCells(parameters).map((cells) =>
    Object.fromEntries(
      parameters.fields.map(({ name, label, type }) => {
        const cell = cells[label] ?? '';
        return [name, type === 'number' ? Number(cell) : type === 'boolean' ? cell === 'yes' : cell];
      }),
    ),
  );
}

const types = { string: () => z.string().max(500), number: () => z.number(), boolean: () => z.boolean() };

export const dataExtraction = defineTagTest({
  tag: 'data-extraction',
  answer: ({ fields }: Parameters): z.ZodType<{ records: Extracted[] }> =>
    z.object({
      records: z
        .array(
          z.object(Object.fromEntries(fields.map(({ name, label, type }) => [name, types[type]().describe(label)]))),
        )
        .min(1)
        .max(50)
        .describe('One per entry, in the order of the text'),
    }),
  generate(rng) {
    const format = rng.pick(['csv', 'labelled lines'] as const);
    const entries = drawEntries(rng);
    const columns = rng.shuffle(fieldNames);
    const text =
      format === 'csv'
        ? [
            columns.map(([, label]) => label).join(','),
            ...entries.map((entry) =>
              columns.map(([key]) => (String(entry[key]).includes(',') ? `"${entry[key]}"` : entry[key])).join(','),
            ),
          ].join('\n')
        : entries.map((entry) => columns.map(([key, label]) => `${label}: ${entry[key]}`).join('; ')).join('\n');
    const wanted = rng.shuffle(fieldNames).slice(0, 4);
    return {
      description:
        'Extract one record per entry of the text, in its order, with exactly the listed fields: name is the key in your record, ' +
        'label what the text calls it, type its JSON type ("yes" and "no" become booleans). Keep strings as they are written, ' +
        'without quotes.',
      parameters: {
        format,
        fields: wanted.map(([, label, type, names]) => ({ name: rng.pick(names), label, type })),
        text,
      },
    };
  },
  check: ({ records }, parameters) =>
    compareRows(extract(parameters), records, {
      noun: 'record',
      hint: 'Match each field by its label, keep commas inside quoted cells, and convert numbers and yes/no.',
    }),
  solve: (parameters) => ({ records: extract(parameters) }),
});
