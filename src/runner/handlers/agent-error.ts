import { failureCodes } from '#contract/errors/catalogue.ts';

/** The reasons for giving a job back that a marketplace understands. */
export type ErrorCode = (typeof failureCodes)[number];

/** The same as values: `ErrorCode.timeout`. */
export const ErrorCode = Object.freeze(Object.fromEntries(failureCodes.map((code) => [code, code]))) as Readonly<{
  [C in ErrorCode]: C;
}>;

/** Whether another worker, or the same one later, may succeed where this one failed. */
const WORTH_REPEATING: Readonly<Record<ErrorCode, boolean>> = {
  timeout: true,
  resource_unavailable: true,
  authentication_failed: false,
  invalid_input: false,
  internal_error: true,
  rate_limited: true,
};

/**
 * What a handler throws to give a job back with a reason. Anything else it throws counts as an `internal_error` that
 * is worth another try.
 * @example throw new AgentError('invalid_input', 'parameters.url is not a URL')
 */
export class AgentError extends Error {
  override readonly name = 'AgentError';
  readonly code: ErrorCode | (string & {});
  readonly retryable: boolean;

  constructor(
    code: ErrorCode | (string & {}),
    message: string,
    options: { readonly retryable?: boolean; readonly cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.code = code;
    this.retryable = options.retryable ?? (isFailureCode(code) ? WORTH_REPEATING[code] : true);
  }
}

/** A failed delivery, as the marketplace takes it. */
export interface Failure {
  readonly error_code: string;
  readonly error_message: string;
  readonly retryable: boolean;
}

/** What passes by itself, whatever the handler does: an endpoint that is down or asks to wait. */
const PASSING: ReadonlySet<string> = new Set<ErrorCode>(['timeout', 'resource_unavailable', 'rate_limited']);

export function isPassing({ error_code, retryable }: Failure): boolean {
  return retryable && PASSING.has(error_code);
}

const MAX_MESSAGE = 4000;
const MAX_CODE = 64;

/**
 * Reads whatever a handler threw. By shape, not by class: a handler may bring its own copy of this package, or come
 * from another process.
 */
export function failureOf(thrown: unknown): Failure {
  const { name, code, retryable, message } = (thrown ?? {}) as Record<string, unknown>;
  const text = typeof message === 'string' && message ? message : String(thrown);
  const typed = name === 'AgentError' && typeof code === 'string' && code.trim() !== '';
  const errorCode = typed ? code.slice(0, MAX_CODE) : 'internal_error';
  return {
    error_code: errorCode,
    error_message: text.slice(0, MAX_MESSAGE),
    retryable: typed && typeof retryable === 'boolean' ? retryable : true,
  };
}

function isFailureCode(code: string): code is ErrorCode {
  return (failureCodes as readonly string[]).includes(code);
}
