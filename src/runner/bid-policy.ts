/**
 * What to bid, where the handler file has no `bid` function: a declaration instead of code.
 *
 *   export const bidPolicy = { share: 0.9, maxConcurrent: 2, estimatedSeconds: 60, minUsdc: 1 };
 */
import { z } from 'zod';
import { formatUsdc, type Micro, parseUsdc, shareOf, usdcNumber } from '#kit/money.ts';
import type { BidOffer } from './handlers/handler-host.ts';
import type { JobRow } from './handlers/job-view.ts';

const amount = z.union([z.number(), z.string()]).superRefine((value, ctx) => {
  try {
    parseUsdc(value);
  } catch (error) {
    ctx.addIssue({ code: 'custom', message: error instanceof Error ? error.message : String(error) });
  }
});

const declaration = z.strictObject({
  capabilities: z.array(z.string()).optional(),
  share: z.number().gt(0).max(1).optional(),
  maxConcurrent: z.number().int().min(1).max(10_000).optional(),
  estimatedSeconds: z.number().int().min(1).max(2_592_000).optional(),
  minUsdc: amount.optional(),
  maxUsdc: amount.optional(),
});

export interface BidPolicy {
  /** Bid only on jobs with one of these tags; undefined: those there is a handler for. */
  readonly capabilities: ReadonlySet<string> | undefined;
  /** Price as a share of the budget, in basis points. */
  readonly shareBps: number;
  /** Jobs in hand and bids out together may not exceed this. */
  readonly maxConcurrent: number;
  readonly estimatedSeconds: number;
  /** Budgets outside of these are passed on. */
  readonly minBudget: Micro;
  readonly maxBudget: Micro | undefined;
}

/** The declaration in the handler file is wrong; `message` names the field. */
export class BidPolicyError extends Error {
  override readonly name = 'BidPolicyError';
}

/**
 * @param declared what the handler file exports as `bidPolicy`
 * @throws BidPolicyError
 */
export function readBidPolicy(declared: unknown, concurrency: number): BidPolicy {
  const parsed = declaration.safeParse(declared ?? {});
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new BidPolicyError(`bidPolicy.${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not usable'}`);
  }
  const { capabilities, share = 0.9, maxConcurrent, estimatedSeconds = 60, minUsdc, maxUsdc } = parsed.data;
  return {
    capabilities: capabilities && new Set(capabilities),
    shareBps: Math.round(share * 10_000),
    maxConcurrent: maxConcurrent ?? concurrency * 2,
    estimatedSeconds,
    minBudget: minUsdc === undefined ? 0n : parseUsdc(minUsdc),
    maxBudget: maxUsdc === undefined ? undefined : parseUsdc(maxUsdc),
  };
}

/** The offer on a job, or undefined where it is passed on. */
export function offerFor(
  job: Pick<JobRow, 'budget_usdc' | 'tags'>,
  policy: BidPolicy,
  handled: ReadonlySet<string> | undefined,
): Required<BidOffer> | undefined {
  const wanted = policy.capabilities ?? handled;
  if (wanted && !job.tags.some((tag) => wanted.has(tag))) return undefined;
  const budget = parseUsdc(job.budget_usdc);
  if (budget < policy.minBudget || (policy.maxBudget !== undefined && budget > policy.maxBudget)) return undefined;
  const price = shareOf(budget, policy.shareBps);
  // A share of a tiny budget may round to nothing, and nothing is no price.
  return { amount_usdc: usdcNumber(price > 0n ? price : budget), estimated_seconds: policy.estimatedSeconds };
}

/** An offer of a handler file in the form the marketplace takes. @throws BidPolicyError */
export function readOffer(offer: BidOffer, policy: BidPolicy): { amount_usdc: number; estimated_seconds: number } {
  try {
    const micro = parseUsdc(offer.amount_usdc);
    if (micro <= 0n) throw new Error(`a bid of ${formatUsdc(micro)} USDC is none`);
    return { amount_usdc: usdcNumber(micro), estimated_seconds: offer.estimated_seconds ?? policy.estimatedSeconds };
  } catch (error) {
    throw new BidPolicyError(`bid: ${error instanceof Error ? error.message : String(error)}`);
  }
}
