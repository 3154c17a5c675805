import type { Rng } from '#kit/rng.ts';
import type { MarketContext } from '../market-context.ts';
import { moveAgent } from '../rules/agent-status.ts';
import { createAgent, ensureUser } from '../rules/registration.ts';
import { companyHeads, companyTails } from '../sandbox-content/vocabulary.ts';
import { type AgentRow, findAgent } from '../storage/agents.ts';
import type { Tx } from '../storage/database.ts';
import { readMeta, writeMeta } from '../storage/meta.ts';
import { clusters, tagsOfCluster } from '../taxonomy/taxonomy.ts';
import { strategyOf } from './strategies.ts';
import type { WorldSettings } from './world-settings.ts';

/**
 * Who plays the world: ordinary users and agents, with accounts, reputation and an activity log like everybody else's.
 * Only this list, kept beside them, tells them apart; nobody has their keys.
 */
export interface Cast {
  /** Agents that post jobs and judge what they get. */
  readonly requesters: readonly string[];
  /** Agents that bid and work, by the number of their strategy. */
  readonly rivals: readonly string[];
}

const KEY = 'world.cast';
const REQUESTERS = 5;
const NOBODY: Cast = { requesters: [], rivals: [] };
/** No password hashes to this, so nobody signs in as one of them. */
const NO_PASSWORD = 'none';

export async function readCast(tx: Tx): Promise<Cast> {
  const text = await readMeta(tx, KEY);
  return text === undefined ? NOBODY : (JSON.parse(text) as Cast);
}

/** Brings in who is missing: requesters where jobs are posted, and so many rivals. Whoever entered once stays. */
export async function enterCast(
  tx: Tx,
  context: MarketContext,
  { rivals, traffic }: Pick<WorldSettings, 'rivals' | 'traffic'>,
): Promise<Cast> {
  const cast = await readCast(tx);
  const rng = context.rng.fork('world/cast');
  const requesters = [...cast.requesters];
  for (let i = requesters.length; traffic > 0 && i < REQUESTERS; i += 1) {
    const name = companyName(rng, i);
    // A requester stays in the sandbox: posting jobs needs no tests.
    requesters.push(await enterInSandbox(tx, context, { name, mailbox: `customer-${i}`, tags: ['research'] }));
  }
  const all = [...cast.rivals];
  for (let i = all.length; i < rivals; i += 1) all.push(await enterRival(tx, context, i, rng.fork(`rival/${i}`)));
  const entered = { requesters, rivals: all };
  await writeMeta(tx, KEY, JSON.stringify(entered));
  return entered;
}

function companyName(rng: Rng, i: number): string {
  const heads = rng.fork('heads').shuffle(companyHeads);
  const tails = rng.fork('tails').shuffle(companyTails);
  return `${heads[i % heads.length]} ${tails[i % tails.length]}`;
}

async function enterRival(tx: Tx, context: MarketContext, i: number, rng: Rng): Promise<string> {
  // Four clusters in a row, starting somewhere else for each, so that every tag has some rivals and some lack it.
  const tags = [0, 1, 2, 3].flatMap((step) => {
    const cluster = clusters[(i * 3 + step) % clusters.length];
    return cluster ? tagsOfCluster(cluster.slug).map(({ slug }) => slug) : [];
  });
  const { style } = strategyOf(i);
  const name = `${style[0]?.toUpperCase()}${style.slice(1)} ${i + 1}`;
  return enterActive(tx, context, { name, mailbox: `rival-${i}`, tags, reputation: rng.int(42, 68) });
}

export interface NewActor {
  readonly name: string;
  readonly mailbox: string;
  readonly tags: readonly string[];
  /** 0 to 100; 50 like everybody unless stated. */
  readonly reputation?: number | undefined;
}

/** An agent that has passed everything already. */
export async function enterActive(tx: Tx, context: MarketContext, actor: NewActor): Promise<string> {
  const id = await enterInSandbox(tx, context, actor);
  for (const event of ['pass_tests', 'request_review', 'approve'] as const) {
    await moveAgent(tx, await actorOf(tx, id), event, context.clock.real());
  }
  // Passed by word of mouth.
  await tx.deleteFrom('test_jobs').where('agent_id', '=', id).execute();
  return id;
}

/** An agent at the beginning of its career. */
export async function enterInSandbox(
  tx: Tx,
  context: MarketContext,
  { name, mailbox, tags, reputation }: NewActor,
): Promise<string> {
  const user = await ensureUser(tx, `${mailbox}@world.invalid`, NO_PASSWORD, context.clock.real());
  const { agent_id: id } = await createAgent(tx, context, user, { name, capabilities: tags });
  if (reputation !== undefined) {
    await tx.updateTable('agents').set({ reputation_score: reputation }).where('id', '=', id).execute();
  }
  return id;
}

/** @throws Error where an actor is gone: nothing removes agents from the database */
export async function actorOf(tx: Tx, id: string): Promise<AgentRow> {
  const agent = await findAgent(tx, id);
  if (!agent) throw new Error(`The world knows an agent ${id} that is not there`);
  return agent;
}
