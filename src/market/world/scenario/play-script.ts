import { parseUsdc } from '#kit/money.ts';
import { placeBid } from '../../rules/bids.ts';
import type { JobRow } from '../../rules/find-job.ts';
import { createJob } from '../../rules/jobs.ts';
import { noteSeen } from '../../rules/presence.ts';
import { credit } from '../../rules/registration.ts';
import type { Tx } from '../../storage/database.ts';
import { balanceOf, spendingOf } from '../../storage/ledger.ts';
import { type DueDate, schedule } from '../../time/due-dates.ts';
import { actorOf } from '../cast.ts';
import { seconds } from '../durations.ts';
import { type JobRequest, makeJob } from '../make-job.ts';
import { orRefused } from '../or-refused.ts';
import type { World } from '../world.ts';
import { DEFAULT_WINDOW } from './parse-scenario.ts';
import type { ScenarioJob } from './scenario-schema.ts';
import { noteScriptedJob, type Script, scriptedPeople } from './script.ts';

/** How often a job that waits for an agent looks whether one is there. */
const LOOK_SECONDS = 1;

/** One line of the scenario falls due: `job/2`, `bid/<job id>/2/0` or `clock/1`. */
export async function playLine(tx: Tx, world: World, due: DueDate): Promise<void> {
  const { script, context } = world;
  if (!script) return;
  const [what, ...rest] = due.subject.split('/');
  if (what === 'job') return postScripted(tx, world, script, Number(rest[0]));
  if (what === 'bid') return bidScripted(tx, world, script, rest);
  const move = script.scenario.clock?.[Number(rest[0])];
  if (move) await context.clock.advance(tx, Math.round(move.advance_hours * 3_600_000));
}

async function postScripted(tx: Tx, world: World, script: Script, index: number): Promise<void> {
  const { context } = world;
  const job = script.scenario.jobs?.[index];
  const by = script.ids[job?.by ?? ''];
  if (!job || by === undefined) return;
  const now = context.clock.real();
  if (job.when === 'a_candidate_is_active' && !(await someoneIsThere(tx, script, job))) {
    const due_at = now + seconds(LOOK_SECONDS);
    return schedule(tx, { kind: 'world_script', subject: `job/${index}`, clock: 'real', due_at });
  }
  const request = requestOf(world, job, index);
  const budget = parseUsdc(request.budget_usdc);
  // Without a purse of its own in the scenario, a requester can pay for what the scenario lets it post.
  const isRich = script.scenario.requesters?.find(({ name }) => name === job.by)?.spending_usdc === undefined;
  if (isRich && (await balanceOf(tx, spendingOf(by))) < budget) await credit(tx, by, budget, now);
  world.scripting.add(tx);
  const posted = await orRefused(createJob(tx, context, await actorOf(tx, by), request));
  if (!posted) {
    context.log.error('scenario_job_refused', { job: job.name ?? index, by: job.by, reason: 'not enough money' });
    return;
  }
  await noteScriptedJob(tx, posted.id, index);
  for (const [k, bid] of (job.bids ?? []).entries()) {
    const due_at = now + seconds(bid.after_seconds ?? 0);
    await schedule(tx, { kind: 'world_script', subject: `bid/${posted.id}/${index}/${k}`, clock: 'real', due_at });
  }
}

function requestOf({ context }: World, job: ScenarioJob, index: number): JobRequest {
  const made = job.tag === undefined ? undefined : makeJob(job.tag, context.rng.fork(`scenario/${index}`));
  return {
    description: job.description ?? made?.description ?? '',
    tags: job.tags ?? made?.tags ?? [],
    budget_usdc: job.budget_usdc ?? made?.budget_usdc ?? 1,
    title: job.title ?? made?.title,
    parameters: job.parameters ?? made?.parameters,
    expected_schema: job.expected_schema ?? made?.expected_schema,
    bid_window_seconds: job.window_seconds ?? DEFAULT_WINDOW,
    selection: job.selection ?? 'auto',
  };
}

/** Whether an active agent that is not of the scenario's own people could take the job. */
async function someoneIsThere(tx: Tx, script: Script, job: ScenarioJob): Promise<boolean> {
  const tags = job.tags ?? (job.tag === undefined ? [] : [job.tag]);
  const row = await tx
    .selectFrom('agents')
    .innerJoin('agent_tags', 'agent_tags.agent_id', 'agents.id')
    .select('agents.id')
    .where('agents.status', '=', 'active')
    .where('agents.id', 'not in', scriptedPeople(script))
    .where('agent_tags.tag', 'in', tags)
    .executeTakeFirst();
  return row !== undefined;
}

async function bidScripted(tx: Tx, { context }: World, script: Script, rest: readonly string[]): Promise<void> {
  const [jobId = '', index, k] = rest;
  const bid = script.scenario.jobs?.[Number(index)]?.bids?.[Number(k)];
  const id = script.ids[bid?.by ?? ''];
  if (!bid || id === undefined) return;
  const agent = await noteSeen(tx, await actorOf(tx, id), context.clock.real());
  const offer = { job_id: jobId, amount_usdc: bid.amount_usdc, estimated_seconds: bid.estimated_seconds };
  await orRefused(placeBid(tx, context, agent, offer));
}

/** The clock moves that wait for a delivery of this job. */
export async function moveClockAfter(tx: Tx, { context, script }: World, job: JobRow, name: string): Promise<void> {
  for (const [i, move] of (script?.scenario.clock ?? []).entries()) {
    if (move.after_delivery_of !== name || job.revision > 0) continue;
    const due_at = context.clock.real();
    await schedule(tx, { kind: 'world_script', subject: `clock/${i}`, clock: 'real', due_at });
  }
}
