/**
 * A grouped query and its result. There is no database in here: the query is judged by its clauses, and the rows it
 * returns are worked out from the table, which keeps a query of the right shape but the wrong meaning from passing.
 */

import { z } from 'zod';
import type { Rng } from '#kit/rng.ts';
import { compareRows, failure } from '../../compare.ts';
import { type CheckFailure, defineTagTest } from '../../define-test.ts';
import { cities, products } from '../../vocabulary.ts';

type Row = { id: number; city: string; product: string; quantity: number; price: number };
type Parameters = {
  table: string;
  rows: Row[];
  question: {
    group_by: 'city' | 'product';
    aggregate: 'SUM' | 'MAX' | 'MIN';
    of: 'quantity' | 'price';
    where: { column: 'quantity' | 'price'; operator: '>=' | '<'; value: number };
    limit: number;
  };
};

const aggregates = {
  SUM: (values: number[]) => values.reduce((sum, value) => sum + value, 0),
  MAX: (values: number[]) => Math.max(...values),
  MIN: (values: number[]) => Math.min(...values),
};

function drawRows(rng: Rng): Row[] {
  const names = rng.shuffle(cities).slice(0, 3);
  const goods = rng.shuffle(products).slice(0, 3);
  const first = rng.int(100, 900);
  return Array.from({ length: 9 }, (_, index) => ({
    id: first + index,
    city: rng.pick(names),
    product: rng.pick(goods),
    quantity: rng.int(1, 60),
    price: rng.int(5, 400),
  }));
}

function answerRows({ rows, question }: Parameters): { label: string; value: number }[] {
  const { where, group_by, aggregate, of, limit } = question;
  const kept = rows.filter((row) =>
    where.operator === '>=' ? row[where.column] >= where.value : row[where.column] < where.value,
  );
  const groups = new Map<string, number[]>();
  for (const row of kept) groups.set(row[group_by], [...(groups.get(row[group_by]) ?? []), row[of]]);
  return [...groups]
    .map(([label, values]) => ({ label, value: aggregates[aggregate](values) }))
    .sort((a, b) => b.value - a.value || (a.label < b.label ? -1 : 1))
    .slice(0, limit);
}

/** The query as lower-case tokens, one space between, identifiers without quotes and table prefixes. */
function tokens(query: string): string {
  const found = query.toLowerCase().match(/'[^']*'|[a-z_]\w*|\d+(?:\.\d+)?|[<>!]=|<>|[^\s\w]/g) ?? [];
  return ` ${found.filter((token) => token !== '"' && token !== '`').join(' ')} `.replace(/ [a-z_]\w* \. /g, ' ');
}

function missingClause(query: string, { table, question }: Parameters): CheckFailure | null {
  const text = tokens(query);
  const hint = 'Use one SELECT with WHERE, GROUP BY, ORDER BY and LIMIT; put the column on the left of the comparison.';
  const { where, group_by, aggregate, of, limit } = question;
  if (!text.startsWith(' select ') || /;(?! $)/.test(text)) {
    return failure('statement', 'The query is not a single SELECT statement.', hint);
  }
  const clauses: [string, string][] = [
    ['FROM', ` from ${table} `],
    ['aggregate', ` ${aggregate.toLowerCase()} ( ${of} ) `],
    ['WHERE', ` ${where.column} ${where.operator} ${where.value} `],
    ['GROUP BY', ` group by `],
    ['ORDER BY', ' order by '],
    ['descending order', ' desc '],
    ['LIMIT', ` limit ${limit} `],
  ];
  const missing = clauses.find(([, clause]) => !text.includes(clause));
  if (missing) return failure('clause', `The query has no fitting ${missing[0]} clause.`, hint);
  if (
    !text.includes(` group by ${group_by} `) &&
    !text.includes(' group by 1 ') &&
    !text.includes(' group by label ')
  ) {
    return failure('clause', 'The query groups by the wrong column.', hint);
  }
  return null;
}

export const sqlQuery = defineTagTest({
  tag: 'sql-query',
  answer: (_parameters: Parameters) =>
    z.object({
      query: z.string().min(1).max(1000).describe('One SELECT statement'),
      result: z
        .array(z.object({ label: z.string().describe('The group'), value: z.number().describe('Its aggregate') }))
        .max(20)
        .describe('The rows the query returns, in order'),
    }),
  generate(rng) {
    const column = rng.pick(['quantity', 'price'] as const);
    const table = rng.pick(['orders', 'sales', 'shipments', 'bookings']);
    const question: Parameters['question'] = {
      group_by: rng.pick(['city', 'product'] as const),
      aggregate: rng.pick(['SUM', 'MAX', 'MIN'] as const),
      of: column === 'price' ? 'quantity' : 'price',
      // Low enough (or high enough) that some rows always stay.
      where:
        column === 'price'
          ? { column, operator: '>=', value: rng.int(6, 60) }
          : { column, operator: '<', value: rng.int(50, 61) },
      limit: rng.int(2, 3),
    };
    return {
      description:
        `Write the SQL query for the given question over the table "${table}", and give the rows it returns for the ` +
        'table contents shown: per group_by value the aggregate of the rows that satisfy where, highest aggregate ' +
        'first, equal ones by label ascending, at most limit rows.',
      parameters: { table, rows: drawRows(rng), question },
    };
  },
  check: ({ query, result }, parameters) =>
    missingClause(query, parameters) ??
    compareRows(answerRows(parameters), result, {
      noun: 'row',
      hint: 'Apply WHERE to each row, then group, aggregate, sort and cut off.',
    }),
  solve(parameters) {
    const { table, question } = parameters;
    const { where, group_by, aggregate, of, limit } = question;
    return {
      query:
        `SELECT ${group_by} AS label, ${aggregate}(${of}) AS value FROM ${table} ` +
        `WHERE ${where.column} ${where.operator} ${where.value} GROUP BY ${group_by} ORDER BY value DESC, label LIMIT ${limit};`,
      result: answerRows(parameters),
    };
  },
});
