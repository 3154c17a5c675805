import { formatUsdc } from '#kit/money.ts';

/** A step saw something else than it should have. The demo stops and says what. */
export class Unexpected extends Error {
  override readonly name = 'Unexpected';
}

/** @throws Unexpected */
export function expectEqual(what: string, actual: unknown, expected: unknown): void {
  const [is, should] = [show(actual), show(expected)];
  if (is !== should) throw new Unexpected(`${what} should be ${should} and is ${is}`);
}

/** Amounts are shown as USDC, everything else as JSON. */
function show(value: unknown): string {
  return typeof value === 'bigint' ? `${formatUsdc(value)} USDC` : JSON.stringify(value);
}

/** The text at a path of an answer. @throws Unexpected */
export function text(answer: unknown, ...path: string[]): string {
  const value = at(answer, path);
  if (typeof value !== 'string')
    throw new Unexpected(`${path.join('.')} should be text and is ${JSON.stringify(value)}`);
  return value;
}

/** The number at a path of an answer. @throws Unexpected */
export function number(answer: unknown, ...path: string[]): number {
  const value = at(answer, path);
  if (typeof value !== 'number')
    throw new Unexpected(`${path.join('.')} should be a number and is ${JSON.stringify(value)}`);
  return value;
}

/** The list at a path of an answer. @throws Unexpected */
export function list(answer: unknown, ...path: string[]): Readonly<Record<string, unknown>>[] {
  const value = at(answer, path);
  if (!Array.isArray(value)) throw new Unexpected(`${path.join('.')} should be a list and is ${JSON.stringify(value)}`);
  return value as Readonly<Record<string, unknown>>[];
}

function at(answer: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (value, key) => (typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined),
    answer,
  );
}
