import { expect, test } from 'vitest';
import { withoutSecrets } from '#client/without-secrets.ts';
import { createLoginLink, getMe, rotateKeys } from '#contract/operations/agent.ts';
import { createRedactor } from '#kit/redact.ts';

const KEY = 'sk_live_0123456789abcdef0123';
const NEXT = 'sk_live_fedcba98765432100000';
const redactor = () => {
  const made = createRedactor();
  made.add(KEY);
  return made;
};

test('what is said back of our secrets is masked wherever it stands', () => {
  const answer = { id: KEY, name: `x${KEY}`, more: [{ [KEY]: encodeURIComponent(KEY) }], n: 1, none: null };
  expect(withoutSecrets(answer, getMe, redactor())).toEqual({
    id: '[redacted]',
    name: 'x[redacted]',
    more: [{ '[redacted]': '[redacted]' }],
    n: 1,
    none: null,
  });
  for (const odd of [undefined, null, 'x', [KEY]])
    expect(JSON.stringify(withoutSecrets(odd, getMe, redactor()) ?? '')).not.toContain(KEY);
});

test('an issued key arrives, is a secret from then on, and arrives again when the answer is repeated', () => {
  const own = redactor();
  const answer = { api_key: NEXT, message: `keep ${NEXT}` };
  expect(withoutSecrets(answer, rotateKeys, own)).toEqual({ api_key: NEXT, message: 'keep [redacted]' });
  expect(own.redactKnown(NEXT)).toBe('[redacted]');
  expect(withoutSecrets(answer, rotateKeys, own)).toMatchObject({ api_key: NEXT });
});

test('a key that begins like the old one is not touched', () => {
  const similar = `${KEY.slice(0, -1)}X`;
  expect(withoutSecrets({ api_key: similar }, rotateKeys, redactor())).toEqual({ api_key: similar });
});

test('a credential that carries another of our secrets does not', () => {
  const url = `https://evil.example/?k=${KEY}`;
  expect(withoutSecrets({ url }, createLoginLink, redactor())).toEqual({ url: 'https://evil.example/?k=[redacted]' });
});

test('a word in the place of a credential is not masked everywhere', () => {
  const own = redactor();
  withoutSecrets({ api_key: 'withdraw' }, rotateKeys, own);
  expect(own.redactKnown('withdraw')).toBe('withdraw');
});
