/** What `format` says of text and numbers. Formats that are not known say nothing. */
import { fullFormats } from 'ajv-formats/dist/formats.js';
import { lenientRegExp } from './lenient-regexp.ts';

interface Format {
  readonly of: 'string' | 'number';
  readonly met: (value: never) => boolean;
}

const FORMATS = new Map(Object.entries(fullFormats).map(([name, format]) => [name, readFormat(format)]));
FORMATS.set('regex', { of: 'string', met: isRegExp });

export function isFormatMet(format: unknown, value: unknown): boolean {
  const known = typeof format === 'string' ? FORMATS.get(format) : undefined;
  return known === undefined || typeof value !== known.of || known.met(value as never);
}

/** The ways in which the library writes down a format. */
function readFormat(format: unknown): Format {
  if (format === true) return { of: 'string', met: () => true };
  if (format instanceof RegExp) return { of: 'string', met: (text: string) => format.test(text) };
  if (typeof format === 'function') return { of: 'string', met: format as Format['met'] };
  const { type, validate } = format as { type?: 'number'; validate: unknown };
  return { ...readFormat(validate), of: type ?? 'string' };
}

function isRegExp(pattern: string): boolean {
  try {
    lenientRegExp(pattern);
    return true;
  } catch {
    return false;
  }
}
