import { seededRng } from '#kit/rng.ts';
import { nothingLeft, passDays } from './kill-rounds.ts';
import { enrolAgents, LoadDriver } from './load-driver.ts';
import { spawnMarket } from './market-process.ts';

export interface TwoProcessesOptions {
  readonly databaseUrl: string;
  /** Writes to be answered, refusals included. */
  readonly operations: number;
  readonly agents?: number;
  readonly seed: string;
}

/** Agents trade over two processes at once, each call going to one of them by lot and some to both. */
export async function twoProcesses({ databaseUrl, operations, agents = 12, seed }: TwoProcessesOptions) {
  const place = { databaseUrl };
  // Both on the empty database at once: they also agree on who creates the schema.
  const running = [spawnMarket(place), spawnMarket(place)];
  const violations: string[] = [];
  let driver: LoadDriver | undefined;
  const started = performance.now();
  try {
    const urls = await Promise.all(running.map(({ ready }) => ready));
    driver = new LoadDriver({ rng: seededRng(seed), agents: await enrolAgents(urls[0]!, agents), twice: true });
    driver.setUrls(urls);
    driver.start();
    while (driver.counts.writes < operations && driver.failures.length === 0)
      await new Promise((resolve) => setTimeout(resolve, 50));
    await driver.stop();
    violations.push(...driver.failures, ...(await passDays(urls[1]!)));
  } finally {
    for (const process of running) await process.end('SIGTERM');
  }
  violations.push(...(await nothingLeft(place, driver.facts)));
  const { counts, facts } = driver;
  return {
    operations: counts.writes,
    seconds: Math.round((performance.now() - started) / 1000),
    ...counts,
    jobs: facts.jobs.size,
    bids: facts.bids.size,
    awards: facts.awards.length,
    deliveries: [...facts.deliveries.values()].reduce((sum, hashes) => sum + hashes.size, 0),
    withdrawals: facts.withdrawals.size,
    violations,
  };
}
