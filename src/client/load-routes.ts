import { SotaError } from '#contract/errors/sota-error.ts';
import { teachOffers } from '#contract/errors/teach-offers.ts';
import { createConfigStore } from './config-store.ts';
import { type Routes, routesOf } from './operations-map.ts';

/**
 * The owner's operations map for one origin, from `config.json` of the state directory. Read anew for every request, so
 * that what a person puts right counts at once.
 * @throws SotaError `bad_config_file`
 */
export function loadRoutes(stateDir: string, origin: string): Routes {
  const config = createConfigStore(stateDir);
  try {
    return routesOf(config.content().operations, origin);
  } catch (error) {
    if (error instanceof SotaError) throw error;
    throw teachOffers.badOperationsMap(config.path, error instanceof Error ? error.message : String(error));
  }
}
