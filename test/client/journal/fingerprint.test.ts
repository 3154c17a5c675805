import { expect, test } from 'vitest';
import { canonicalRequest } from '#client/journal/fingerprint.ts';
import { deriveKey } from '#client/journal/key.ts';

const same = (a: object, b: object) => canonicalRequest({ body: a }) === canonicalRequest({ body: b });

test.each<[string, object, object]>([
  ['amounts by their worth', { amount_usdc: 5 }, { amount_usdc: '5.000000' }],
  ['keys in any order', { a: 'x', b: 'y' }, { b: 'y', a: 'x' }],
  ['null like nothing', { a: 'x', b: null }, { a: 'x' }],
  ['composed and decomposed letters', { title: 'caf\u00e9' }, { title: 'cafe\u0301' }],
  ['line ends and white space at them', { description: 'a\r\nb  \n' }, { description: 'a\nb' }],
])('%s are the same', (_, a, b) => {
  expect(same(a, b)).toBe(true);
});

test.each<[string, object, object]>([
  ['a micro-USDC', { amount_usdc: '5' }, { amount_usdc: '5.000001' }],
  ['amounts beyond a float', { amount_usdc: '9007199254.740993' }, { amount_usdc: '9007199254.740992' }],
  ['white space in a result', { result: 'a ' }, { result: 'a' }],
  ['anything in parameters', { parameters: { x: 'a\r\n' } }, { parameters: { x: 'a\n' } }],
  ['white space inside a line', { description: 'a  b' }, { description: 'a b' }],
])('%s makes a difference', (_, a, b) => {
  expect(same(a, b)).toBe(false);
});

test('a key is short, plain, and differs with every part', () => {
  const parts = {
    origin: 'https://a.example',
    agentId: 'a1',
    operation: 'withdraw',
    slot: 'withdraw',
    epoch: '',
    fp: 'f',
    generation: 0,
  };
  const keys = [
    parts,
    ...Object.keys(parts).map((name) => ({ ...parts, [name]: name === 'generation' ? 1 : 'other' })),
  ].map(deriveKey);
  expect(new Set(keys).size).toBe(keys.length);
  for (const key of keys) expect(key).toMatch(/^sota1-[A-Za-z0-9_-]{43}$/);
  expect(deriveKey(parts)).toBe(keys[0]);
});
