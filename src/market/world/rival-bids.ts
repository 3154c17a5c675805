import { usdcNumber } from '#kit/money.ts';
import type { Rng } from '#kit/rng.ts';
import { bidsOf } from '../rules/bid-status.ts';
import { placeBid } from '../rules/bids.ts';
import { findJob, type JobRow } from '../rules/find-job.ts';
import { noteSeen } from '../rules/presence.ts';
import { skillsOf } from '../storage/agents.ts';
import type { Tx } from '../storage/database.ts';
import { fromJson, micro } from '../storage/rows.ts';
import { type DueDate, schedule } from '../time/due-dates.ts';
import { actorOf } from './cast.ts';
import { orRefused } from './or-refused.ts';
import { type Plan, planOf, strategyOf } from './strategies.ts';
import type { World } from './world.ts';

/**
 * Rivals at the board. When a window opens each of them decides, from the seed and the number of the job alone, whether,
 * when and what it will bid; the bid itself goes through the rule that everybody's goes through, and a refusal (the
 * window closed while nobody was there, say) is the rival's bad luck.
 */
export function rngOfJob({ context }: World, job: JobRow): Rng {
  return context.rng.fork(`world/at/${job.seq}/${job.retry_count}`);
}

export async function planBids(tx: Tx, world: World, job: JobRow): Promise<void> {
  const tags = fromJson<string[]>(job.tags);
  const now = world.context.clock.real();
  const window = Number(job.bid_window_closes_at) - now;
  for (const [i, id] of world.cast.rivals.slice(0, world.settings.rivals).entries()) {
    const skilled = (await skillsOf(tx, id)).tags.some((tag) => tags.includes(tag));
    const plan = skilled ? planFor(world, job, i) : undefined;
    if (!plan) continue;
    const at = [plan.at, ...(plan.opens ? [plan.opens.lowersAt] : [])];
    for (const [turn, share] of at.entries()) {
      const due_at = now + Math.floor(window * share);
      await schedule(tx, { kind: 'world_bid', subject: `${job.id}/${i}/${turn}`, clock: 'real', due_at });
    }
  }
}

function planFor(world: World, job: JobRow, rival: number): Plan | undefined {
  return planOf(strategyOf(rival), rngOfJob(world, job).fork(`rival/${rival}`));
}

/** A rival's turn. The second one lowers, and only what still stands. */
export async function bidAsPlanned(tx: Tx, world: World, { subject }: DueDate): Promise<void> {
  const [jobId = '', rival = '', turn = ''] = subject.split('/');
  const job = await findJob(tx, jobId);
  const id = world.cast.rivals[Number(rival)];
  const plan = job && planFor(world, job, Number(rival));
  if (!job || !plan || id === undefined) return;
  const now = world.context.clock.real();
  const agent = await noteSeen(tx, await actorOf(tx, id), now);
  const isFirst = turn === '0';
  if (!isFirst && !(await bidsOf(tx, jobId, ['pending'])).some((bid) => bid.agent_id === id)) return;
  const price = isFirst && plan.opens ? plan.opens.price : plan.price;
  await orRefused(
    placeBid(tx, world.context, agent, {
      job_id: jobId,
      amount_usdc: usdcNumber((micro(job.budget_micro) * BigInt(price)) / 1000n || 1n),
      estimated_seconds: plan.estimateSeconds,
    }),
  );
}
