import { expect, it } from 'vitest';
import { soakCalls } from '../support/soak-calls.ts';
import { soakHeartbeat } from '../support/soak-heartbeat.ts';

it('a server that was called a thousand times holds no more timers and listeners than before', {
  timeout: 120_000,
}, async () => {
  const { held } = await soakCalls({ calls: 1_000, inFlight: 8 });
  const [first, last] = [held[1], held.at(-1)];
  expect(last?.timers).toBeLessThanOrEqual(first?.timers ?? 0);
  expect(last?.listeners).toBe(first?.listeners);
});

it('two hours of heartbeats are one every 30 seconds, on one timer', { timeout: 120_000 }, async () => {
  const { beats, longest, shortest, timers } = await soakHeartbeat(1 / 12);
  expect([shortest, longest]).toEqual([30, 30]);
  expect(beats).toBeGreaterThanOrEqual(239);
  expect(timers[1]).toBeLessThanOrEqual(timers[0] + 1);
});
