import type { Rng } from '#kit/rng.ts';
import { hashOf } from '../rules/check-delivery.ts';
import { findJob, type JobRow } from '../rules/find-job.ts';
import { giveBack } from '../rules/give-back.ts';
import { noteSeen } from '../rules/presence.ts';
import { acceptAssignment, deliverableJob, deliverResult, reportProgress } from '../rules/work.ts';
import type { AgentRow } from '../storage/agents.ts';
import type { Tx } from '../storage/database.ts';
import { fromJson } from '../storage/rows.ts';
import { type DueDate, schedule } from '../time/due-dates.ts';
import { answerFromSchema } from './answer-from-schema.ts';
import { actorOf } from './cast.ts';
import { seconds } from './durations.ts';
import { hasContent } from './inspect-delivery.ts';
import { contentOf } from './make-job.ts';
import { rngOfJob } from './rival-bids.ts';
import { scriptedRival } from './scenario/script.ts';
import { type Conduct, conductOf, strategyOf } from './strategies.ts';
import type { World } from './world.ts';

/** A rival at work shows itself at least this often. */
const HOP_SECONDS = 40;

/** The rival has won, or is sent back to work: it turns up in a moment. */
export async function planWork(tx: Tx, world: World, job: JobRow, within: readonly [number, number]): Promise<void> {
  const pause = seconds(
    rngOfJob(world, job)
      .fork(`pause/${job.revision}`)
      .int(...within),
  );
  await schedule(tx, {
    kind: 'world_work',
    subject: job.id,
    clock: 'real',
    due_at: world.context.clock.real() + pause,
  });
}

/** Whether this agent works for the world. */
export function isRival({ cast, script }: World, agentId: string | null): boolean {
  return agentId !== null && (cast.rivals.includes(agentId) || scriptedRival(script, agentId) !== undefined);
}

function conductIn({ cast, script }: World, job: JobRow, rng: Rng): Conduct {
  const scripted = scriptedRival(script, job.winner_agent_id);
  if (scripted) return scripted.works ?? 'right';
  return conductOf(strategyOf(cast.rivals.indexOf(job.winner_agent_id ?? '')), rng);
}

/** One hop of a rival's work: accept, show progress, and in the end deliver, or not. */
export async function workOn(tx: Tx, world: World, due: DueDate): Promise<void> {
  const job = await findJob(tx, due.subject);
  if (!job || !isRival(world, job.winner_agent_id) || (job.status !== 'assigned' && job.status !== 'executing')) return;
  const { context } = world;
  const now = context.clock.real();
  const rng = rngOfJob(world, job).fork('work');
  const conduct = conductIn(world, job, rng.fork('conduct'));
  const agent = await noteSeen(tx, await actorOf(tx, job.winner_agent_id ?? ''), now);

  if (job.status === 'assigned') {
    await acceptAssignment(tx, context, agent, job.id);
    // Nothing more is planned for one that vanishes: the rule about silent winners takes it from there.
    if (conduct !== 'vanishes') await hop(tx, job, now, await workSeconds(tx, world, job, rng));
    return;
  }
  const worked = (now - Number(job.accepted_at)) / 1000;
  const whole = await workSeconds(tx, world, job, rng);
  if (worked < whole && job.revision === 0) {
    const percent = Math.min(95, Math.max(1, Math.round((100 * worked) / whole)));
    await reportProgress(tx, context, agent, job.id, { percent });
    await hop(tx, job, now, whole - worked);
    return;
  }
  if (conduct === 'gives_up') {
    const error_message = 'More work than it looked like';
    await giveBack(tx, context, job, { error_code: 'internal_error', error_message, retryable: true });
    return;
  }
  await handIn(tx, world, agent, job, conduct, rng);
}

async function hop(tx: Tx, job: JobRow, now: number, left: number): Promise<void> {
  const due_at = now + seconds(Math.max(1, Math.min(HOP_SECONDS, left)));
  await schedule(tx, { kind: 'world_work', subject: job.id, clock: 'real', due_at });
}

/** Rivals keep what they promise: a third to four fifths of it. */
async function workSeconds(tx: Tx, { script }: World, job: JobRow, rng: Rng): Promise<number> {
  const scripted = scriptedRival(script, job.winner_agent_id)?.takes_seconds;
  if (scripted !== undefined) return scripted;
  const bid = await tx
    .selectFrom('bids')
    .select('estimated_seconds')
    .where('id', '=', job.winner_bid_id ?? '')
    .executeTakeFirst();
  return (bid?.estimated_seconds ?? 30) * (0.33 + 0.47 * rng.fork('time').next());
}

async function handIn(tx: Tx, world: World, agent: AgentRow, job: JobRow, conduct: Conduct, rng: Rng): Promise<void> {
  // Once it was told what is wrong, even a careless rival gets it right most of the time.
  const careless = conduct === 'wrong' && (job.revision === 0 || rng.fork(`again/${job.revision}`).next() < 0.25);
  const result = JSON.stringify(await resultFor(tx, world, job, careless ? rng.fork('wrong') : undefined));
  const ready = await deliverableJob(tx, agent, job.id);
  await deliverResult(tx, world.context, ready, { result, hash: hashOf(result, undefined) });
}

/** A right answer to a job of the world, or with `wrong` one to another task of its kind; elsewhere only the shape. */
async function resultFor(tx: Tx, world: World, job: JobRow, wrong: Rng | undefined): Promise<unknown> {
  const schema = job.expected_schema === null ? {} : fromJson(job.expected_schema);
  // Of a task nobody can check there is no wrong answer, only one of the wrong shape.
  if (!(await hasContent(tx, world, job))) return wrong ? null : answerFromSchema(schema);
  const content = contentOf(fromJson<string[]>(job.tags)[0] ?? '');
  if (wrong) return content.solve(content.generate(wrong));
  return content.solve({
    description: job.description,
    parameters: fromJson(job.parameters),
    expected_schema: schema,
  });
}
