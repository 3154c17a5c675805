import type { Clock } from '#kit/clock.ts';

export interface FakeClock extends Clock {
  /**
   * Moves time forward, firing what falls due in order and waiting after each moment for everything that follows from
   * it.
   */
  advance(ms: number): Promise<void>;
}

/** Turns of the event loop without any work before a moment counts as over. */
const QUIET_TURNS = 4;

/** @param busy whether requests are under way, which is work that the event loop does not show */
export function createFakeClock(busy: () => boolean, start = Date.parse('2026-01-01T00:00:00Z')): FakeClock {
  let now = start;
  let counter = 0;
  const timers = new Map<number, { readonly at: number; readonly run: () => void }>();

  function nextTimer(until: number): [number, { at: number; run: () => void }] | undefined {
    let found: [number, { at: number; run: () => void }] | undefined;
    for (const entry of timers) if (entry[1].at <= until && (!found || entry[1].at < found[1].at)) found = entry;
    return found;
  }

  async function settle(): Promise<void> {
    for (let quiet = 0; quiet < QUIET_TURNS; quiet = busy() ? 0 : quiet + 1) {
      await new Promise((resolve) => (busy() ? setTimeout(resolve, 1) : setImmediate(resolve)));
    }
  }

  return {
    now: () => now,
    after(ms, run) {
      counter += 1;
      const id = counter;
      timers.set(id, { at: now + Math.max(0, ms), run });
      return () => timers.delete(id);
    },
    async advance(ms) {
      const until = now + ms;
      await settle();
      for (let due = nextTimer(until); due; due = nextTimer(until)) {
        timers.delete(due[0]);
        now = Math.max(now, due[1].at);
        due[1].run();
        await settle();
      }
      now = until;
    },
  };
}
