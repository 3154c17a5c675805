/** 6,000 generated schemas: a skeleton always validates, ordinary schemas always have one, others one or a refusal. */
import { expect, it } from 'vitest';
import { anyHaveOneOrNone, ordinaryHaveSkeletons } from '../support/skeleton-properties.ts';

it('ordinary schemas', { timeout: 30 * 60_000 }, () => ordinaryHaveSkeletons(3_000));

it('any schemas', { timeout: 30 * 60_000 }, () => {
  const found = anyHaveOneOrNone(3_000);
  console.error(`schema-skeleton: ${found} of 3000 arbitrary schemas have a skeleton`);
  expect(found).toBeGreaterThan(1_950);
});
