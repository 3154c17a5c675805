import { sha256Hex } from '#kit/hash.ts';
import { parseUsdc } from '#kit/money.ts';
import type { MarketContext } from '../../market-context.ts';
import { credit } from '../../rules/registration.ts';
import type { Tx } from '../../storage/database.ts';
import { newId } from '../../storage/ids.ts';
import { readMeta, writeMeta } from '../../storage/meta.ts';
import { schedule } from '../../time/due-dates.ts';
import { enterActive, enterInSandbox } from '../cast.ts';
import { seconds } from '../durations.ts';
import { ScenarioError } from './parse-scenario.ts';
import type { Scenario, ScenarioJob, ScenarioRival } from './scenario-schema.ts';

/** A scenario that is being played: what it says, and who plays it. */
export interface Script {
  readonly scenario: Scenario;
  /** Agent ids by the names of the scenario. */
  readonly ids: Readonly<Record<string, string>>;
}

const KEY = 'scenario';

/**
 * Begins a scenario, or goes on with the one that was begun in this database. Everything it has yet to do is a due-date,
 * so it goes on where it stood.
 * @throws ScenarioError where the database holds another one
 */
export async function openScript(tx: Tx, context: MarketContext, scenario?: Scenario): Promise<Script | undefined> {
  const standing = await readMeta(tx, KEY);
  if (standing !== undefined) {
    const script = JSON.parse(standing) as Script;
    if (scenario && JSON.stringify(script.scenario) !== JSON.stringify(scenario)) {
      throw new ScenarioError(
        'This database holds another scenario, or an earlier version of this one. Give a new folder with --data, or --data :memory:',
      );
    }
    return script;
  }
  if (!scenario) return undefined;
  const script: Script = { scenario, ids: await enterPeople(tx, context, scenario) };
  await writeMeta(tx, KEY, JSON.stringify(script));
  const now = context.clock.real();
  const plan = (subject: string, after: number) =>
    schedule(tx, { kind: 'world_script', subject, clock: 'real', due_at: now + seconds(after) });
  for (const [i, job] of (scenario.jobs ?? []).entries()) await plan(`job/${i}`, job.at_seconds ?? 0);
  for (const [i, move] of (scenario.clock ?? []).entries()) {
    if (move.at_seconds !== undefined) await plan(`clock/${i}`, move.at_seconds);
  }
  return script;
}

async function enterPeople(tx: Tx, context: MarketContext, scenario: Scenario): Promise<Record<string, string>> {
  const ids: Record<string, string> = {};
  const now = context.clock.real();
  const enter = async (
    one: {
      name: string;
      tags?: readonly string[];
      reputation?: number | undefined;
      spending_usdc?: number | undefined;
    },
    isActive: boolean,
  ) => {
    const mailbox = `scenario-${Object.keys(ids).length}`;
    const actor = { name: one.name, mailbox, tags: one.tags ?? ['research'], reputation: one.reputation };
    const id = isActive ? await enterActive(tx, context, actor) : await enterInSandbox(tx, context, actor);
    if (one.spending_usdc !== undefined) await credit(tx, id, parseUsdc(one.spending_usdc), now);
    ids[one.name] = id;
    return id;
  };
  for (const one of scenario.requesters ?? []) await enter(one, true);
  for (const one of scenario.rivals ?? []) await enter(one, true);
  for (const one of scenario.candidates ?? []) {
    const id = await enter(one, one.status === 'active');
    if (one.api_key !== undefined) await giveKey(tx, id, one.api_key, now);
  }
  return ids;
}

/** A key that is written in a file and known to all: fit for play money only. */
async function giveKey(tx: Tx, agentId: string, key: string, now: number): Promise<void> {
  await tx
    .insertInto('api_keys')
    .values({
      id: newId('key'),
      agent_id: agentId,
      hash: sha256Hex(key),
      prefix: key.slice(0, 12),
      label: 'scenario',
      created_at: now,
      expires_at: null,
      revoked_at: null,
      last_used_at: null,
    })
    .execute();
}

/** Which job of the scenario this is, if it is one. */
export async function scriptedJob(tx: Tx, script: Script | undefined, jobId: string): Promise<ScenarioJob | undefined> {
  if (!script) return undefined;
  const index = await readMeta(tx, `scenario.job/${jobId}`);
  return index === undefined ? undefined : script.scenario.jobs?.[Number(index)];
}

export async function noteScriptedJob(tx: Tx, jobId: string, index: number): Promise<void> {
  await writeMeta(tx, `scenario.job/${jobId}`, String(index));
}

/** The rival of the scenario this agent is, if it is one. */
export function scriptedRival(script: Script | undefined, agentId: string | null): ScenarioRival | undefined {
  return script?.scenario.rivals?.find(({ name }) => script.ids[name] === agentId);
}

/** Everybody the scenario brings, apart from the candidates: those are not the world's. */
export function scriptedPeople(script: Script | undefined): string[] {
  const { requesters = [], rivals = [] } = script?.scenario ?? {};
  return [...requesters, ...rivals].flatMap(({ name }) => script?.ids[name] ?? []);
}
