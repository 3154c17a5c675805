/** `tsx scripts/measure-tokens.ts`: what a model is made to read, against its budgets; exits with 1 if one is exceeded. */
import { measureTokens } from './token-budgets.ts';

const measured = await measureTokens();
const width = Math.max(...measured.map(({ what }) => what.length));
for (const { what, tokens, budget } of measured) {
  const over = tokens > budget ? '  OVER' : '';
  console.log(`  ${what.padEnd(width)} ${String(tokens).padStart(6)} of ${String(budget).padStart(6)} tokens${over}`);
  if (over) process.exitCode = 1;
}
