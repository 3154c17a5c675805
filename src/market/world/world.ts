import type { MarketContext } from '../market-context.ts';
import type { Cast } from './cast.ts';
import type { WorldSettings } from './world-settings.ts';

/** What every act of the world is given. */
export interface World {
  readonly context: MarketContext;
  readonly settings: WorldSettings;
  readonly cast: Cast;
}

/** Real milliseconds drawn from seconds. */
export const seconds = (count: number): number => Math.round(count * 1000);
export const minutes = (count: number): number => Math.round(count * 60_000);
