import { expect, test } from 'vitest';
import { retryProfiles } from '#client/retry-profiles.ts';
import { createRetryBudget, delayBefore, parseRetryAfter, parseShouldRetry } from '#client/retry-timing.ts';

const { tool, read } = retryProfiles;
const NOW = Date.parse('2026-03-01T12:00:00Z');

test('backoff is full jitter below a ceiling that doubles up to its cap', () => {
  expect([0, 1, 2, 3, 4, 9].map((retry) => delayBefore(retry, tool, () => 1))).toEqual([
    250, 500, 1000, 2000, 4000, 4000,
  ]);
  expect([0, 1, 9].map((retry) => delayBefore(retry, read, () => 1))).toEqual([150, 300, 2000]);
  expect(delayBefore(3, tool, () => 0)).toBe(0);
  expect(delayBefore(3, tool, () => 0.5)).toBe(1000);
});

test('what the server asks for is the least, plus up to a tenth', () => {
  expect(delayBefore(0, tool, () => 0, 2_000)).toBe(2_000);
  expect(delayBefore(0, tool, () => 1, 2_000)).toBe(2_200);
  expect(delayBefore(5, tool, () => 1, 100)).toBe(4_400);
});

test.each([
  ['5', 5_000],
  [' 0 ', 0],
  ['1.5', 1_500],
  ['900', 120_000],
  ['Sun, 01 Mar 2026 12:00:30 GMT', 30_000],
  ['Sun, 01 Mar 2026 11:00:00 GMT', 0],
  ['Sun, 01 Mar 2027 12:00:00 GMT', 120_000],
  ['-5', undefined],
  ['soon', undefined],
  ['2026', 120_000],
  ['2026-03-01', undefined],
  ['', undefined],
  [null, undefined],
])('Retry-After %o is %o ms', (header, ms) => {
  expect(parseRetryAfter(header, NOW, 120_000)).toBe(ms);
});

test('X-Should-Retry is true, false or absent', () => {
  expect(['true', 'False', 'maybe', null].map(parseShouldRetry)).toEqual([true, false, undefined, undefined]);
});

test('the budget runs dry, and successes fill it again', () => {
  const budget = createRetryBudget(30);
  expect([budget.spend('transient'), budget.spend('transient'), budget.spend('transient')]).toEqual([
    true,
    true,
    false,
  ]);
  for (let i = 0; i < 3; i++) budget.succeeded();
  expect([budget.spend('throttled'), budget.spend('throttled')]).toEqual([true, false]);
});

test('a tool call ends before MCP clients give up at 60 s', () => {
  expect(tool.deadlineMs).toBeLessThanOrEqual(45_000);
});
