import { seededRng } from '#kit/rng.ts';
import { type Place, storageOf } from '#market/open-place.ts';
import { openDatabase } from '#market/storage/database.ts';
import type { Facts } from './facts.ts';
import { enrolAgents, LoadDriver } from './load-driver.ts';
import { type MarketProcess, spawnMarket } from './market-process.ts';
import { verify, verifyNothingElse } from './verify.ts';

export interface KillOptions {
  readonly place: Place;
  readonly kills: number;
  /** How many processes serve the place; more than one only where they may share it. */
  readonly processes?: number;
  readonly agents?: number;
  readonly seed: string;
}

export interface KillReport {
  readonly kills: number;
  /** Of them, while the process was still starting. */
  readonly whileStarting: number;
  readonly acknowledged: number;
  readonly lostAnswers: number;
  readonly replayed: number;
  readonly jobs: number;
  readonly withdrawals: number;
  readonly violations: readonly string[];
}

/** A process lives for so many acknowledgements, and then some milliseconds more, so that it dies in the middle of some. */
const MOST_ACKNOWLEDGED = 40;
const LONGEST_PAUSE_MS = 30;
const LONGEST_WAIT_MS = 60_000;
const LONGEST_START_MS = 1_500;

/**
 * Kills marketplace processes with SIGKILL at random moments while agents trade, and looks into the database after every
 * kill: with one process before it is started again, with several while the others go on. In the end the trading stops,
 * lost answers are asked for again, virtual days pass, and nothing may be left over.
 */
export async function killRounds(options: KillOptions): Promise<KillReport> {
  const { place, kills, processes = 1, agents = 6, seed } = options;
  const rng = seededRng(seed);
  const violations: string[] = [];
  const running: MarketProcess[] = [];
  const urls = new Map<MarketProcess, string>();
  let whileStarting = 0;

  const start = async (): Promise<MarketProcess> => {
    const started = spawnMarket(place);
    running.push(started);
    urls.set(started, await started.ready);
    return started;
  };
  for (let i = 0; i < processes; i += 1) await start();
  const driver = new LoadDriver({
    rng,
    agents: await enrolAgents(urls.get(running[0]!)!, agents),
    twice: processes > 1,
  });
  driver.setUrls([...urls.values()]);
  driver.start();

  try {
    for (let kill = 0; kill < kills && violations.length === 0; kill += 1) {
      await acknowledged(driver, rng.int(0, MOST_ACKNOWLEDGED));
      await pause(rng.int(0, LONGEST_PAUSE_MS));
      const victim = running.splice(rng.int(0, running.length - 1), 1)[0]!;
      urls.delete(victim);
      await victim.end('SIGKILL');
      driver.setUrls([...urls.values()]);
      violations.push(...(await look(place, driver.facts)));
      if (rng.int(0, 9) === 0 && kill + 1 < kills) {
        kill += 1;
        whileStarting += 1;
        const stillborn = spawnMarket(place);
        await pause(rng.int(0, LONGEST_START_MS));
        await stillborn.end('SIGKILL');
        violations.push(...(await look(place, driver.facts)));
      }
      await start();
      driver.setUrls([...urls.values()]);
    }
    await driver.stop();
    violations.push(...driver.failures, ...(await passDays([...urls.values()][0]!)));
  } finally {
    for (const process of running) await process.end('SIGKILL');
  }
  violations.push(...(await nothingLeft(place, driver.facts)));
  const { lost, replayed } = driver.counts;
  const { total, jobs, withdrawals } = driver.facts;
  return {
    kills,
    whileStarting,
    acknowledged: total,
    lostAnswers: lost,
    replayed,
    jobs: jobs.size,
    withdrawals: withdrawals.size,
    violations,
  };
}

/** What is in the database must fit what was acknowledged up to now. */
export async function look(place: Place, facts: Facts): Promise<string[]> {
  const told = facts.copy();
  const { db, close } = await openDatabase(storageOf(place));
  try {
    return await verify(db, told);
  } finally {
    await close();
  }
}

/** Four virtual days, in which every delivery must be decided. */
export async function passDays(url: string): Promise<string[]> {
  const answer = await fetch(`${url}/_local/clock/advance`, {
    method: 'POST',
    body: JSON.stringify({ seconds: 96 * 3600 }),
  });
  return answer.status === 200 ? [] : [`The clock did not advance: ${await answer.text()}`];
}

/** When nobody writes any more and the days have passed. */
export async function nothingLeft(place: Place, facts: Facts): Promise<string[]> {
  const { db, close } = await openDatabase(storageOf(place));
  try {
    const undecided = await db.selectFrom('escrows').select('job_id').where('status', '=', 'delivered').execute();
    return [
      ...undecided.map(({ job_id }) => `Days later the delivery of ${job_id} is still not decided`),
      ...(await verify(db, facts)),
      ...(await verifyNothingElse(db, facts)),
    ];
  } finally {
    await close();
  }
}

async function acknowledged(driver: LoadDriver, more: number): Promise<void> {
  const enough = driver.facts.total + more;
  for (const started = Date.now(); driver.facts.total < enough; await pause(1)) {
    if (Date.now() - started > LONGEST_WAIT_MS) throw new Error(`Nothing moves: ${driver.failures.join('; ')}`);
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
