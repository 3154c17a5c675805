import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { constantTimeEqual } from '#kit/hash.ts';

/**
 * How long a comparison takes cannot be tested reliably, so the source is looked at: each place that compares secrets
 * says how, and how often.
 */
const PLACES: Readonly<Record<string, number>> = {
  'kit/hash.ts': 1,
  'kit/webhook-signature.ts': 1,
  'runner/webhook/bare-signature.ts': 1,
  'client/policy/pin.ts': 1,
  'market/rules/passwords.ts': 1,
};

const source = new URL('../../src', import.meta.url).pathname;
const files = (readdirSync(source, { recursive: true }) as string[]).filter((name) => name.endsWith('.ts'));
const textOf = (name: string) => readFileSync(join(source, name), 'utf8');
const COMPARISON = /\btimingSafeEqual\(/g;

test('secrets are compared in constant time, in these places', () => {
  const found = files.map((name) => [name.replaceAll('\\', '/'), textOf(name).match(COMPARISON)?.length ?? 0] as const);
  expect(Object.fromEntries(found.filter(([, count]) => count > 0))).toEqual(PLACES);
});

test('what is compared so is still compared', () => {
  expect(constantTimeEqual('whsec_one', 'whsec_one')).toBe(true);
  expect(constantTimeEqual('whsec_one', 'whsec_two')).toBe(false);
  expect(constantTimeEqual('whsec_one', 'whsec_one ')).toBe(false);
});
