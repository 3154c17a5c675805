// A million tool calls to one server, and a week of heartbeats: it holds at the end what it held at the beginning.
import { expect, it } from 'vitest';
import { soakCalls } from '../support/soak-calls.ts';
import { soakHeartbeat } from '../support/soak-heartbeat.ts';

const CALLS = Number(process.env.SOTA_SOAK_CALLS ?? 1_000_000);

it('a million calls, 32 in flight', { timeout: 6 * 3_600_000 }, async () => {
  const { perSecond, p50, held } = await soakCalls({ calls: CALLS, inFlight: 32 });
  const megabytes = held.map(({ rss }) => Math.round(rss / 2 ** 20));
  const medians = p50.map((ms) => ms.toFixed(2)).join(' ');
  console.error(`${CALLS} calls, ${perSecond.toFixed(0)}/s; RSS in MB ${megabytes.join(' ')}; p50 in ms ${medians}`);
  const [first, last] = [held[0], held.at(-1)];
  if (!first || !last) throw new Error('Nothing was measured');
  expect(last.timers).toBeLessThanOrEqual(first.timers);
  expect(last.listeners).toBeLessThanOrEqual(first.listeners);
  expect(last.heapUsed / first.heapUsed).toBeLessThan(1.05);
  expect(last.rss / first.rss).toBeLessThan(1.05);
});

it('seven days of heartbeats', { timeout: 3_600_000 }, async () => {
  const { beats, longest, shortest, mostTimers, timers } = await soakHeartbeat(7);
  console.error(`${beats} heartbeats, ${shortest} to ${longest} s apart; at most ${mostTimers} timers at once`);
  expect(beats).toBeGreaterThan(20_000);
  expect([shortest, longest]).toEqual([30, 30]);
  expect(timers[1]).toBeLessThanOrEqual(timers[0] + 1);
});
