import { expect, test } from 'vitest';
import { classifyAnswer, classifyFailure } from '#client/outcome-class.ts';
import type { Problem } from '#contract/errors/envelope.ts';
import { untrusted } from '#kit/untrusted.ts';

const problem = (code?: string, shape: Problem['shape'] = 'canonical'): Problem => ({
  shape,
  message: untrusted('x'),
  context: {},
  ...(code ? { code } : {}),
});
const mutation = { reads: false, hasRetryAfter: false };

test.each([
  [400, 'bad_request', 'refused'],
  [401, 'invalid_api_key', 'refused'],
  [402, 'insufficient_funds', 'refused'],
  [403, 'forbidden', 'refused'],
  [404, 'job_not_found', 'refused'],
  [405, 'method_not_allowed', 'refused'],
  [408, undefined, 'unknown'],
  [409, 'bid_window_closed', 'refused'],
  [409, 'idempotency_in_flight', 'not_executed'],
  [409, 'idempotency_in_progress', 'not_executed'],
  [409, 'idempotency_key_in_use', 'not_executed'],
  [410, 'device_code_expired', 'refused'],
  [413, 'payload_too_large', 'refused'],
  [422, 'validation_error', 'refused'],
  [422, 'idempotency_conflict', 'refused'],
  [422, 'some_new_code', 'refused'],
  [422, undefined, 'unknown'],
  [425, undefined, 'not_executed'],
  [429, 'rate_limited', 'not_executed'],
  [500, 'internal_error', 'unknown'],
  [502, undefined, 'unknown'],
  [503, 'service_unavailable', 'unknown'],
  [504, undefined, 'unknown'],
  [307, undefined, 'unknown'],
] as const)('a mutation answered %i %s is %s', (status, code, outcome) => {
  expect(classifyAnswer(status, problem(code), mutation).outcome).toBe(outcome);
});

test('a 422 verdict is a refusal only with one of the codes of a verdict', () => {
  for (const code of ['schema_violation', 'content_check_failed', 'invalid_json']) {
    expect(classifyAnswer(422, problem(code, 'verdict'), mutation).outcome).toBe('refused');
  }
  expect(classifyAnswer(422, problem(undefined, 'verdict'), mutation).outcome).toBe('unknown');
});

test('a 409 that says when to come back means wait, whatever its code', () => {
  expect(classifyAnswer(409, problem('busy'), { reads: false, hasRetryAfter: true }).outcome).toBe('not_executed');
});

test('a read has no effect to be unsure about', () => {
  expect(classifyAnswer(422, problem(), { reads: true, hasRetryAfter: false }).outcome).toBe('refused');
  expect(classifyAnswer(302, problem(), { reads: true, hasRetryAfter: false }).outcome).toBe('refused');
});

const failure = (fields: object) => new TypeError('fetch failed', { cause: Object.assign(new Error('x'), fields) });

test.each([
  [{ code: 'ENOTFOUND' }, 'never_sent'],
  [{ code: 'EAI_AGAIN' }, 'never_sent'],
  [{ code: 'ECONNREFUSED' }, 'never_sent'],
  [{ code: 'UND_ERR_CONNECT_TIMEOUT' }, 'never_sent'],
  [{ code: 'ETIMEDOUT', syscall: 'connect' }, 'never_sent'],
  [{ code: 'CERT_HAS_EXPIRED' }, 'never_sent'],
  [{ code: 'ERR_TLS_CERT_ALTNAME_INVALID' }, 'never_sent'],
  [{ code: 'ECONNRESET' }, 'unknown'],
  [{ code: 'EPIPE' }, 'unknown'],
  [{ code: 'ETIMEDOUT', syscall: 'read' }, 'unknown'],
  [{ code: 'UND_ERR_SOCKET' }, 'unknown'],
  [{ code: 'UND_ERR_HEADERS_TIMEOUT' }, 'unknown'],
  [{ code: 'UND_ERR_BODY_TIMEOUT' }, 'unknown'],
  [{}, 'unknown'],
] as const)('a failure with %o is %s', (fields, outcome) => {
  expect(classifyFailure(failure(fields)).outcome).toBe(outcome);
});

test('one refused address of several is found inside the aggregate', () => {
  const each = [1, 2].map(() => Object.assign(new Error('x'), { code: 'ECONNREFUSED', syscall: 'connect' }));
  expect(classifyFailure(new TypeError('fetch failed', { cause: new AggregateError(each) })).outcome).toBe(
    'never_sent',
  );
});
