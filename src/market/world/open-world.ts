import type { JobEvent } from '#contract/states/job.ts';
import type { Audience, MarketContext } from '../market-context.ts';
import type { JobRow } from '../rules/find-job.ts';
import type { Database, Tx } from '../storage/database.ts';
import { lockName } from '../storage/locks.ts';
import { inTransaction } from '../storage/transaction.ts';
import type { DueDate } from '../time/due-dates.ts';
import { enterCast } from './cast.ts';
import { decide, planJudgement, planReaction, react } from './customers.ts';
import { postNext, startPosting } from './post-jobs.ts';
import { pruneJobs } from './prune-jobs.ts';
import { bidAsPlanned, planBids } from './rival-bids.ts';
import { isRival, planWork, workOn } from './rival-work.ts';
import { moveClockAfter, playLine } from './scenario/play-script.ts';
import type { Scenario } from './scenario/scenario-schema.ts';
import { openScript, scriptedJob } from './scenario/script.ts';
import type { World } from './world.ts';
import { defaultWorld, type WorldSettings } from './world-settings.ts';

/**
 * The world around an agent: people who post jobs, bid against it, look at what it delivers and judge. They are agents
 * of this marketplace like any other, with their own money, and act through the same rules.
 *
 *   a job opens          → rivals plan their bids (real time)
 *   a rival wins         → it turns up, accepts, works, delivers, or fails at one of these (real time)
 *   a world job is done  → its customer looks at it (virtual time) and pays, asks for changes, disputes, or says nothing
 *   a dispute, anybody's → the judge decides (virtual time)
 *
 * Each step is a due-date in the database, set in the transaction of the step before, so a restart continues the world
 * where it stood. Chance is drawn from the seed and the number of the job, never from a stream that is shared: what one
 * actor does depends on no other's luck.
 */
export async function openWorld(
  db: Database,
  base: MarketContext,
  chosen: Partial<WorldSettings>,
  scenario?: Scenario,
): Promise<MarketContext> {
  const settings = { ...defaultWorld, ...chosen };
  const { cast, script } = await inTransaction(db, async (tx) => {
    await lockName(tx, 'sota world');
    return { cast: await enterCast(tx, base, settings), script: await openScript(tx, base, scenario) };
  });
  const audience: Audience = {
    jobMoved: (tx, job, event) => noticeMove(tx, world, job, event),
    act: (tx, due) => act(tx, world, due),
  };
  const context: MarketContext = { ...base, audience };
  const world: World = { context, settings, cast, script, scripting: new WeakSet() };
  await inTransaction(db, (tx) => startPosting(tx, world));
  return context;
}

async function noticeMove(tx: Tx, world: World, job: JobRow, event: JobEvent): Promise<void> {
  const isRivals = isRival(world, job.winner_agent_id);
  const now = world.context.clock.virtual();
  switch (event) {
    case 'open_bidding':
    case 'requeue':
      return world.scripting.has(tx) || (await scriptedJob(tx, world.script, job.id))
        ? undefined
        : planBids(tx, world, job);
    case 'award':
      return isRivals ? planWork(tx, world, job, [2, 8]) : undefined;
    case 'request_changes':
      return isRivals ? planWork(tx, world, job, [10, 40]) : undefined;
    case 'deliver':
      return noticeDelivery(tx, world, job, now);
    case 'dispute':
      return planJudgement(tx, world, job, now);
    default:
      return undefined;
  }
}

async function noticeDelivery(tx: Tx, world: World, job: JobRow, now: number): Promise<void> {
  const scripted = await scriptedJob(tx, world.script, job.id);
  if (scripted || world.cast.requesters.includes(job.requester_id)) await planReaction(tx, world, job, now);
  if (scripted?.name !== undefined) await moveClockAfter(tx, world, job, scripted.name);
}

async function act(tx: Tx, world: World, due: DueDate): Promise<void> {
  switch (due.kind) {
    case 'world_post':
      return postNext(tx, world);
    case 'world_bid':
      return bidAsPlanned(tx, world, due);
    case 'world_work':
      return workOn(tx, world, due);
    case 'world_customer':
      return react(tx, world, due);
    case 'world_judge':
      return decide(tx, world, due);
    case 'world_script':
      return playLine(tx, world, due);
    case 'world_prune':
      return pruneJobs(tx, world);
    default:
      return undefined;
  }
}
