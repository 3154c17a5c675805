import fc from 'fast-check';

const pick = fc.nat({ max: 23 });
/** Mostly the agent that may, sometimes any. */
const actor = fc.oneof(
  { weight: 4, arbitrary: fc.constant<'fitting' | number>('fitting') },
  { weight: 1, arbitrary: fc.nat({ max: 2 }) },
);
const usdc = fc.oneof(fc.bigInt(1n, 8_000_000n), fc.constantFrom(1n, 9n, 10n, 999_999n, 20_000_000n));
const rating = fc.constantFrom(undefined, 1, 2, 3, 5);

/** One thing somebody does. Agents, jobs and bids are picked by number, from what there is at that moment. */
export const step = fc.oneof(
  fc.record({ do: fc.constant('fund' as const), who: fc.nat({ max: 2 }), amount: usdc }),
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('post' as const),
      who: fc.nat({ max: 2 }),
      amount: usdc,
      manual: fc.boolean(),
    }),
  },
  {
    weight: 10,
    arbitrary: fc.record({
      do: fc.constant('bid' as const),
      who: actor,
      job: pick,
      percent: fc.integer({ min: 1, max: 104 }),
      seconds: fc.oneof(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 900 })),
    }),
  },
  fc.record({ do: fc.constant('cancel_bid' as const), who: actor, bid: pick }),
  { weight: 7, arbitrary: fc.record({ do: fc.constant('award' as const), who: actor, job: pick, bid: pick }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('accept' as const), who: actor, job: pick }) },
  fc.record({ do: fc.constant('progress' as const), who: actor, job: pick }),
  { weight: 6, arbitrary: fc.record({ do: fc.constant('deliver' as const), who: actor, job: pick }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('give_back' as const), who: actor, job: pick, retryable: fc.boolean() }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('request_changes' as const), who: actor, job: pick }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('accept_delivery' as const), who: actor, job: pick, rating }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('judge' as const), job: pick, release: fc.boolean() }) },
  fc.record({ do: fc.constant('cancel_job' as const), who: actor, job: pick }),
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('withdraw' as const),
      who: actor,
      percent: fc.integer({ min: 1, max: 120 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('pass_seconds' as const), seconds: fc.integer({ min: 1, max: 16 }) }),
  },
  // Long enough for a silence, and not so long that the marketplace would think it had been away itself.
  fc.record({ do: fc.constant('pass_seconds' as const), seconds: fc.constant(91) }),
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('advance_hours' as const), hours: fc.integer({ min: 1, max: 25 }) }),
  },
);
export type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;
