import type { Rng } from '#kit/rng.ts';

/** What a rival offers: shares are of the budget and of the bid window. */
export interface Plan {
  /** When in the window, 0 to 1. */
  readonly at: number;
  /** Thousandths of the budget. */
  readonly price: number;
  readonly estimateSeconds: number;
  /** Whoever haggles opens high and comes down to `price` at this share of the window. */
  readonly opens?: { readonly price: number; readonly lowersAt: number };
}

/** How a rival does a job it has won. */
export type Conduct = 'right' | 'wrong' | 'gives_up' | 'vanishes';

export interface Strategy {
  readonly style: string;
  /** How many jobs out of 100 it bids on, so that every agent meets jobs without this rival. */
  readonly interest: number;
  plan(rng: Rng): Plan;
  /** Times out of 100 a job does not end with a right answer at once. */
  readonly faults: { readonly wrong: number; readonly gives_up: number; readonly vanishes: number };
}

/** No rival asks for less: whoever bids below this and keeps its promises beats all of them. In thousandths. */
export const LOWEST_PRICE = 550;

/** The rivals, in the order in which they enter. */
export const strategies: readonly Strategy[] = [
  {
    style: 'steady',
    interest: 55,
    plan: (rng) => ({ at: rng.int(10, 60) / 100, price: rng.int(800, 920), estimateSeconds: rng.int(90, 200) }),
    faults: { wrong: 4, gives_up: 1, vanishes: 0 },
  },
  {
    style: 'bargain',
    interest: 50,
    plan: (rng) => ({
      at: rng.int(20, 80) / 100,
      price: rng.int(LOWEST_PRICE, 700),
      estimateSeconds: rng.int(150, 300),
    }),
    faults: { wrong: 15, gives_up: 4, vanishes: 5 },
  },
  {
    style: 'sprinter',
    interest: 45,
    plan: (rng) => ({ at: rng.int(5, 30) / 100, price: rng.int(900, 1000), estimateSeconds: rng.int(20, 45) }),
    faults: { wrong: 8, gives_up: 2, vanishes: 0 },
  },
  {
    style: 'haggler',
    interest: 40,
    plan: (rng) => ({
      at: rng.int(5, 25) / 100,
      price: rng.int(650, 800),
      estimateSeconds: rng.int(100, 240),
      opens: { price: rng.int(930, 1000), lowersAt: rng.int(50, 75) / 100 },
    }),
    faults: { wrong: 8, gives_up: 3, vanishes: 2 },
  },
  {
    style: 'latecomer',
    interest: 30,
    plan: (rng) => ({ at: rng.int(85, 95) / 100, price: rng.int(700, 850), estimateSeconds: rng.int(60, 150) }),
    faults: { wrong: 5, gives_up: 2, vanishes: 1 },
  },
];

/** The strategy of the n-th rival: more rivals than strategies share them. */
export function strategyOf(rival: number): Strategy {
  const strategy = strategies[rival % strategies.length];
  if (!strategy) throw new RangeError('There are strategies');
  return strategy;
}

/** What a rival means to offer for a job, or undefined where it does not care. */
export function planOf(strategy: Strategy, rng: Rng): Plan | undefined {
  return rng.int(1, 100) <= strategy.interest ? strategy.plan(rng.fork('plan')) : undefined;
}

/** How a rival goes about a job it has won. */
export function conductOf({ faults }: Strategy, rng: Rng): Conduct {
  const drawn = rng.int(1, 100);
  if (drawn <= faults.wrong) return 'wrong';
  if (drawn <= faults.wrong + faults.gives_up) return 'gives_up';
  return drawn <= faults.wrong + faults.gives_up + faults.vanishes ? 'vanishes' : 'right';
}
