import { parseArgs } from 'node:util';
import { closest } from '#kit/closest.ts';

/** The command line was wrong. Commands print the message and exit with 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export interface Flag {
  readonly type: 'string' | 'boolean';
  readonly summary: string;
  /** Shown in help after the name, for example PORT. */
  readonly value?: string;
  readonly default?: string;
}

export type Flags = Readonly<Record<string, Flag>>;
type Values<F extends Flags> = {
  readonly [K in keyof F]: (F[K]['type'] extends 'boolean' ? boolean : string) | undefined;
};

/**
 * Reads flags strictly: an unknown one is refused with the name that was meant, because a typo in `--read-only` must
 * not start a server that writes.
 * @throws UsageError
 * @example parseFlags(['--port', '0'], { port: { type: 'string', summary: '…' } }).port // '0'
 */
export function parseFlags<const F extends Flags>(argv: readonly string[], flags: F): Values<F> {
  const options = Object.fromEntries(Object.entries(flags).map(([name, { type }]) => [name, { type }]));
  try {
    return parseArgs({ args: [...argv], options, strict: true, allowPositionals: false }).values as Values<F>;
  } catch (error) {
    throw new UsageError(explain(error, Object.keys(flags)));
  }
}

/**
 * The same for a command that also takes words, such as `install cursor --local`.
 * @param most how many words at most
 * @throws UsageError
 */
export function parseCommandLine<const F extends Flags>(
  argv: readonly string[],
  flags: F,
  most: number,
): { readonly values: Values<F>; readonly words: readonly string[] } {
  const options = Object.fromEntries(Object.entries(flags).map(([name, { type }]) => [name, { type }]));
  try {
    const { values, positionals } = parseArgs({ args: [...argv], options, strict: true, allowPositionals: true });
    if (positionals.length > most) throw new UsageError(`Unexpected argument '${positionals[most]?.slice(0, 40)}'`);
    return { values: values as Values<F>, words: positionals };
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(explain(error, Object.keys(flags)));
  }
}

/** A whole number within bounds. @throws UsageError */
export function wholeNumber(name: string, text: string, min: number, max: number): number {
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= min && value <= max))
    throw new UsageError(`--${name} takes a whole number from ${min} to ${max}, not '${text}'`);
  return value;
}

/** One of a few words. @param label what takes it, as its user writes it. @throws UsageError */
export function oneOf<const T extends string>(label: string, text: string, allowed: readonly T[]): T {
  const found = allowed.find((word) => word === text);
  if (found) return found;
  const meant = closest(text, allowed);
  throw new UsageError(
    `${label} takes ${allowed.join(', ')}, not '${text}'${meant ? `; did you mean '${meant}'?` : ''}`,
  );
}

/** The lines of a help text, one per flag, aligned. */
export function describeFlags(flags: Flags): string {
  const rows = Object.entries(flags).map(([name, flag]) => ({
    head: `--${name}${flag.value ? ` ${flag.value}` : ''}`,
    tail: `${flag.summary}${flag.default ? ` (default: ${flag.default})` : ''}`,
  }));
  const width = Math.max(...rows.map(({ head }) => head.length));
  return rows.map(({ head, tail }) => `  ${head.padEnd(width)}  ${tail}`).join('\n');
}

function explain(error: unknown, known: readonly string[]): string {
  const message = error instanceof Error ? error.message : String(error);
  const unknown = /Unknown option '--?([^'=]+)/.exec(message)?.[1];
  if (unknown) {
    const meant = closest(unknown, known);
    return `There is no flag --${unknown}${meant ? `; did you mean --${meant}?` : `; known are: ${known.map((name) => `--${name}`).join(' ')}`}`;
  }
  const positional = /Unexpected argument '([^']*)'/.exec(message)?.[1];
  if (positional !== undefined) return `Unexpected argument '${positional}'`;
  return message.split('\n')[0] ?? message;
}
