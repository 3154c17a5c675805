import { expect, test } from 'vitest';
import { createLogger, loggerOptionsFrom } from '#kit/log.ts';
import { createRedactor } from '#kit/redact.ts';

const secret = 'c4n4ry/s3cret+value==';

function lines(options: Parameters<typeof createLogger>[0] = {}) {
  const written: string[] = [];
  const redactor = createRedactor();
  redactor.add(secret);
  return { written, log: createLogger({ redactor, write: (line) => written.push(line), ...options }) };
}

test('a secret is masked as itself, URL-encoded, JSON-escaped and inside base64 at any offset', () => {
  const redactor = createRedactor();
  redactor.add(secret);
  const forms = [
    secret,
    encodeURIComponent(secret),
    JSON.stringify(`"${secret}"`),
    ...['', 'a', 'ab', 'user:'].flatMap((lead) => {
      const bytes = Buffer.from(`${lead}${secret} tail`);
      return [bytes.toString('base64'), bytes.toString('base64url')];
    }),
  ];
  for (const form of forms) expect(redactor.redact(`before ${form} after`)).toMatch(/^before .*\[redacted\].* after$/);
});

test.each([
  'sk_live_AbCdEf0123456789',
  'whsec_AbCdEf0123456789',
  'rec_AbCdEf0123456789',
  'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln',
  'Authorization: Bearer abcdef0123456789',
  'owner_AbCdEfGhIjKlMnOp0123456789',
  '/login?token=login_AbCdEfGhIjKlMnOp0123456789',
])('what is shaped like a secret is masked without being known: %s', (text) => {
  const masked = createRedactor().redact(`x ${text} y`);
  expect(masked).toContain('[redacted]');
  expect(masked).not.toContain('0123456789');
  expect(masked).not.toContain('c2ln');
});

test('ordinary text and the prefix of a key stay readable', () => {
  const text = 'record rec_1 of key sk_live_AbC…, sent by reconciler';
  expect(createRedactor().redact(text)).toBe(text);
});

test.each(['text', 'json'] as const)('no %s line carries a secret, wherever it was put', (format) => {
  const { written, log } = lines({ format });
  const error = new Error(`refused ${secret}`, { cause: new Error(`inner ${secret}`) });
  log.error(`message ${secret}`, { header: secret, nested: { deep: [secret] }, error });
  expect(written).toHaveLength(1);
  expect(written[0]).not.toContain(secret);
  expect(written[0]).toContain('inner');
});

test('one event is one line, also with line breaks in a value', () => {
  const { written, log } = lines();
  log.warn('first\nsota-mcp error: forged', { reason: 'a\nb' });
  expect(written[0]?.trimEnd()).not.toContain('\n');
});

test('the environment chooses level and format, and a typo means the default', () => {
  expect(loggerOptionsFrom({ SOTA_LOG_FORMAT: 'JSON', SOTA_LOG_LEVEL: 'debug' })).toEqual({
    format: 'json',
    level: 'debug',
  });
  expect(loggerOptionsFrom({ SOTA_LOG_FORMAT: 'yaml', SOTA_LOG_LEVEL: 'loud' })).toEqual({ format: 'text' });
  const { written, log } = lines({ level: 'warn', format: 'json' });
  log.info('hidden');
  log.warn('shown', { attempt: 2 });
  expect(written.map((line) => JSON.parse(line))).toMatchObject([{ level: 'warn', message: 'shown', attempt: 2 }]);
});

test('a closed stderr is survived', () => {
  const { log } = lines({
    write: () => {
      throw new Error('EPIPE');
    },
  });
  expect(() => log.info('anything')).not.toThrow();
});
