/** 120,000 generated schemas with an instance each: of every one the same is said as Python's jsonschema says (SOTA_PARITY_SEED). */
import { expect, it } from 'vitest';
import { DRAFTS, sameAsPython, whyNoPython } from '../support/python-parity.ts';

const missing = whyNoPython();
const seed = Number(process.env.SOTA_PARITY_SEED ?? 1);

it.for(DRAFTS)('draft %s', { timeout: 30 * 60_000 }, (draft, { skip }) => {
  if (missing) skip(missing);
  const { valid, violated, crashed } = sameAsPython(draft, 40_000, seed);
  console.error(
    `schema-parity: draft ${draft[0]}, seed ${seed}: ${valid} valid, ${violated} violated, no answer from Python: ${crashed}`,
  );
  expect(valid).toBeGreaterThan(6_000);
  expect(violated).toBeGreaterThan(6_000);
});
