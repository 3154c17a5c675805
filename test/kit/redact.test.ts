import { expect, test } from 'vitest';
import { createRedactor } from '#kit/redact.ts';

const SECRET = 'sk-canary/4f9d+8a1c=7b2e 0d5f"3c6a';
const redactor = createRedactor();
redactor.add(SECRET);

const forms: readonly [string, string][] = [
  ['as it is', SECRET],
  ['URL-encoded', encodeURIComponent(SECRET)],
  ['inside JSON', JSON.stringify(SECRET).slice(1, -1)],
  ['in hex', Buffer.from(SECRET).toString('hex')],
  ['in base64', Buffer.from(SECRET).toString('base64').slice(0, 36)],
  ['in base64 after one byte', Buffer.from(`x${SECRET}`).toString('base64').slice(4, 40)],
  ['in base64url after two bytes', Buffer.from(`xy${SECRET}`).toString('base64url').slice(4, 40)],
  ['cut short', SECRET.slice(0, 20)],
];

test.each(forms)('a known secret is masked %s', (_how, form) => {
  expect(redactor.redact(`before ${form} after`)).toBe('before [redacted] after');
  expect(redactor.redactKnown(`${form}${form}`)).toBe('[redacted][redacted]');
});

test('the public beginning of a key is not a secret', () => {
  const keys = createRedactor();
  keys.add('sk_live_abcdEFGH12345678');
  expect(keys.redact('sk_live_abcd…')).toBe('sk_live_abcd…');
  expect(keys.redactKnown('sk_live_abcdEFGH1234')).toBe('[redacted]');
});

test.each([
  'sk_live_0123456789abcdef',
  'whsec_c2VjcmV0LXNlY3JldA==',
  'rec_0123456789abcdef',
  'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.sig',
  'Bearer a1b2c3d4e5f6',
])('what is shaped like a secret is masked too: %s', (text) => {
  expect(createRedactor().redact(`<${text}>`)).toBe('<[redacted]>');
});

test('phrases and data are left alone', () => {
  const empty = createRedactor();
  expect(empty.redact('Bearer authentication is used, with a Bearer token')).toBe(
    'Bearer authentication is used, with a Bearer token',
  );
  const data = { jwt: 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.sig' };
  expect(empty.redactDeep(data, 'known')).toBe(data);
});

test('a value is masked at any depth, names included, and only what changes is copied', () => {
  const kept = { a: [1, null, 'x'] };
  const masked = redactor.redactDeep({ kept, list: [{ [SECRET]: 1, deep: `x${SECRET}` }] });
  expect(masked).toEqual({ kept, list: [{ '[redacted]': 1, deep: 'x[redacted]' }] });
  expect(masked.kept).toBe(kept);
});

test('short values would match by accident and are not taken', () => {
  const careless = createRedactor();
  careless.add('abc');
  expect(careless.redact('abcdef')).toBe('abcdef');
});
