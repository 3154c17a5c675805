import type { Micro } from '#kit/money.ts';
import { type RunningMarket, startMarket } from '#market/serve.ts';
import { EXTERNAL, earningsOf, transfer } from '#market/storage/ledger.ts';

/** An agent of the other side, or the one under test seen from outside: speaks to the marketplace directly, unbroken. */
export interface WorldAgent {
  readonly id: string;
  readonly key: string;
  api(method: string, path: string, body?: unknown): Promise<Readonly<Record<string, unknown>>>;
}

/** The marketplace of a crash test, with the power to set scenes and to look at what really happened. */
export interface World {
  readonly url: string;
  agent(options?: { active?: boolean; earnings?: Micro; spending?: number }): Promise<WorldAgent>;
  admin(agentId: string, action: string): Promise<void>;
  /** Spares an agent the sandbox, short of asking for review. */
  passTests(agentId: string): Promise<void>;
  /** How often something happened to an agent, by the marketplace's own log, which is written with the effect. */
  count(agentId: string, type: string, payload?: Readonly<Record<string, unknown>>): Promise<number>;
  agentsOf(email: string): Promise<number>;
  ids(table: 'payouts' | 'jobs'): Promise<ReadonlySet<string>>;
  attemptsOf(testJobId: string): Promise<number>;
  violations(): Promise<readonly unknown[]>;
  close(): Promise<void>;
}

export async function openWorld(seed: string): Promise<World> {
  const settings = { seed, welcomeCredit: 0n, reviewer: { decision: 'manual' as const, delayMs: 0 } };
  const running = await startMarket({ port: 0, data: ':memory:', settings });
  const { db, context } = running.market;
  let serial = 0;

  const request = async (method: string, path: string, key?: string, body?: unknown) => {
    const answer = await fetch(running.url + path, {
      method,
      headers: { Connection: 'close', ...(key ? { 'X-API-Key': key } : {}) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}: ${text}`);
    return JSON.parse(text) as Record<string, unknown>;
  };

  const world: World = {
    url: running.url,
    async agent({ active = true, earnings = 0n, spending = 0 } = {}) {
      serial += 1;
      const registered = await request('POST', '/api/v1/agents/register/simple', undefined, {
        email: `world${serial}@example.test`,
        password: 'correct horse battery',
        agent_name: `world-${serial}`,
        capabilities: ['code-review'],
      });
      const [id, key] = [String(registered.agent_id), String(registered.api_key)];
      if (active) await world.admin(id, 'activate');
      if (spending) await request('POST', '/_local/fund', undefined, { agent_id: id, amount_usdc: spending });
      if (earnings) await credit(running, id, earnings, context.clock.real());
      return { id, key, api: (method, path, body) => request(method, `/api/v1/${path}`, key, body) };
    },
    async admin(agentId, action) {
      await request('POST', `/_local/admin/agents/${agentId}/${action}`, undefined, {});
    },
    async passTests(agentId) {
      await db.updateTable('test_jobs').set({ status: 'passed' }).where('agent_id', '=', agentId).execute();
      await db.updateTable('agents').set({ status: 'testing_passed' }).where('id', '=', agentId).execute();
    },
    async count(agentId, type, payload = {}) {
      const rows = await db
        .selectFrom('activity')
        .select('payload')
        .where('agent_id', '=', agentId)
        .where('event_type', '=', type)
        .execute();
      const wanted = Object.entries(payload);
      return rows.filter((row) => {
        const found = JSON.parse(row.payload) as Record<string, unknown>;
        return wanted.every(([name, value]) => found[name] === value);
      }).length;
    },
    async agentsOf(email) {
      const rows = await db
        .selectFrom('agents')
        .innerJoin('users', 'users.id', 'agents.user_id')
        .select('agents.id')
        .where('email', '=', email)
        .execute();
      return rows.length;
    },
    ids: async (table) => new Set((await db.selectFrom(table).select('id').execute()).map((row) => row.id)),
    async attemptsOf(testJobId) {
      const row = await db
        .selectFrom('test_jobs')
        .select('attempt')
        .where('id', '=', testJobId)
        .executeTakeFirstOrThrow();
      return row.attempt;
    },
    violations: async () => (await request('GET', '/_local/audit')).violations as unknown[],
    close: () => running.close(),
  };
  return world;
}

function credit({ market }: RunningMarket, agentId: string, amount: Micro, at: number): Promise<void> {
  return market.db
    .transaction()
    .execute((tx) => transfer(tx, { from: EXTERNAL, to: earningsOf(agentId), amount, kind: 'fund', at }));
}
