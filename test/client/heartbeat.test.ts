import { expect, test, vi } from 'vitest';
import { createHeartbeat } from '#client/heartbeat.ts';
import { readProblem } from '#contract/errors/envelope.ts';
import { teach } from '#contract/errors/teach.ts';
import { heartbeat } from '#contract/operations/agent.ts';
import { createLogger } from '#kit/log.ts';

/** A clock that stands still until it is told to move on to the next timer. */
function manualClock() {
  let now = Date.parse('2026-03-01T12:00:00Z');
  const timers: { at: number; run: () => void }[] = [];
  return {
    timers,
    now: () => now,
    after(ms: number, run: () => void) {
      const timer = { at: now + ms, run };
      timers.push(timer);
      return () => void (timers.includes(timer) && timers.splice(timers.indexOf(timer), 1));
    },
    /** Waits until a timer is set, moves to it, and tells how far away it was. */
    async next(): Promise<number> {
      await vi.waitFor(() => expect(timers).toHaveLength(1));
      const [timer] = timers.splice(0);
      const waited = timer!.at - now;
      now = timer!.at;
      timer!.run();
      return waited;
    },
  };
}

function heart(beat: () => Promise<boolean>) {
  const lines: string[] = [];
  const clock = manualClock();
  const log = createLogger({ level: 'debug', write: (line) => lines.push(line) });
  return { lines, clock, beats: createHeartbeat({ beat, clock, log }) };
}

const trouble = teach.noAnswer(heartbeat, 'HTTP 503');
const refused = teach.unauthorized('environment', readProblem({ detail: { error: 'api_key_revoked', message: 'x' } }));

test('it beats at once and then every 30 s', async () => {
  const beat = vi.fn(async () => true);
  const { beats, clock } = heart(beat);
  beats.start();
  expect([await clock.next(), await clock.next(), await clock.next()]).toEqual([30_000, 30_000, 30_000]);
  await vi.waitFor(() => expect(beat).toHaveBeenCalledTimes(4));
  expect(beats.state()).toMatchObject({
    running: true,
    consecutiveFailures: 0,
    lastSuccessAt: '2026-03-01T12:01:30.000Z',
  });
  beats.stop();
  expect(clock.timers).toEqual([]);
});

test('after a failure it tries three times more before 90 s of silence, then ever less often', async () => {
  const answers = [true];
  const { beats, clock, lines } = heart(async () => answers.shift() ?? Promise.reject(trouble));
  beats.start();
  const waits: number[] = [];
  while (waits.length < 10) waits.push(await clock.next());
  expect(waits).toEqual([30, 5, 10, 20, 40, 80, 160, 300, 300, 300].map((s) => s * 1000));
  expect(waits.slice(0, 4).reduce((sum, ms) => sum + ms)).toBeLessThan(90_000);
  expect(beats.state().consecutiveFailures).toBeGreaterThanOrEqual(9);
  expect(lines).toHaveLength(1);
  answers.push(true);
  await clock.next();
  await vi.waitFor(() => expect(beats.state().consecutiveFailures).toBe(0));
  expect(lines).toHaveLength(2);
});

test('a refused key stops it with one line that says what to do', async () => {
  const beat = vi.fn<() => Promise<boolean>>(() => Promise.reject(refused));
  const { beats, clock, lines } = heart(beat);
  beats.start();
  await vi.waitFor(() => expect(beats.state().running).toBe(false));
  expect(beats.state().stoppedBecause).toContain('does not accept the API key');
  expect(lines).toHaveLength(1);
  expect(lines[0]).toContain('Ask the human');
  expect(clock.timers).toEqual([]);
  // With a new key it may go on.
  beat.mockImplementation(async () => true);
  beats.restart();
  await vi.waitFor(() => expect(beats.state().lastSuccessAt).toBeDefined());
  expect(beats.state()).not.toHaveProperty('stoppedBecause');
});

test('beats never overlap, not even when it is restarted during one', async () => {
  let inside = 0;
  let most = 0;
  const finish: (() => void)[] = [];
  const { beats, clock } = heart(async () => {
    most = Math.max(most, ++inside);
    await new Promise<void>((resolve) => finish.push(resolve));
    inside--;
    return true;
  });
  beats.start();
  beats.start();
  await vi.waitFor(() => expect(finish).toHaveLength(1));
  beats.restart();
  expect(clock.timers).toEqual([]);
  finish[0]!();
  await vi.waitFor(() => expect(finish).toHaveLength(2));
  finish[1]!();
  await vi.waitFor(() => expect(clock.timers).toHaveLength(1));
  expect(most).toBe(1);
});

test('having no key yet is no failure', async () => {
  const { beats, clock, lines } = heart(async () => false);
  beats.start();
  expect(await clock.next()).toBe(30_000);
  expect(beats.state()).toEqual({ running: true, consecutiveFailures: 0 });
  expect(lines).toEqual([]);
});
