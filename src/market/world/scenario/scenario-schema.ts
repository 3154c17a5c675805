import { z } from 'zod';
import { jsonObject, slug, usdcAmount } from '#contract/fields.ts';
import { MAX_RIVALS, tempers } from '../world-settings.ts';

/**
 * A scripted situation: who is there, which jobs appear when, who bids what, and how customers take a delivery. What is
 * not written does not happen, unless `world` lets the usual people in beside it.
 */
const name = z
  .string()
  .min(1)
  .max(60)
  .regex(/^\S(?:.*\S)?$/, 'must not begin or end with a space');
const minutes = z.number().min(0).max(1_000_000);
const seconds = z.number().min(0).max(1_000_000);
const score = z.number().int().min(0).max(100);

const candidate = z.strictObject({
  name,
  tags: z.array(slug).min(1).max(30),
  api_key: z
    .string()
    .regex(/^sk_live_[A-Za-z0-9_-]{16,100}$/, 'must be sk_live_ and 16 to 100 letters, digits, - or _')
    .optional(),
  status: z.enum(['sandbox', 'active']).optional(),
  reputation: score.optional(),
  spending_usdc: usdcAmount.optional(),
});

const requester = z.strictObject({ name, spending_usdc: usdcAmount.optional() });

const rival = z.strictObject({
  name,
  tags: z.array(slug).min(1).max(30),
  reputation: score.optional(),
  works: z.enum(['right', 'wrong', 'gives_up', 'vanishes']).optional(),
  takes_seconds: seconds.optional(),
});

const reaction = z.discriminatedUnion('do', [
  z.strictObject({ do: z.literal('check'), after_minutes: minutes.optional() }),
  z.strictObject({ do: z.literal('rate'), rating: z.number().int().min(1).max(5), after_minutes: minutes.optional() }),
  z.strictObject({ do: z.literal('accept'), after_minutes: minutes.optional() }),
  z.strictObject({
    do: z.literal('request_changes'),
    feedback: z.string().min(1).max(4000),
    after_minutes: minutes.optional(),
  }),
  z.strictObject({ do: z.literal('stay_silent'), after_minutes: minutes.optional() }),
]);

const bid = z.strictObject({
  by: name,
  amount_usdc: usdcAmount,
  estimated_seconds: z.number().int().min(1).max(2_592_000),
  after_seconds: seconds.optional(),
});

const job = z.strictObject({
  name: name.optional(),
  by: name,
  at_seconds: seconds.optional(),
  when: z.literal('a_candidate_is_active').optional(),
  /** Content from the generator of this tag's sandbox test. */
  tag: slug.optional(),
  tags: z.array(slug).min(1).max(10).optional(),
  title: z.string().min(1).max(200).optional(),
  description: z.string().min(1).max(20_000).optional(),
  parameters: jsonObject.optional(),
  expected_schema: jsonObject.optional(),
  budget_usdc: usdcAmount.optional(),
  window_seconds: z.number().int().min(1).max(86_400).optional(),
  selection: z.enum(['auto', 'manual']).optional(),
  bids: z.array(bid).max(MAX_RIVALS).optional(),
  customer: z.array(reaction).min(1).max(10).optional(),
  judge: z.enum(['check', 'release', 'refund']).optional(),
});

const clockMove = z.strictObject({
  at_seconds: seconds.optional(),
  after_delivery_of: name.optional(),
  advance_hours: z.number().gt(0).max(10_000),
});

const world = z.strictObject({
  traffic: z.number().min(0).max(100_000).optional(),
  temper: z.enum(tempers).optional(),
  rivals: z.number().int().min(0).max(MAX_RIVALS).optional(),
});

export const scenarioSchema = z.strictObject({
  about: z.string().max(4000).optional(),
  seed: z.string().min(1).max(100).optional(),
  speed: z.number().int().min(1).max(100_000).optional(),
  realistic: z.boolean().optional(),
  reviewer: z.enum(['approve', 'reject', 'manual']).optional(),
  review_minutes: minutes.optional(),
  temper: z.enum(tempers).optional(),
  world: z.union([z.boolean(), world]).optional(),
  faults: z.string().min(1).max(10_000).optional(),
  candidates: z.array(candidate).max(20).optional(),
  requesters: z.array(requester).max(20).optional(),
  rivals: z.array(rival).max(MAX_RIVALS).optional(),
  jobs: z.array(job).max(200).optional(),
  clock: z.array(clockMove).max(100).optional(),
});

export type Scenario = z.output<typeof scenarioSchema>;
export type ScenarioJob = z.output<typeof job>;
export type ScenarioRival = z.output<typeof rival>;
export type ScenarioReaction = z.output<typeof reaction>;
