import { describe, expect, it } from 'vitest';
import { DRAFTS, sameAsPython, whyNoPython } from '../../support/python-parity.ts';

const missing = whyNoPython();

describe('what is reported first is what Python reports first', () => {
  it.for(DRAFTS)('in draft %s', { timeout: 120_000 }, (draft, { skip }) => {
    if (missing) skip(missing);
    const { valid, violated } = sameAsPython(draft, 2_000, 20_261_127);
    expect(valid).toBeGreaterThan(300);
    expect(violated).toBeGreaterThan(300);
  });
});
