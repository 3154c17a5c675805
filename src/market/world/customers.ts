import { acceptDelivery, requestChanges } from '../rules/acceptance.ts';
import { escrowOfJob, judgeDispute } from '../rules/escrow.ts';
import { findJob, type JobRow } from '../rules/find-job.ts';
import { noteSeen } from '../rules/presence.ts';
import { judgeShape } from '../rules/verdict.ts';
import type { Tx } from '../storage/database.ts';
import { fromJson } from '../storage/rows.ts';
import { type DueDate, schedule } from '../time/due-dates.ts';
import { actorOf } from './cast.ts';
import { type Reaction, reactionOf } from './customer.ts';
import { inspectDelivery } from './inspect-delivery.ts';
import { rngOfJob } from './rival-bids.ts';
import { minutes, type World } from './world.ts';
import type { Minutes } from './world-settings.ts';

/**
 * Customers and the judge live on virtual time. What one of them does is planned from the moment the one before fell
 * due, not from the moment it was settled, so a day that passes in one jump happens in its own order.
 */
export async function planReaction(tx: Tx, world: World, job: JobRow, from: number): Promise<void> {
  await plan(tx, world, 'world_customer', job, world.settings.pace.customer, from);
}

export async function planJudgement(tx: Tx, world: World, job: JobRow, from: number): Promise<void> {
  await plan(tx, world, 'world_judge', job, world.settings.pace.judge, from);
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
  const reaction = reactionOf({
    temper: world.settings.temper,
    failure: inspectDelivery(job),
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
  await judgeDispute(tx, world.context, job.id, (await isRight(world, job)) ? 'release' : 'refund');
}

/** Jobs of strangers have no content check: there a delivery of the requested shape is one the judge upholds. */
async function isRight({ context, cast }: World, job: JobRow): Promise<boolean> {
  if (cast.requesters.includes(job.requester_id)) return inspectDelivery(job) === null;
  if (job.expected_schema === null) return true;
  const verdict = await judgeShape(context.validator, fromJson(job.expected_schema), job.result ?? '');
  return verdict === undefined || verdict === 'unjudged';
}
