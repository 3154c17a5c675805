import { type NextCall, SotaError } from '#contract/errors/sota-error.ts';
import { closest } from '#kit/closest.ts';

/** Sentences about calls that were understood but cannot be done. In every case nothing was sent and nothing changed. */

export function invalidCursor(cursor: string): SotaError {
  return new SotaError({
    code: 'invalid_arguments',
    message: `${JSON.stringify(cursor.slice(0, 40))} is not a cursor.`,
    fix: 'Give next_cursor exactly as the page before returned it, or leave cursor out for the first page.',
  });
}

const SLUG = /^[a-z0-9][a-z0-9-]{0,62}$/;

export function notFound(what: string, given: string, known: readonly string[], listTool: NextCall): SotaError {
  // Names may be invented by others: one is repeated in a sentence of ours only where it is a slug.
  const guess = closest(
    given,
    known.filter((name) => SLUG.test(name)),
  );
  return new SotaError({
    code: `${what.replaceAll(' ', '_')}_not_found`,
    message: `There is no ${what} ${JSON.stringify(given.slice(0, 80))}.`,
    fix: guess ? `Use ${guess}, or see the list.` : 'See the list for what there is.',
    ...(guess && { didYouMean: guess }),
    next: [listTool],
  });
}

export function resultNotJson(problem: string): SotaError {
  return new SotaError({
    code: 'invalid_json',
    message: `The result is not JSON text (${problem}), so it was not sent and no submission was used up.`,
    fix: 'Give the result as a JSON object, or as text that JSON.parse accepts: double quotes, no trailing commas, no comments, no markdown fence.',
    details: { passed: false, code: 'invalid_json' },
  });
}

export function hashMismatch(given: string, actual: string): SotaError {
  return new SotaError({
    code: 'result_hash_mismatch',
    message: 'result_hash is not the SHA-256 of result, so nothing was delivered.',
    fix: 'Leave result_hash out (it is computed here), or give the lower-case hex SHA-256 of the exact result text.',
    details: { given, actual },
  });
}

export function regateNotAccepted(current: readonly string[], wanted: readonly string[], again: NextCall): SotaError {
  return new SotaError({
    code: 'regate_not_accepted',
    message:
      'Changing tags sends the agent back to the sandbox: no jobs and no bids until the new tests pass and a review approves it. Nothing was changed yet.',
    fix: 'Call again with accept_regate: true if that is wanted.',
    details: { current_tags: current, new_tags: wanted },
    next: [again],
  });
}

export function nothingToChange(example: Readonly<Record<string, unknown>>): SotaError {
  return new SotaError({
    code: 'invalid_arguments',
    message: 'update_profile was called with nothing to change.',
    fix: 'Give at least one of description, tags and webhook_url.',
    example,
  });
}

export function topicNotFound(topic: string, guess: string | undefined, known: readonly string[]): SotaError {
  return new SotaError({
    code: 'doc_not_found',
    message: `There is no page ${JSON.stringify(topic.slice(0, 80))}.`,
    fix: guess ? `Read ${guess} instead.` : `Read one of: ${known.join(', ')}.`,
    ...(guess && { didYouMean: guess }),
    next: [
      {
        tool: 'read_doc',
        arguments: guess ? { topic: guess } : {},
        why: guess ? 'the nearest page' : 'see every page',
      },
    ],
  });
}

export function sectionNotFound(
  section: string,
  topic: string,
  guess: string | undefined,
  known: readonly string[],
): SotaError {
  return new SotaError({
    code: 'doc_not_found',
    message: `The page ${topic} has no section ${JSON.stringify(section.slice(0, 80))}.`,
    fix: guess
      ? `Read the section "${guess}".`
      : `Leave section out, or read one of: ${known.slice(0, 20).join('; ')}.`,
    ...(guess && { didYouMean: guess }),
    next: [{ tool: 'read_doc', arguments: { topic, ...(guess && { section: guess }) }, why: 'read this' }],
  });
}

export function pathNotOffered(path: string, near: string | undefined, method: string): SotaError {
  return new SotaError({
    code: 'operation_not_found',
    message: `The OpenAPI document of this marketplace has no path ${JSON.stringify(path.slice(0, 120))}.`,
    fix: near ? `The nearest is ${near}.` : 'Paths start with /api/v1; the page auth-and-errors lists the operations.',
    ...(near
      ? {
          didYouMean: near,
          next: [{ tool: 'get_openapi_operation', arguments: { method, path: near }, why: 'the nearest path' }],
        }
      : { next: [{ tool: 'read_doc', arguments: { topic: 'auth-and-errors' }, why: 'it lists the operations' }] }),
  });
}

export function methodNotOffered(method: string, path: string, methods: readonly string[]): SotaError {
  const [first] = methods;
  return new SotaError({
    code: 'operation_not_found',
    message: `${path} does not take ${method.toUpperCase()}.`,
    fix: `It takes ${methods.join(', ') || 'no method at all'}.`,
    ...(first && {
      next: [{ tool: 'get_openapi_operation', arguments: { method: first, path }, why: 'what it does take' }],
    }),
  });
}
