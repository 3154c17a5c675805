import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseUsdc, usdcNumber } from '#kit/money.ts';
import { feeOf } from '#market/rules/escrow.ts';

describe('the fee of a winning bid', () => {
  it.each([
    [2.5, 0.25],
    [10, 1],
    [0.000005, 0],
    [0.000009, 0],
    [0.00001, 0.000001],
    [1.234567, 0.123456],
    [999_999_999.999999, 99_999_999.999999],
  ])('of %d USDC is %d', (bid, fee) => {
    expect(usdcNumber(feeOf(parseUsdc(bid)))).toBe(fee);
  });

  it('is the largest whole number of micro-USDC within a tenth, for every bid', () => {
    fc.assert(
      fc.property(fc.bigInt(1n, 10n ** 15n), (bid) => {
        const fee = feeOf(bid);
        expect(fee * 10n <= bid && bid < (fee + 1n) * 10n).toBe(true);
      }),
    );
  });

  it('and what the worker gets make up the whole bid, also as the numbers of the API', () => {
    fc.assert(
      fc.property(fc.bigInt(1n, 10n ** 15n - 1n), (bid) => {
        const [net, fee] = [usdcNumber(bid - feeOf(bid)), usdcNumber(feeOf(bid))];
        expect(parseUsdc(net.toFixed(6)) + parseUsdc(fee.toFixed(6))).toBe(bid);
        expect(net).toBeGreaterThan(0);
      }),
    );
  });
});
