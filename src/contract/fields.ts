import { z } from 'zod';
import { AmountError, parseUsdc } from '#kit/money.ts';
import { authorship } from './authorship.ts';

/** Shared wire fields. One definition each, so the same field is described and checked the same way everywhere. */

/** No single amount may reach this: far above any real budget, far below where a JSON number loses a micro-USDC. */
export const MAX_USDC = 1_000_000_000;

const exactUsdc = (value: number, ctx: z.RefinementCtx): void => {
  try {
    parseUsdc(value);
  } catch (error) {
    ctx.addIssue({ code: 'custom', message: error instanceof AmountError ? error.message : String(error) });
  }
};

/** A positive amount in a request. */
export const usdcAmount = z
  .number()
  .gt(0)
  .lt(MAX_USDC)
  .superRefine(exactUsdc)
  .describe('USDC, a JSON number with at most 6 decimals');

/** An amount in a response; zero is fine. */
export const usdc = z.number().describe('USDC');

export const id = z.string().min(1).max(128).describe('Opaque id');
authorship.add(id, { by: 'machine' });
export const slug = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,62}$/)
  .describe('Lower-case slug, for example code-review');
export const time = z.string().describe('ISO-8601 UTC time');
authorship.add(time, { by: 'machine' });
export const jsonObject = z.record(z.string(), z.unknown());
export const httpUrl = z
  .string()
  .max(2048)
  .regex(/^https?:\/\/\S+$/)
  .describe('http(s) URL');
export const walletAddress = z
  .string()
  .min(32)
  .max(44)
  .regex(/^[1-9A-HJ-NP-Za-km-z]+$/)
  .describe('Solana address: base58, 32 bytes');
export const email = z
  .string()
  .max(254)
  .regex(/^[^\s@]+@[^\s@]+$/)
  .describe('E-mail address of the owner');
export const limit = z.coerce.number().int().min(1).max(1000).describe('How many rows at the most');
export const cursor = z.string().min(1).max(256).describe('next_cursor of the page before');
export const flag = z.enum(['true', 'false']).describe('true or false');
/** A body that may be absent or an empty object: the public SDKs send both. */
export const emptyBody = z.strictObject({});
