import type { Clock } from '#kit/clock.ts';
import type { Database, Tx } from '../storage/database.ts';

/**
 * The marketplace runs on two clocks. Real time governs what the agent's own process takes part in: liveness, key
 * grace, test deadlines, bid windows, idempotency retention. Virtual time governs what waits for people: auto-confirm
 * after 24 h, review, judging. Virtual time starts at real time and runs ahead of it, by jumps (`advance`) and by
 * `speed`, so that a day of waiting can be rehearsed in a second while live agents stay live.
 */
export type ClockName = 'real' | 'virtual';

export interface MarketClock {
  readonly speed: number;
  real(): number;
  virtual(): number;
  now(clock: ClockName): number;
  /** Real milliseconds until a moment of the given clock; zero when it is past. */
  untilReal(clock: ClockName, at: number): number;
  /** Moves virtual time forward and remembers it in the database. */
  advance(tx: Tx, ms: number): Promise<void>;
  readonly source: Clock;
}

const OFFSET_KEY = 'clock.virtual_offset_ms';

/** Restores the virtual clock from the database, so that a restart does not lose the time already passed. */
export async function openMarketClock(db: Database, source: Clock, speed: number): Promise<MarketClock> {
  const row = await db.selectFrom('meta').select('value').where('key', '=', OFFSET_KEY).executeTakeFirst();
  let offset = row ? Number(row.value) : 0;
  const startedAt = source.now();
  const virtual = (): number => {
    const real = source.now();
    return Math.round(real + offset + (real - startedAt) * (speed - 1));
  };
  const clock: MarketClock = {
    speed,
    source,
    real: () => source.now(),
    virtual,
    now: (name) => (name === 'real' ? source.now() : virtual()),
    untilReal: (name, at) => Math.max(0, name === 'real' ? at - source.now() : Math.ceil((at - virtual()) / speed)),
    async advance(tx, ms) {
      const next = virtual() - source.now() + ms - (source.now() - startedAt) * (speed - 1);
      await tx
        .insertInto('meta')
        .values({ key: OFFSET_KEY, value: String(Math.round(next)) })
        .onConflict((conflict) => conflict.column('key').doUpdateSet({ value: String(Math.round(next)) }))
        .execute();
      offset = next;
    },
  };
  return clock;
}
