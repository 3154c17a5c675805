import { InvalidRequest } from './parse-request.ts';

/** A time in a query, in milliseconds. @throws InvalidRequest */
export function readTime(text: string, name: string): number {
  // A plus sign of an offset arrives as a space from clients that do not encode it.
  const ms = Date.parse(text.replace(' ', '+'));
  if (Number.isNaN(ms)) {
    throw new InvalidRequest([
      { loc: ['query', name], msg: 'Not an ISO-8601 time, for example 2026-01-31T12:00:00Z', type: 'datetime_parsing' },
    ]);
  }
  return ms;
}
