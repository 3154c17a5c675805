import type { KillableValidator } from '#kit/json-schema/killable-validator.ts';
import type { Rng } from '#kit/rng.ts';
import type { MarketSettings } from './market-settings.ts';
import type { MarketClock } from './time/market-clock.ts';

/** What every rule of the marketplace may reach besides the transaction it runs in. */
export interface MarketContext {
  readonly clock: MarketClock;
  readonly settings: MarketSettings;
  readonly validator: KillableValidator;
  /** Seeded; forked per subject, so that one agent's luck does not depend on another's traffic. */
  readonly rng: Rng;
}
