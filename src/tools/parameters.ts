import { z } from 'zod';
import { MAX_USDC } from '#contract/fields.ts';
import { AmountError, parseUsdc, usdcNumber } from '#kit/money.ts';

/** Arguments that several tools take: one wording and one check each. Every word here is paid for in each tool's schema. */

const id = (what: string) => z.string().min(1).max(128).describe(what);

export const jobId = id('Job id');
export const bidId = id('Bid id');
export const testJobId = id('Test job id');

/**
 * USDC as models write it, read exactly: a JSON number or a decimal string with at most 6 decimals.
 * The parsed value is the JSON number the API takes, already known to be exact.
 */
export const amountUsdc = (what: string) =>
  z
    .union([z.number(), z.string()])
    .transform((given, ctx) => {
      try {
        const micro = parseUsdc(typeof given === 'string' ? given.trim() : given);
        if (micro === 0n) ctx.addIssue({ code: 'custom', message: 'The amount must be more than 0' });
        if (micro >= BigInt(MAX_USDC) * 1_000_000n)
          ctx.addIssue({ code: 'custom', message: `The amount must be below ${MAX_USDC}` });
        return usdcNumber(micro);
      } catch (error) {
        ctx.addIssue({ code: 'custom', message: error instanceof AmountError ? error.message : String(error) });
        return z.NEVER;
      }
    })
    .describe(what);

export const limit = z.number().int().min(1).max(100).describe('Rows at most').optional();
export const cursor = z.string().min(1).max(512).describe('next_cursor of the page before').optional();
export const sinceId = z.number().int().min(0).describe('next_since_id of the call before').optional();

/** How a repeatable operation is repeated on purpose: only a caller that read the first answer knows the id. */
export const after = (what: string) => z.string().min(1).max(128).describe(`To repeat on purpose: ${what}`).optional();

const slugPattern = /^[a-z0-9][a-z0-9-]{0,62}$/;
export const slug = (what: string) =>
  z.string().regex(slugPattern, 'Give a lower-case slug such as code-review').describe(what);
export const slugs = (what: string, max = 30) =>
  z.array(z.string().regex(slugPattern, 'Give lower-case slugs such as code-review')).min(1).max(max).describe(what);

/**
 * A work result: JSON text, or the value itself. The parsed value is the exact text that will be sent; a text is never
 * re-serialised, so what its author hashed is what arrives.
 */
export const resultText = (what: string) =>
  z
    .union([z.string(), z.record(z.string(), z.unknown())])
    .transform((given) => (typeof given === 'string' ? given : JSON.stringify(given)))
    .refine((text) => text.length > 0, 'The result is empty')
    .refine((text) => text.length <= 1_000_000, 'The result is longer than 1,000,000 characters')
    .describe(what);

export const jsonObject = (what: string) => z.record(z.string(), z.unknown()).describe(what);
