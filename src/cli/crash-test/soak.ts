import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CrashPoint } from '#kit/crash-point.ts';
import type { Rng } from '#kit/rng.ts';
import { type Fate, startChaosProxy } from './chaos-proxy.ts';
import { CrashQueue, type Met } from './crash-queue.ts';
import { DrivenServer } from './driven-server.ts';
import { persist, type Settlement } from './persist-call.ts';
import type { Intention, Round, Scenario } from './scenarios.ts';
import { emptyTally, type Tally } from './tally.ts';
import type { World } from './world.ts';

export interface SoakOptions {
  readonly program: string;
  readonly world: World;
  readonly scenario: Scenario;
  readonly rng: Rng;
  readonly intentions: number;
  /** Server processes on one state folder. */
  readonly processes: number;
  /** Share of connections that are broken. */
  readonly chaos: number;
  readonly fates: readonly Exclude<Fate, 'none'>[];
  /** Share of calls during which a process is killed at a random moment. */
  readonly killRate: number;
  /** Points to kill at, every one with every tool of the scenario, before killing at random begins. */
  readonly points?: readonly CrashPoint[];
}

export interface SoakResult {
  readonly tally: Tally;
  /** What went wrong, in words, for the first few. */
  readonly problems: readonly string[];
  readonly met: ReadonlySet<Met>;
}

/**
 * Lets one agent want the same kind of thing over and over, breaks connections and kills processes meanwhile, and then
 * compares what its answers said with what the marketplace's records say.
 */
export async function soak(options: SoakOptions): Promise<SoakResult> {
  const { world, rng } = options;
  const round = await options.scenario(world);
  const proxy = await startChaosProxy({
    target: world.url,
    rng: rng.fork('proxy'),
    rate: options.chaos,
    among: options.fates,
  });
  const home = mkdtempSync(join(tmpdir(), 'sota-crash-'));
  const env = { SOTA_HOME: home, SOTA_API_URL: proxy.url, SOTA_API_KEY: round.agent.key, ...UNLIMITED };
  const servers = Array.from({ length: options.processes }, () => new DrivenServer({ program: options.program, env }));
  const tally = emptyTally();
  const problems: string[] = [];
  const queue = new CrashQueue(options.points ?? []);
  try {
    // The other side refuses a scene that an earlier intention should have made possible.
    await live(options, round, servers, queue, tally, problems).catch((error: Error) => problems.push(error.message));
    await compare(world, round, tally, problems);
  } finally {
    for (const server of servers) {
      tally.kill_points += server.kills;
      await server.kill();
    }
    await proxy.close();
    rmSync(home, { recursive: true, force: true });
  }
  return { tally, problems, met: queue.met };
}

/** Full autonomy inside limits nobody reaches: what is tested here is not the policy. */
export const UNLIMITED: Readonly<Record<string, string>> = {
  SOTA_CONFIRM: 'never',
  SOTA_MAX_JOB_USDC: '1000000',
  SOTA_MAX_DAY_USDC: '1000000',
  SOTA_MAX_OPEN_ESCROW_USDC: '1000000',
  SOTA_LOG_LEVEL: 'silent',
};

/** Of the calls for one intention, how many may meet an accident that was arranged. */
const ARMED_CALLS = 3;

const named = new WeakMap<Tally, string[]>();

async function live(
  options: SoakOptions,
  round: Round,
  servers: readonly DrivenServer[],
  queue: CrashQueue,
  tally: Tally,
  problems: string[],
): Promise<void> {
  const { rng, killRate } = options;
  let last: Settlement['data'] | undefined;
  for (let i = 0; i < options.intentions || !queue.empty; i += 1) {
    const intention = await round.next(last);
    tally.intentions += 1;
    const server = rng.pick(servers);
    const settled = await persist(server, intention, {
      async before(nth) {
        const armed = nth <= ARMED_CALLS ? await queue.arm(server, intention.tool) : undefined;
        if (!armed && nth <= ARMED_CALLS && rng.next() < killRate) void killSoon(server, rng);
        return armed;
      },
      after: (armed) => queue.check(server, intention.tool, armed),
    });
    const twin = servers.length > 1 && rng.next() < 0.3 ? servers.find((other) => other !== server) : undefined;
    if (twin && settled && !settled.refused) await echo(twin, intention, tally, problems);
    note(intention, settled, tally, problems, round);
    if (settled && !settled.refused) last = settled.data;
  }
}

/** A moment inside a call: from before the request leaves to after its answer. */
async function killSoon(server: DrivenServer, rng: Rng): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, rng.int(0, 60)));
  await server.kill();
}

/** Another process gets the very same call, as from a second host: it must know that this was done. */
async function echo(twin: DrivenServer, intention: Intention, tally: Tally, problems: string[]): Promise<void> {
  const again = await persist(twin, intention);
  if (again?.data.outcome === 'joined') tally.joined += 1;
  if (!again) problems.push(`${intention.tool}: the second process never answered`);
}

function note(
  intention: Intention,
  settled: Settlement | undefined,
  tally: Tally,
  problems: string[],
  round: Round,
): void {
  if (!settled) {
    problems.push(`${intention.tool}: no answer after many calls`);
    return;
  }
  if (settled.refused) problems.push(`${intention.tool}: refused: ${JSON.stringify(settled.data).slice(0, 300)}`);
  if (settled.data.outcome === 'joined') tally.joined += 1;
  // The caller named the one before, so this one is wanted: to be told it may be a repeat is to be refused.
  if (settled.data.outcome === 'possible_duplicate') {
    problems.push(
      `${intention.tool}: taken for a repeat: ${JSON.stringify([intention.args, settled.data]).slice(0, 300)}`,
    );
  }
  const name = round.named && settled.data[round.named.field];
  if (typeof name === 'string') named.set(tally, [...(named.get(tally) ?? []), name]);
}

async function compare(world: World, round: Round, tally: Tally, problems: string[]): Promise<void> {
  const effects = await round.effects();
  if (effects > tally.intentions) {
    tally.duplicated += effects - tally.intentions;
    problems.push(`${effects} effects of ${tally.intentions} intentions`);
  }
  if (effects < tally.intentions) {
    tally.swallowed += tally.intentions - effects;
    problems.push(`${effects} effects of ${tally.intentions} intentions`);
  }
  if (!round.named) return;
  const there = await world.ids(round.named.table);
  const names = named.get(tally) ?? [];
  const missing = names.filter((name) => !there.has(name));
  const twice = names.length - new Set(names).size;
  tally.lost += missing.length + twice;
  if (missing.length || twice) problems.push(`${missing.length} named objects do not exist, ${twice} were named twice`);
}
