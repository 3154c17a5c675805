import { measureTokens } from '../scripts/token-budgets.ts';
import type { Table } from './bench.ts';

export const name = 'tokens';
export const description = 'What every conversation pays for: tokens of the tools and of the texts a model reads';

export async function run(): Promise<Table> {
  const measured = await measureTokens();
  return {
    columns: ['text', 'tokens', 'budget'],
    rows: measured.map(({ what, tokens, budget }) => [what, tokens, budget]),
    notes: ['Counted as o200k_base; `npm run check` fails beyond a budget.'],
  };
}
