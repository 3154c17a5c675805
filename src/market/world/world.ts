import type { MarketContext } from '../market-context.ts';
import type { Tx } from '../storage/database.ts';
import type { Cast } from './cast.ts';
import { type Script, scriptedPeople } from './scenario/script.ts';
import type { WorldSettings } from './world-settings.ts';

/** What every act of the world is given. */
export interface World {
  readonly context: MarketContext;
  readonly settings: WorldSettings;
  readonly cast: Cast;
  /** What is played beside the usual, or instead of it. */
  readonly script?: Script | undefined;
  /** Transactions in which a job of the script is being posted: the usual rivals keep away from it. */
  readonly scripting: WeakSet<Tx>;
}

/** Everybody who is not here on their own account. */
export function peopleOf({ cast, script }: World): string[] {
  return [...cast.requesters, ...cast.rivals, ...scriptedPeople(script)];
}
