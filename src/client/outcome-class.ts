import type { Problem } from '#contract/errors/envelope.ts';
import { verdictFailureCodes } from '#contract/verdict.ts';

/**
 * What one attempt tells about the effect it was to have.
 * `answered`: it took effect. `refused`: definitely none. `not_executed`: this attempt had none, an earlier one may
 * have. `unknown`: it may have. `never_sent`: it did not leave this machine.
 */
export type OutcomeClass = 'answered' | 'refused' | 'not_executed' | 'unknown' | 'never_sent';

export interface Classified {
  readonly outcome: OutcomeClass;
  /** Whether sending the same again can lead to another answer. */
  readonly worthRepeating: boolean;
}

/** The first call with the same Idempotency-Key is still running. Names differ between published conventions. */
const IN_FLIGHT = new Set(['idempotency_in_flight', 'idempotency_in_progress', 'idempotency_key_in_use']);

/** The connection never came to be, so no byte of a request can have arrived. */
const BEFORE_SENDING = new Set([
  'ENOTFOUND',
  'EAI_AGAIN',
  'EAI_FAIL',
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EADDRNOTAVAIL',
  'UND_ERR_CONNECT_TIMEOUT',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'HOSTNAME_MISMATCH',
]);
const TLS_HANDSHAKE = /^(?:CERT_|ERR_TLS_|ERR_SSL_)/;

/** Whether a 409 says "wait", not "no". */
export function isInFlight(status: number, problem: Problem | undefined, hasRetryAfter: boolean): boolean {
  if (status !== 409) return false;
  return (problem?.code !== undefined && IN_FLIGHT.has(problem.code)) || hasRetryAfter;
}

/**
 * Reads the status of a complete error answer; successes are classified where their body is read.
 *
 * A 422 is read by its code, never by its status: a verdict and a broken request are refusals, but a 422 without a
 * code may be an idempotency layer saying that the key was used before, so the effect has to be looked up.
 * @example classifyAnswer(429, undefined, { reads: false, hasRetryAfter: true }).outcome // 'not_executed'
 */
export function classifyAnswer(
  status: number,
  problem: Problem | undefined,
  { reads, hasRetryAfter }: { reads: boolean; hasRetryAfter: boolean },
): Classified {
  if (isInFlight(status, problem, hasRetryAfter)) return { outcome: 'not_executed', worthRepeating: true };
  if (status === 429 || status === 425) return { outcome: 'not_executed', worthRepeating: true };
  if (status === 408) return { outcome: 'unknown', worthRepeating: true };
  if (status >= 500) return { outcome: 'unknown', worthRepeating: status !== 501 && status !== 505 };
  // A redirect is not followed: the key would travel to wherever it points.
  if (status < 400) return { outcome: reads ? 'refused' : 'unknown', worthRepeating: false };
  if (status === 422 && !reads && !hasKnownMeaning(problem)) return { outcome: 'unknown', worthRepeating: false };
  return { outcome: 'refused', worthRepeating: false };
}

/** Reads an error thrown before a complete answer was there. */
export function classifyFailure(error: unknown): Classified & { readonly reason: string } {
  const causes = chain(error);
  for (const cause of causes) {
    const code = textOf(cause.code);
    if (!code) continue;
    const connecting = cause.syscall === 'connect';
    if (BEFORE_SENDING.has(code) || TLS_HANDSHAKE.test(code) || connecting) {
      return { outcome: 'never_sent', worthRepeating: true, reason: code };
    }
  }
  const code = causes.map((cause) => textOf(cause.code)).find((found) => found !== undefined);
  return { outcome: 'unknown', worthRepeating: true, reason: code ?? 'the connection broke' };
}

function hasKnownMeaning(problem: Problem | undefined): boolean {
  if (problem?.code === undefined) return false;
  return problem.shape !== 'verdict' || (verdictFailureCodes as readonly string[]).includes(problem.code);
}

/** The error, its causes, and the attempts of an aggregate (one per address of a host), outermost first. */
function chain(error: unknown): { code?: unknown; syscall?: unknown }[] {
  const found: { code?: unknown; syscall?: unknown }[] = [];
  const queue: unknown[] = [error];
  while (queue.length > 0 && found.length < 20) {
    const next = queue.shift();
    if (typeof next !== 'object' || next === null) continue;
    const { cause, errors } = next as { cause?: unknown; errors?: unknown };
    found.push(next);
    queue.push(cause);
    if (Array.isArray(errors)) queue.push(...errors);
  }
  return found;
}

function textOf(code: unknown): string | undefined {
  return typeof code === 'string' ? code : undefined;
}
