/**
 * USDC amounts as bigint micro-USDC (1 USDC = 1,000,000 micro). USDC has six decimals on Solana, so every amount the
 * marketplace can settle is a whole number of micro-USDC and no float ever takes part in a sum.
 */

/** A whole number of micro-USDC. */
export type Micro = bigint;

const MICRO_PER_USDC = 1_000_000n;
const AMOUNT = /^(0|[1-9]\d{0,11})(?:\.(\d{1,6}))?$/;

/** Thrown by {@link parseUsdc}; `message` says what was wrong and what a good amount looks like. */
export class AmountError extends Error {
  override readonly name = 'AmountError';
}

/**
 * Reads an amount in USDC exactly. Accepts a decimal string or a JSON number whose shortest form is a plain decimal;
 * refuses signs, exponents, spaces, thousands separators, more than six decimals and anything that is not finite,
 * because guessing at a stranger's notation is how a 1,5 becomes a 15.
 *
 * @throws AmountError
 * @example parseUsdc('2.50') // 2500000n
 * @example parseUsdc(0.1)    // 100000n
 */
export function parseUsdc(input: string | number): Micro {
  const text = typeof input === 'number' ? decimalText(input) : input;
  const match = AMOUNT.exec(text);
  if (!match) throw new AmountError(describeProblem(input, text));
  const [, whole = '0', fraction = ''] = match;
  return BigInt(whole) * MICRO_PER_USDC + BigInt(fraction.padEnd(6, '0'));
}

/**
 * The exact decimal text of an amount, with no trailing zeros.
 * @example formatUsdc(2_500_000n) // '2.5'
 */
export function formatUsdc(micro: Micro): string {
  const negative = micro < 0n;
  const absolute = negative ? -micro : micro;
  const fraction = (absolute % MICRO_PER_USDC).toString().padStart(6, '0').replace(/0+$/, '');
  const whole = (absolute / MICRO_PER_USDC).toString();
  return `${negative ? '-' : ''}${whole}${fraction ? `.${fraction}` : ''}`;
}

/**
 * The JSON number the API speaks. Exact for every amount below 10^9 USDC: a double keeps 15 significant digits and
 * JSON prints the shortest text that reads back to the same double.
 * @example usdcNumber(2_500_000n) // 2.5
 */
export function usdcNumber(micro: Micro): number {
  return Number(formatUsdc(micro));
}

/**
 * A share of an amount in basis points, rounded down, so that fee plus remainder is always the whole.
 * @example shareOf(1_234_567n, 1000) // 123456n
 */
export function shareOf(micro: Micro, basisPoints: number): Micro {
  return (micro * BigInt(basisPoints)) / 10_000n;
}

function decimalText(value: number): string {
  // Below 1e-6 a number prints with an exponent and above 1e21 too: both are refused by the pattern, on purpose.
  return Number.isFinite(value) ? String(value) : 'not-a-number';
}

function describeProblem(input: string | number, text: string): string {
  const shown = typeof input === 'number' ? String(input) : JSON.stringify(text.slice(0, 40));
  const good = 'Give USDC as a plain decimal with at most 6 decimals, for example 2.5.';
  if (/^-/.test(text)) return `The amount ${shown} is negative. ${good}`;
  if (/^\d+\.\d{7,}$/.test(text))
    return `The amount ${shown} has more than 6 decimals, finer than USDC can settle. ${good}`;
  if (/^\d+,\d+/.test(text)) return `The amount ${shown} uses a comma. ${good}`;
  if (/e/i.test(text) || text === 'not-a-number' || /^\d{13,}/.test(text)) {
    return `The amount ${shown} is not an amount that can be paid. ${good}`;
  }
  return `The amount ${shown} is not a decimal number. ${good}`;
}
