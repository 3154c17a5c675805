/**
 * One attempt of one request: what leaves, what comes back, and what that tells about the effect. Retrying is not
 * done here: whoever retries must know whether the request may have happened. So a library that retries, times out and
 * throws by itself would have all of that switched off, and what the platform itself has is what remains.
 */
import type { Operation } from '#contract/define-operation.ts';
import { type Problem, readProblem } from '#contract/errors/envelope.ts';
import type { Clock } from '#kit/clock.ts';
import { liveSecrets, type Redactor } from '#kit/redact.ts';
import { classifyAnswer, classifyFailure, isInFlight, type OutcomeClass } from './outcome-class.ts';
import { parseRetryAfter, parseShouldRetry } from './retry-timing.ts';
import { sendDirectly } from './send-directly.ts';
import { type IncomingAnswer, type Transport, throughFetch } from './transport.ts';
import { withoutSecrets } from './without-secrets.ts';

/** A request as it will be sent, in bytes that a journal can keep. */
export interface WireRequest {
  readonly operation: Operation;
  /** Path and query, encoded. */
  readonly target: string;
  readonly body?: string;
  /** Where the marketplace offers it, if the owner's operations map says elsewhere. */
  readonly sentAs?: { readonly method: string; readonly target: string };
}

export interface AttemptContext {
  readonly origin: string;
  readonly attempt: number;
  readonly timeoutMs: number;
  readonly retryAfterCapMs: number;
  readonly clock: Clock;
  readonly userAgent: string;
  readonly maxBytes: number;
  readonly apiKey?: string | undefined;
  /** Of a signed-in owner. */
  readonly ownerToken?: string | undefined;
  readonly idempotencyKey?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** What is masked in the answer. */
  readonly redactor?: Redactor | undefined;
  /** How requests leave, for example through a proxy. The platform's own stands for the straight way. */
  readonly fetch?: typeof globalThis.fetch | undefined;
}

export interface AttemptResult {
  readonly outcome: OutcomeClass;
  readonly worthRepeating: boolean;
  /** In a few words, for people: `HTTP 503`, `ECONNRESET`, `no answer within 8 s`. */
  readonly reason: string;
  readonly status?: number;
  /** The parsed body of a success. */
  readonly data?: unknown;
  readonly problem?: Problem;
  /** The answer is that of an earlier request with the same key. */
  readonly replayed?: boolean;
  /** A request with the same key is still running. */
  readonly inFlight?: boolean;
  readonly retryAfterMs?: number | undefined;
  readonly shouldRetry?: boolean | undefined;
  readonly cause?: unknown;
}

/** Sends once. Never throws for anything that happens on the wire. */
export async function sendOnce(request: WireRequest, context: AttemptContext): Promise<AttemptResult> {
  if (context.signal?.aborted) return { outcome: 'never_sent', worthRepeating: false, reason: 'cancelled' };
  let timedOut = false;
  let cancel = () => {};
  const cancelTimer = context.clock.after(context.timeoutMs, () => {
    timedOut = true;
    cancel();
  });
  const onAbort = () => cancel();
  context.signal?.addEventListener('abort', onAbort, { once: true });
  try {
    const { method, target } = request.sentAs ?? { method: request.operation.method, target: request.target };
    const { body } = request;
    const { maxBytes } = context;
    const headers = headersOf(request, context);
    const exchange = transportOf(context)({ url: new URL(context.origin + target), method, headers, body, maxBytes });
    cancel = exchange.cancel;
    return readAnswer(await exchange.answer, request.operation, context);
  } catch (error) {
    if (timedOut) {
      const reason = `no answer within ${Math.round(context.timeoutMs / 100) / 10} s`;
      return { outcome: 'unknown', worthRepeating: true, reason, cause: error };
    }
    if (context.signal?.aborted) return { outcome: 'unknown', worthRepeating: false, reason: 'cancelled' };
    return { ...classifyFailure(error), cause: error };
  } finally {
    cancelTimer();
    context.signal?.removeEventListener('abort', onAbort);
  }
}

/** The platform's own fetch means that nothing stands between: then there is a cheaper way. */
function transportOf({ fetch }: AttemptContext): Transport {
  return fetch === undefined || fetch === globalThis.fetch ? sendDirectly : throughFetch(fetch);
}

function headersOf(request: WireRequest, context: AttemptContext): Record<string, string> {
  return {
    Accept: request.operation.produces ?? 'application/json',
    'User-Agent': context.userAgent,
    'X-Request-Attempt': String(context.attempt),
    ...(request.body === undefined ? {} : { 'Content-Type': 'application/json' }),
    ...(context.apiKey === undefined ? {} : { 'X-API-Key': context.apiKey }),
    ...(context.ownerToken === undefined ? {} : { Authorization: `Bearer ${context.ownerToken}` }),
    ...(context.idempotencyKey === undefined ? {} : { 'Idempotency-Key': context.idempotencyKey }),
  };
}

function readAnswer(answer: IncomingAnswer, operation: Operation, context: AttemptContext): AttemptResult {
  const { status, text } = answer;
  const { redactor = liveSecrets } = context;
  const retryAfterHeader = parseRetryAfter(answer.header('retry-after'), context.clock.now(), context.retryAfterCapMs);
  const shouldRetry = parseShouldRetry(answer.header('x-should-retry'));
  if (status >= 200 && status < 300) {
    const body = text === undefined ? undefined : parseSuccess(text, status, operation);
    if (body === undefined) {
      const reason = text === undefined ? 'the answer was too large' : 'the answer could not be read';
      return { outcome: 'unknown', worthRepeating: text !== undefined, reason, status, shouldRetry };
    }
    const replayed = ['idempotent-replayed', 'idempotency-replayed'].some((name) => answer.header(name) === 'true');
    const data = withoutSecrets(body.value, operation, redactor);
    return { outcome: 'answered', worthRepeating: false, reason: `HTTP ${status}`, status, replayed, data };
  }
  const problem = readProblem(redactor.redactDeep(parseLeniently(text ?? '')));
  const retryAfterMs =
    retryAfterHeader ?? parseRetryAfter(secondsIn(problem), context.clock.now(), context.retryAfterCapMs);
  const hasRetryAfter = retryAfterHeader !== undefined;
  return {
    ...classifyAnswer(status, problem, { reads: operation.method === 'GET', hasRetryAfter }),
    reason: `HTTP ${status}${problem.code ? ` ${problem.code}` : ''}`,
    status,
    problem,
    inFlight: isInFlight(status, problem, hasRetryAfter),
    retryAfterMs,
    shouldRetry,
  };
}

/** Undefined where a success cannot be understood: it was cut, or it is not from the marketplace. */
function parseSuccess(text: string, status: number, operation: Operation): { value: unknown } | undefined {
  if (operation.produces && operation.produces !== 'application/json') return { value: text };
  // These have no body by definition; everything else is JSON, and an empty text is half an answer.
  if (status === 204 || status === 205) return { value: {} };
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}

function parseLeniently(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // A gateway's page says nothing a reader of one sentence needs.
    return text.trimStart().startsWith('<') ? undefined : text;
  }
}

function secondsIn(problem: Problem): string | undefined {
  const value = problem.context.retry_after ?? problem.context.retry_after_seconds;
  return typeof value === 'number' && value >= 0 ? String(value) : undefined;
}
