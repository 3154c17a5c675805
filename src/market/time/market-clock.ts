import type { Clock } from '#kit/clock.ts';
import type { Database, Tx } from '../storage/database.ts';
import { nudgeOthers } from '../storage/engines/postgres-signals.ts';
import { lockName } from '../storage/locks.ts';

/**
 * The marketplace runs on two clocks. Real time governs what the agent's own process takes part in: liveness, key
 * grace, test deadlines, bid windows, idempotency retention. Virtual time governs what waits for people: auto-confirm
 * after 24 h, review, judging. Virtual time starts at real time and runs ahead of it, by jumps (`advance`) and by
 * `speed`, so that a day of waiting can be rehearsed in a second while live agents stay live.
 *
 * Virtual time is kept as an anchor in the database: at this real moment it was that virtual moment, and it has run at
 * this speed since. Thus all processes of a marketplace agree on it, whenever each of them started, and it never runs
 * backwards. It runs on while the marketplace is closed. A process that starts with another speed sets it for all.
 */
export type ClockName = 'real' | 'virtual';

export interface MarketClock {
  readonly speed: number;
  real(): number;
  virtual(): number;
  now(clock: ClockName): number;
  /** Real milliseconds until a moment of the given clock; zero when it is past. */
  untilReal(clock: ClockName, at: number): number;
  /** Moves virtual time forward, for everybody once the transaction commits and they look. Returns the new virtual time. */
  advance(tx: Tx, ms: number): Promise<number>;
  /** Takes over what another process, or a transaction of this one, did to the clock. */
  refresh(db: Database): Promise<void>;
  readonly source: Clock;
}

interface Anchor {
  readonly real: number;
  readonly virtual: number;
  readonly speed: number;
}

const ANCHOR_KEY = 'clock.anchor';
/** Of the first release: milliseconds by which virtual time is ahead. */
const OFFSET_KEY = 'clock.virtual_offset_ms';
/** Whoever changes the anchor reads it first, one after the other. */
const CLOCK_LOCK = 'sota clock';
/** Virtual time is real time until somebody interferes. */
const UNTOUCHED: Anchor = { real: 0, virtual: 0, speed: 1 };

/** Restores the virtual clock from the database and sets its speed. */
export async function openMarketClock(db: Database, source: Clock, speed: number): Promise<MarketClock> {
  let anchor = await db.transaction().execute(async (tx) => {
    await lockName(tx, CLOCK_LOCK);
    const found = await anchorIn(tx, source);
    if (found.speed === speed) return found;
    return setAnchor(tx, { ...momentOf(found, source.now()), speed });
  });
  const virtual = (): number => momentOf(anchor, source.now()).virtual;
  return {
    get speed() {
      return anchor.speed;
    },
    source,
    real: () => source.now(),
    virtual,
    now: (name) => (name === 'real' ? source.now() : virtual()),
    untilReal: (name, at) =>
      Math.max(0, name === 'real' ? at - source.now() : Math.ceil((at - virtual()) / anchor.speed)),
    async advance(tx, ms) {
      await lockName(tx, CLOCK_LOCK);
      const present = momentOf(await anchorIn(tx, source), source.now());
      return (await setAnchor(tx, { ...present, virtual: present.virtual + ms })).virtual;
    },
    async refresh(database) {
      anchor = await anchorIn(database, source);
    },
  };
}

/** The anchor moved to another real moment, which changes nothing about the time. */
function momentOf({ real, virtual, speed }: Anchor, now: number): Anchor {
  return { real: now, virtual: Math.round(virtual + (now - real) * speed), speed };
}

async function anchorIn(db: Tx | Database, source: Clock): Promise<Anchor> {
  const row = await db
    .selectFrom('meta')
    .selectAll()
    .where('key', 'in', [ANCHOR_KEY, OFFSET_KEY])
    .orderBy('key')
    .executeTakeFirst();
  if (!row) return UNTOUCHED;
  if (row.key === ANCHOR_KEY) return JSON.parse(row.value) as Anchor;
  return { real: source.now(), virtual: source.now() + Number(row.value), speed: 1 };
}

async function setAnchor(tx: Tx, anchor: Anchor): Promise<Anchor> {
  const value = JSON.stringify(anchor);
  await tx
    .insertInto('meta')
    .values({ key: ANCHOR_KEY, value })
    .onConflict((conflict) => conflict.column('key').doUpdateSet({ value }))
    .execute();
  await nudgeOthers(tx);
  return anchor;
}
