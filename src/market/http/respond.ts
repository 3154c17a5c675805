import type { Operation } from '#contract/define-operation.ts';
import { errorCatalogue } from '#contract/errors/catalogue.ts';
import type { Refusal } from '../rules/refuse.ts';
import type { KeptAnswer } from './idempotency.ts';

/** An answer on its way out. */
export interface Outgoing extends KeptAnswer {
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** Answers hold secrets: nothing on the way may keep them, or take them for what they are not. */
const ALWAYS = { 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' };
/**
 * Pages need nothing but themselves. Their addresses can hold a login token, which must not be told to other origins;
 * `same-origin` and not `no-referrer`, because with the latter browsers send their own forms with `Origin: null`.
 */
const PAGE = {
  'Content-Security-Policy':
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
  'Referrer-Policy': 'same-origin',
};

/** The answer of an operation. */
export function answer(operation: Operation, { status, body, headers }: Outgoing, replayed: boolean): Response {
  const all = { ...headers, ...(replayed ? { 'Idempotent-Replayed': 'true' } : {}) };
  const { produces = 'application/json' } = operation;
  if (produces === 'application/json') return json({ status, body, headers: all });
  return new Response(String(body), {
    status,
    headers: {
      ...ALWAYS,
      ...(produces === 'text/html' ? PAGE : {}),
      ...all,
      'Content-Type': `${produces}; charset=utf-8`,
    },
  });
}

export function json({ status, body, headers }: Outgoing): Response {
  return new Response(JSON.stringify(body), {
    status,
    headers: { ...ALWAYS, ...headers, 'Content-Type': 'application/json' },
  });
}

export function refusalAnswer(refusal: Refusal): Outgoing {
  const { status } = errorCatalogue[refusal.code];
  const retryAfter = refusal.context.retry_after;
  return {
    status,
    body: { detail: { error: refusal.code, message: refusal.message, ...refusal.context } },
    ...(typeof retryAfter === 'number' ? { headers: { 'Retry-After': String(retryAfter) } } : {}),
  };
}

/** Whether a rule's no is kept for repeats: not where it is about who asks, or when. */
export function isKept(refusal: Refusal): boolean {
  const { status } = errorCatalogue[refusal.code];
  return status >= 400 && status < 500 && ![401, 403, 429].includes(status) && refusal.code !== 'idempotency_in_flight';
}
