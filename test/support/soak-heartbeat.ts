import { createSession } from '#client/session.ts';
import { startMarket } from '#market/serve.ts';
import { temporaryHome } from './mcp-clients.ts';

export interface BeatReport {
  readonly beats: number;
  /** Seconds of the session's own time between two beats. */
  readonly longest: number;
  readonly shortest: number;
  /** Of the session's time that ever waited at once. */
  readonly mostTimers: number;
  /** Of the process, before and after. */
  readonly timers: readonly [before: number, after: number];
}

/** A session that does nothing but stay alive, on a clock of its own, at a real marketplace. */
export async function soakHeartbeat(days: number): Promise<BeatReport> {
  const home = temporaryHome();
  const market = await startMarket({ port: 0, data: ':memory:' });
  const clock = new SteppedClock();
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  const session = createSession({
    originProvider: async () => market.url,
    originId: 'local:soak',
    local: true,
    env: {},
    stateDir: home.path,
    clock,
    log: log as never,
  });
  try {
    // Registers, so that there is somebody to keep alive.
    await session.identify();
    const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
    const before = timers();
    session.startHeartbeat();
    const times: number[] = [];
    let last: string | undefined;
    const end = clock.now() + days * 86_400_000;
    while (clock.now() < end) {
      while (session.heartbeat().lastSuccessAt === last) await new Promise((resolve) => setImmediate(resolve));
      last = session.heartbeat().lastSuccessAt;
      times.push(clock.now());
      clock.next();
    }
    const gaps = times.slice(1).map((time, at) => (time - (times[at] ?? time)) / 1000);
    return {
      beats: times.length,
      longest: Math.max(...gaps),
      shortest: Math.min(...gaps),
      mostTimers: clock.most,
      timers: [before, timers()],
    };
  } finally {
    await session.close(1_000);
    await market.close();
    home.remove();
  }
}

/** Time that moves to the next timer when it is told to. */
class SteppedClock {
  #now = Date.now();
  readonly #timers = new Set<{ at: number; run: () => void }>();
  most = 0;

  now = (): number => this.#now;

  after = (ms: number, run: () => void): (() => void) => {
    const timer = { at: this.#now + ms, run };
    this.#timers.add(timer);
    this.most = Math.max(this.most, this.#timers.size);
    return () => void this.#timers.delete(timer);
  };

  next(): void {
    const [first] = [...this.#timers].toSorted((a, b) => a.at - b.at);
    if (!first) return;
    this.#timers.delete(first);
    this.#now = Math.max(this.#now, first.at);
    first.run();
  }
}
