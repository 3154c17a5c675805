import type { z } from 'zod';
import type { FieldProblem } from '#contract/errors/envelope.ts';
import { closest } from '#kit/closest.ts';

/**
 * Turns what zod found into the list FastAPI answers with, so that clients written against the live API read it as
 * they always do: one entry per field, `loc` from the part of the request on.
 */
export function fieldProblems(
  part: 'body' | 'query' | 'path',
  error: z.ZodError,
  value: unknown,
  known: readonly string[],
): FieldProblem[] {
  return error.issues.flatMap((issue): FieldProblem[] => {
    const loc = [part, ...issue.path.map((key) => (typeof key === 'symbol' ? String(key) : key))];
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => ({ loc: [...loc, key], msg: unknownField(key, known), type: 'extra_forbidden' }));
    }
    const missing = issue.code === 'invalid_type' && valueAt(value, issue.path) === undefined;
    if (missing)
      return [
        {
          loc,
          msg: `Field required (${issue.message.replace(/^Invalid input: /, '').replace(/, received undefined$/, '')})`,
          type: 'missing',
        },
      ];
    return [{ loc, msg: issue.message.replace(/^Invalid input: /, ''), type: issue.code }];
  });
}

function unknownField(key: string, known: readonly string[]): string {
  const meant = closest(key, known);
  return meant ? `Unknown field; did you mean '${meant}'?` : `Unknown field; known are: ${known.join(', ') || 'none'}`;
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (at, key) => (typeof at === 'object' && at !== null ? (at as Record<PropertyKey, unknown>)[key] : undefined),
    value,
  );
}
