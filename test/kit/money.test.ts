import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AmountError, formatUsdc, parseUsdc, shareOf, usdcNumber } from '#kit/money.ts';

describe('reading an amount', () => {
  it.each([
    ['0', 0n],
    ['2.5', 2_500_000n],
    ['2.500000', 2_500_000n],
    ['0.000001', 1n],
    ['999999999999.999999', 999_999_999_999_999_999n],
    [2.5, 2_500_000n],
    [0.1, 100_000n],
    [0.3, 300_000n],
    [1e3, 1_000_000_000n],
  ])('%s is %s micro-USDC', (input, micro) => expect(parseUsdc(input)).toBe(micro));

  it.each([
    [-1, 'negative'],
    ['-0.5', 'negative'],
    ['5.0000001', 'more than 6 decimals'],
    [0.1 + 0.2, 'more than 6 decimals'],
    ['1,5', 'comma'],
    [1e30, 'cannot|not an amount'],
    [1e-7, 'not an amount'],
    [Number.NaN, 'not an amount'],
    [Number.POSITIVE_INFINITY, 'not an amount'],
    ['1e3', 'not an amount'],
    ['', 'not a decimal'],
    [' 1', 'not a decimal'],
    ['01', 'not a decimal'],
    ['.5', 'not a decimal'],
    ['5.', 'not a decimal'],
    ['١', 'not a decimal'],
    ['1_000', 'not a decimal'],
    ['0x10', 'not a decimal'],
  ])('%s is refused in words', (input, words) => {
    expect(() => parseUsdc(input)).toThrow(AmountError);
    expect(() => parseUsdc(input)).toThrow(new RegExp(words));
    expect(() => parseUsdc(input)).toThrow(/2\.5/);
  });
});

const micros = fc.bigInt({ min: 0n, max: 999_999_999_999_999n });

describe('amounts, for any amount', () => {
  it('text round-trips', () => fc.assert(fc.property(micros, (micro) => parseUsdc(formatUsdc(micro)) === micro)));

  it('the JSON number round-trips', () =>
    fc.assert(fc.property(micros, (micro) => parseUsdc(JSON.parse(JSON.stringify(usdcNumber(micro)))) === micro)));

  it('sums agree with whole micro-USDC, however many', () =>
    fc.assert(
      fc.property(fc.array(micros, { minLength: 1, maxLength: 200 }), (amounts) => {
        const sum = amounts.reduce((total, amount) => total + parseUsdc(formatUsdc(amount)), 0n);
        return sum === amounts.reduce((total, amount) => total + amount, 0n);
      }),
    ));

  it('a fee is floored and never more than its share', () =>
    fc.assert(
      fc.property(micros, fc.integer({ min: 0, max: 10_000 }), (micro, bps) => {
        const fee = shareOf(micro, bps);
        return (
          fee >= 0n &&
          fee <= micro &&
          fee * 10_000n <= micro * BigInt(bps) &&
          (fee + 1n) * 10_000n > micro * BigInt(bps)
        );
      }),
    ));
});
