import type { Untrusted } from '#kit/untrusted.ts';

/** What an argument may be. What others wrote is not among it, so no suggested call can carry their words. */
export type Argument =
  | string
  | number
  | boolean
  | null
  | undefined
  | readonly Argument[]
  | { readonly [name: string]: Argument };

/** A complete tool call a model can make next. */
export interface NextCall {
  readonly tool: string;
  readonly arguments: Readonly<Record<string, Argument>>;
  readonly why: string;
}

/** What to do about an outcome that is not simply done. */
export interface Recovery {
  readonly action: 'call_again' | 'wait' | 'repeat_with_after' | 'ask_human';
  readonly after?: string;
  readonly retry_after_seconds?: number;
}

/**
 * `rejected`: refused, nothing changed. `unknown`: the request may have taken effect; never called a failure.
 * `refused_by_policy`: the owner's own settings forbid it, nothing was sent. `needs_approval`: nothing was sent, a human
 * is asked; shown to a model as an answer, not as an error.
 */
export type ErrorOutcome = 'rejected' | 'unknown' | 'refused_by_policy' | 'needs_approval';

export interface SotaErrorInit {
  readonly code: string;
  /** One sentence: what happened, and whether money or state changed, may have, or did not. */
  readonly message: string;
  /** One or two sentences: what to do now. */
  readonly fix: string;
  readonly outcome?: ErrorOutcome;
  readonly retryable?: boolean;
  readonly retryAfterSeconds?: number;
  readonly httpStatus?: number;
  readonly details?: Readonly<Record<string, unknown>>;
  /** What the marketplace said, which may quote anybody. With it, `details` are of the marketplace as well. */
  readonly said?: Untrusted;
  readonly didYouMean?: string;
  readonly example?: Readonly<Record<string, unknown>>;
  readonly next?: readonly NextCall[];
  readonly recovery?: Recovery;
  /** Said the first time and only given again: nothing was sent now. */
  readonly repeated?: boolean;
  readonly cause?: unknown;
}

/**
 * The one error of the client, the tools and the server. Its text is written for a model: `message` says what
 * happened, `fix` what to do, `example` and `next` show it. Everything that throws one goes through a factory of
 * `teach.ts`, so each sentence is reviewed in one place.
 */
export class SotaError extends Error {
  override readonly name = 'SotaError';
  readonly code: string;
  readonly fix: string;
  readonly outcome: ErrorOutcome;
  readonly retryable: boolean;
  readonly retryAfterSeconds: number | undefined;
  readonly httpStatus: number | undefined;
  readonly details: Readonly<Record<string, unknown>> | undefined;
  readonly said: Untrusted | undefined;
  readonly didYouMean: string | undefined;
  readonly example: Readonly<Record<string, unknown>> | undefined;
  readonly next: readonly NextCall[] | undefined;
  readonly recovery: Recovery | undefined;
  readonly repeated: boolean;

  constructor(init: SotaErrorInit) {
    super(init.message, { cause: init.cause });
    this.code = init.code;
    this.fix = init.fix;
    this.outcome = init.outcome ?? 'rejected';
    this.retryable = init.retryable ?? false;
    this.retryAfterSeconds = init.retryAfterSeconds;
    this.httpStatus = init.httpStatus;
    this.details = init.details;
    this.said = init.said;
    this.didYouMean = init.didYouMean;
    this.example = init.example;
    this.next = init.next;
    this.recovery = init.recovery;
    this.repeated = init.repeated ?? false;
  }
}
