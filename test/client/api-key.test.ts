// biome-ignore-all lint/suspicious/noTemplateCurlyInString: placeholders nobody replaced are what is tested
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseApiKey } from '#client/api-key.ts';
import { teach } from '#contract/errors/teach.ts';
import { stateDirectory } from '#kit/state-dir.ts';

const KEY = 'sk_live_AbCdEf0123456789';

test.each([
  '${SOTA_API_KEY}',
  '${env:SOTA_API_KEY}',
  '${input:sota-key}',
  '$env:SOTA_API_KEY',
  '$SOTA_API_KEY',
  '{{SOTA_API_KEY}}',
  '%SOTA_API_KEY%',
  '<your-key>',
  '"${SOTA_API_KEY}"',
  'Bearer ${SOTA_API_KEY}',
  'sk_live_...',
  'sk_live_…',
  'sk_live_xxxx',
  'your-api-key',
  'YOUR_API_KEY_HERE',
  'undefined',
])('%s is a placeholder, and the error names it literally', (value) => {
  const parsed = parseApiKey(value);
  if (parsed.kind !== 'placeholder') throw new Error(`read as ${parsed.kind}`);
  const error = teach.noKey(parsed);
  expect(error.message).toContain(value);
  expect(error.fix).toContain('${SOTA_API_KEY}');
  expect(error.fix).toContain('register_agent');
});

test.each([
  [undefined, 'unset'],
  ['', 'empty'],
  ['   ', 'empty'],
  ['""', 'empty'],
  [`"${KEY}"`, 'quoted'],
  [`'${KEY}'`, 'quoted'],
  [`“${KEY}”`, 'quoted'],
  [`Bearer ${KEY}`, 'malformed'],
  [`${KEY}\n${KEY}`, 'malformed'],
  ['sk_live_ключ0123', 'malformed'],
] as const)('%o is %s, and the error never repeats it', (value, kind) => {
  const parsed = parseApiKey(value);
  expect(parsed).toEqual({ kind });
  if (parsed.kind === 'set') throw new Error('unreachable');
  const { message, fix } = teach.noKey(parsed);
  expect(message).toContain('SOTA_API_KEY');
  expect(message + fix).not.toContain(KEY);
});

test('a key is taken as it is, without the line break a file ends with', () => {
  expect(parseApiKey(` ${KEY}\r\n`)).toEqual({ kind: 'set', key: KEY });
  expect(parseApiKey('any-opaque.key')).toEqual({ kind: 'set', key: 'any-opaque.key' });
});

test('files are kept below SOTA_HOME or ~/.sota, never in a directory named after a variable', () => {
  expect(stateDirectory({}, '/home/u')).toBe('/home/u/.sota/mcp');
  expect(stateDirectory({ SOTA_HOME: '/srv/agent' }, '/home/u')).toBe('/srv/agent/mcp');
  expect(stateDirectory({ SOTA_HOME: '~/agents/a' }, '/home/u')).toBe('/home/u/agents/a/mcp');
  expect(stateDirectory({ SOTA_HOME: '${HOME}/x' }, '/home/u')).toBe('/home/u/.sota/mcp');
  expect(stateDirectory({ SOTA_HOME: 'relative' }, '/home/u')).toBe(join(process.cwd(), 'relative', 'mcp'));
});
