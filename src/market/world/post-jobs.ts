import { parseUsdc } from '#kit/money.ts';
import type { Rng } from '#kit/rng.ts';
import { createJob } from '../rules/jobs.ts';
import { credit } from '../rules/registration.ts';
import type { Tx } from '../storage/database.ts';
import { balanceOf, spendingOf } from '../storage/ledger.ts';
import { readMeta, writeMeta } from '../storage/meta.ts';
import { tags as taxonomyTags } from '../taxonomy/taxonomy.ts';
import { schedule } from '../time/due-dates.ts';
import { actorOf } from './cast.ts';
import { seconds } from './durations.ts';
import { makeJob } from './make-job.ts';
import { peopleOf, type World } from './world.ts';

/**
 * The stream of jobs. The n-th job of a seed is always the same one for the same tag; which tag comes next goes through
 * the whole taxonomy in rounds, but every second job is one for the agents of the owner while some are there, and the
 * next one is theirs where the board holds none for them. Posting runs on real time: bidders are processes.
 */
const COUNTER = 'world.jobs_posted';
/** The first jobs come at once, so that nobody meets an empty board. */
const WARM_UP = 4;
/** An agent not seen for so long is not posted for. */
const PRESENT_MS = 10 * 60_000;
const PRUNE_EVERY = 20;
/** What a requester asks its bank for when its purse is empty, in budgets. */
const TOP_UP = 20n;

export async function startPosting(tx: Tx, { context, settings }: World): Promise<void> {
  if (settings.traffic === 0) return;
  const waiting = await tx.selectFrom('due_dates').select('id').where('kind', '=', 'world_post').executeTakeFirst();
  if (!waiting)
    await schedule(tx, { kind: 'world_post', subject: 'next', clock: 'real', due_at: context.clock.real() });
}

/** Posts the next job, where the board has room, and plans the one after it. */
export async function postNext(tx: Tx, world: World): Promise<void> {
  const { context, settings } = world;
  if (settings.traffic === 0) return;
  const now = context.clock.real();
  const n = Number((await readMeta(tx, COUNTER)) ?? 0);
  const rng = context.rng.fork('world');
  const hasRoom = (await openJobs(tx, world)) < settings.maxOpenJobs;
  if (hasRoom) {
    await post(tx, world, await nextTag(tx, world, n, rng), n, rng.fork(`job/${n}`));
    await writeMeta(tx, COUNTER, String(n + 1));
    if ((n + 1) % PRUNE_EVERY === 0)
      await schedule(tx, { kind: 'world_prune', subject: 'jobs', clock: 'real', due_at: now });
  }
  const usual = (3600 / settings.traffic) * (0.5 + rng.fork(`gap/${n}`).next());
  const gap = hasRoom && n + 1 < WARM_UP ? Math.min(usual, 2) : usual;
  await schedule(tx, { kind: 'world_post', subject: 'next', clock: 'real', due_at: now + seconds(gap) });
}

async function post(tx: Tx, { context, cast }: World, tag: string, n: number, rng: Rng): Promise<void> {
  const id = cast.requesters[n % cast.requesters.length];
  if (id === undefined) return;
  const request = makeJob(tag, rng);
  const budget = parseUsdc(request.budget_usdc);
  if ((await balanceOf(tx, spendingOf(id))) < budget) await credit(tx, id, budget * TOP_UP, context.clock.real());
  await createJob(tx, context, await actorOf(tx, id), request);
}

async function openJobs(tx: Tx, { cast }: World): Promise<number> {
  const { count } = await tx
    .selectFrom('jobs')
    .select((e) => e.fn.countAll<number>().as('count'))
    .where('status', 'in', ['open', 'bidding', 'selecting', 'assigned', 'executing'])
    .where('requester_id', 'in', cast.requesters)
    .executeTakeFirstOrThrow();
  return Number(count);
}

async function nextTag(tx: Tx, world: World, n: number, rng: Rng): Promise<string> {
  const all = taxonomyTags.map(({ slug }) => slug);
  const round = rng.fork(`round/${Math.floor(n / all.length)}`).shuffle(all);
  const usual = round[n % all.length] ?? all[0] ?? '';
  const wanted = await tagsOfPresentAgents(tx, world);
  if (!wanted.length) return usual;
  const theirs = rng.fork(`theirs/${n}`).pick(wanted);
  return n % 2 === 0 || (await boardLacks(tx, wanted)) ? theirs : usual;
}

/** The tags of active agents that are not of the world and were seen lately, each once, in order. */
async function tagsOfPresentAgents(tx: Tx, world: World): Promise<string[]> {
  const rows = await tx
    .selectFrom('agents')
    .innerJoin('agent_tags', 'agent_tags.agent_id', 'agents.id')
    .select('agent_tags.tag')
    .distinct()
    .where('agents.status', '=', 'active')
    .where('agents.last_seen_at', '>', world.context.clock.real() - PRESENT_MS)
    .where('agents.id', 'not in', peopleOf(world))
    .orderBy('agent_tags.tag')
    .execute();
  return rows.map(({ tag }) => tag);
}

async function boardLacks(tx: Tx, tags: readonly string[]): Promise<boolean> {
  const row = await tx
    .selectFrom('jobs')
    .innerJoin('job_tags', 'job_tags.job_id', 'jobs.id')
    .select('jobs.id')
    .where('jobs.status', '=', 'bidding')
    .where('job_tags.tag', 'in', tags)
    .executeTakeFirst();
  return row === undefined;
}
