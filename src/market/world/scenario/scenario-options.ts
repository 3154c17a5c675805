import type { MarketSettings } from '../../market-settings.ts';
import { realisticSettings, realisticWorld } from '../../realistic.ts';
import type { WorldSettings } from '../world-settings.ts';
import type { Scenario } from './scenario-schema.ts';

/** What a scenario says about the marketplace around it, as the options of one. */
export function scenarioOptions(scenario: Scenario): {
  readonly settings: Partial<MarketSettings>;
  readonly world: Partial<WorldSettings>;
  readonly faults: string | undefined;
} {
  const { seed, speed, realistic = false, reviewer, review_minutes, temper, faults, world = false } = scenario;
  const review = reviewer !== undefined || review_minutes !== undefined;
  return {
    settings: {
      ...(realistic ? realisticSettings : {}),
      ...(seed === undefined ? {} : { seed }),
      ...(speed === undefined ? {} : { speed }),
      ...(review
        ? { reviewer: { decision: reviewer ?? 'approve', delayMs: Math.round((review_minutes ?? 0) * 60_000) } }
        : {}),
    },
    world: {
      ...(realistic ? realisticWorld : {}),
      ...(world === false ? { traffic: 0, rivals: 0 } : {}),
      ...(temper === undefined ? {} : { temper }),
      ...(typeof world === 'object' ? withoutUndefined(world) : {}),
    },
    faults,
  };
}

function withoutUndefined<T extends object>(record: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined)) as never;
}
