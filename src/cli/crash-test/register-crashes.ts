import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CrashPoint } from '#kit/crash-point.ts';
import type { Rng } from '#kit/rng.ts';
import { type Fate, startChaosProxy } from './chaos-proxy.ts';
import { CrashQueue, type Met } from './crash-queue.ts';
import { DrivenServer } from './driven-server.ts';
import { persist } from './persist-call.ts';
import { type SoakResult, UNLIMITED } from './soak.ts';
import { emptyTally } from './tally.ts';
import type { World } from './world.ts';

export interface RegisterOptions {
  readonly program: string;
  readonly world: World;
  readonly rng: Rng;
  readonly points: readonly CrashPoint[];
  readonly chaos: number;
  readonly fates: readonly Exclude<Fate, 'none'>[];
}

/** Registers one agent per crash point, each in a home of its own: one agent must come of each, and its key must work. */
export async function registerThroughCrashes({
  program,
  world,
  rng,
  points,
  chaos,
  fates,
}: RegisterOptions): Promise<SoakResult> {
  const tally = emptyTally();
  const problems: string[] = [];
  const proxy = await startChaosProxy({ target: world.url, rng: rng.fork('register'), rate: chaos, among: fates });
  const met = new Set<Met>();
  for (const [nth, point] of points.entries()) {
    const home = mkdtempSync(join(tmpdir(), 'sota-crash-'));
    const server = new DrivenServer({ program, env: { SOTA_HOME: home, SOTA_API_URL: proxy.url, ...UNLIMITED } });
    const email = `register-${nth}-${rng.int(0, 1_000_000_000)}@example.test`;
    const args = { email, name: 'crashed', clusters: ['code'], tags: ['code-review'] };
    tally.intentions += 1;
    const queue = new CrashQueue([point]);
    const settled = await persist(
      server,
      { tool: 'register_agent', args },
      {
        before: () => queue.arm(server, 'register_agent'),
        after: (armed) => queue.check(server, 'register_agent', armed),
      },
    );
    for (const one of queue.met) met.add(one);
    const agents = await world.agentsOf(email);
    if (!settled || settled.refused)
      problems.push(`register_agent at ${point}: ${JSON.stringify(settled?.data ?? 'no answer').slice(0, 300)}`);
    tally.duplicated += Math.max(0, agents - 1);
    tally.swallowed += agents === 0 ? 1 : 0;
    const status = await persist(server, { tool: 'get_status', args: {} });
    if (agents === 1 && (!status || status.refused)) {
      tally.lost += 1;
      problems.push(`register_agent at ${point}: the key was lost`);
    }
    tally.kill_points += server.kills;
    await server.kill();
    rmSync(home, { recursive: true, force: true });
  }
  await proxy.close();
  return { tally, problems, met };
}
