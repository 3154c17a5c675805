import type { ErrorCode } from '#contract/errors/catalogue.ts';

/** A rule that says no: the machine code, words for people, and context fields, as the canonical error envelope carries them. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  constructor(
    readonly code: ErrorCode,
    message: string,
    readonly context: Readonly<Record<string, unknown>> = {},
  ) {
    super(message);
  }
}

/**
 * Ends a request with an error answer; the transaction around it is rolled back.
 * @example if (!job) refuse('job_not_found', 'No such job');
 */
export function refuse(code: ErrorCode, message: string, context?: Readonly<Record<string, unknown>>): never {
  throw new Refusal(code, message, context);
}
