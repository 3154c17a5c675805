import { acceptDelivery, requestChanges } from '../rules/acceptance.ts';
import { escrowOfJob, judgeDispute } from '../rules/escrow.ts';
import { findJob, type JobRow } from '../rules/find-job.ts';
import { noteSeen } from '../rules/presence.ts';
import type { Tx } from '../storage/database.ts';
import { type DueDate, schedule } from '../time/due-dates.ts';
import { actorOf } from './cast.ts';
import { type Reaction, reactionOf } from './customer.ts';
import { minutes } from './durations.ts';
import { failureOf } from './inspect-delivery.ts';
import { rngOfJob } from './rival-bids.ts';
import type { ScenarioJob, ScenarioReaction } from './scenario/scenario-schema.ts';
import { scriptedJob } from './scenario/script.ts';
import type { World } from './world.ts';
import type { Minutes } from './world-settings.ts';

/**
 * Customers and the judge live on virtual time. What one of them does is planned from the moment the one before fell
 * due, not from the moment it was settled, so a day that passes in one jump happens in its own order.
 */
export async function planReaction(tx: Tx, world: World, job: JobRow, from: number): Promise<void> {
  const scripted = reactionIn(await scriptedJob(tx, world.script, job.id), job.revision);
  const exactly = scripted && ([scripted.after_minutes ?? 0, scripted.after_minutes ?? 0] as const);
  await plan(tx, world, 'world_customer', job, exactly ?? world.settings.pace.customer, from);
}

export async function planJudgement(tx: Tx, world: World, job: JobRow, from: number): Promise<void> {
  const scripted = await scriptedJob(tx, world.script, job.id);
  await plan(tx, world, 'world_judge', job, scripted ? [0, 0] : world.settings.pace.judge, from);
}

/** What a customer of the scenario does about its n-th delivery; the last that is written stands for all after it. */
function reactionIn(scripted: ScenarioJob | undefined, revision: number): ScenarioReaction | undefined {
  if (!scripted) return undefined;
  const written = scripted.customer ?? [{ do: 'check' }];
  return written[Math.min(revision, written.length - 1)];
}

async function plan(
  tx: Tx,
  world: World,
  kind: 'world_customer' | 'world_judge',
  job: JobRow,
  [least, most]: Minutes,
  from: number,
): Promise<void> {
  const share = rngOfJob(world, job).fork(`${kind}/${job.revision}`).next();
  const due_at = from + minutes(least + (most - least) * share);
  await schedule(tx, { kind, subject: job.id, clock: 'virtual', due_at });
}

/** A customer has looked at a delivery. */
export async function react(tx: Tx, world: World, due: DueDate): Promise<void> {
  const job = await findJob(tx, due.subject);
  if (job?.status !== 'completed' || (await escrowOfJob(tx, job.id))?.status !== 'delivered') return;
  const scripted = reactionIn(await scriptedJob(tx, world.script, job.id), job.revision);
  const reaction =
    scripted && scripted.do !== 'check'
      ? scripted
      : reactionOf({
          temper: world.settings.temper,
          failure: await failureOf(tx, world, job),
          revision: job.revision,
          rng: rngOfJob(world, job).fork(`reaction/${job.revision}`),
        });
  await carryOut(tx, world, job, reaction);
  const after = await findJob(tx, job.id);
  if (after?.status === 'disputed') await planJudgement(tx, world, after, due.due_at);
}

async function carryOut(tx: Tx, { context }: World, job: JobRow, reaction: Reaction): Promise<void> {
  const customer = await noteSeen(tx, await actorOf(tx, job.requester_id), context.clock.real());
  switch (reaction.do) {
    case 'rate':
      await acceptDelivery(tx, context, customer, job.id, { rating: reaction.rating });
      return;
    case 'accept':
      await acceptDelivery(tx, context, customer, job.id, {});
      return;
    case 'request_changes':
      await requestChanges(tx, context, customer, job.id, reaction.feedback);
      return;
    case 'stay_silent':
      return;
  }
}

/** The judge looks at the same facts as the customer and decides for whoever they favour. */
export async function decide(tx: Tx, world: World, due: DueDate): Promise<void> {
  const job = await findJob(tx, due.subject);
  if (job?.status !== 'disputed' || (await escrowOfJob(tx, job.id))?.status !== 'disputed') return;
  const { judge = 'check' } = (await scriptedJob(tx, world.script, job.id)) ?? {};
  const found = judge === 'check' ? ((await failureOf(tx, world, job)) ? 'refund' : 'release') : judge;
  await judgeDispute(tx, world.context, job.id, found);
}
