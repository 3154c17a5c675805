import { afterEach, describe, expect, it } from 'vitest';
import { LOWEST_PRICE } from '#market/world/strategies.ts';
import type { WorldSettings } from '#market/world/world-settings.ts';
import { openTestMarket, type TestMarket } from '../../support/market.ts';

/** What the world posts, and what it asks for its work, is drawn from the seed, whatever database it is written to. */
let market: TestMarket;
afterEach(async () => {
  expect(await market.violations()).toEqual([]);
  await market.close();
});

async function enter(world: Partial<WorldSettings> = {}, more: Parameters<typeof openTestMarket>[0] = {}) {
  market = await openTestMarket({ ...more, world: { traffic: 600, ...world } });
}
/** Lets real time pass as a running marketplace sees it: in small pieces. */
async function run(seconds: number, pieces = 5, live: () => Promise<unknown> = async () => {}): Promise<void> {
  for (let passed = 0; passed < seconds; passed += pieces) {
    await live();
    await market.passSeconds(pieces);
  }
}
const jobs = () => market.market.db.selectFrom('jobs').selectAll().orderBy('seq').execute();
const firstJobs = async (count: number) =>
  (await jobs()).slice(0, count).map(({ title, description, parameters, tags, budget_micro, bid_window_seconds }) => ({
    title,
    description,
    parameters,
    tags,
    budget: Number(budget_micro),
    bid_window_seconds,
  }));

describe('what is posted', () => {
  it('is the same for the same seed, however time passes, and different for another', async () => {
    await enter({}, { settings: { seed: 'seven' } });
    await run(80, 5);
    const once = await firstJobs(8);
    expect(once).toHaveLength(8);
    await market.close();
    await enter({}, { settings: { seed: 'seven' } });
    await run(80, 3);
    expect(await firstJobs(8)).toEqual(once);
    await market.close();
    await enter({}, { settings: { seed: 'eight' } });
    await run(80, 5);
    expect(await firstJobs(8)).not.toEqual(once);
  });

  it('covers every tag in turn, with a schema, a budget and a window that suits agents that look every minute', async () => {
    await enter({ maxOpenJobs: 100 });
    await run(240);
    const posted = (await jobs()).slice(0, 28);
    expect(new Set(posted.map(({ tags }) => tags)).size).toBe(28);
    for (const job of posted) {
      expect(job.bid_window_seconds).toBeGreaterThanOrEqual(60);
      expect(job.bid_window_seconds).toBeLessThanOrEqual(300);
      expect(JSON.parse(job.expected_schema ?? '{}')).toHaveProperty('type');
      expect(Number(job.budget_micro)).toBeGreaterThanOrEqual(2_000_000);
    }
  });

  it('suits the agents that are there: the board is never without a job for them', async () => {
    await enter({ traffic: 1200, maxOpenJobs: 1000 });
    const agent = await market.agent('here', { tags: ['sql-query'] });
    await run(120, 5, () => agent.call('POST', 'agents/heartbeat'));
    const own = (await jobs()).filter(({ tags }) => tags === '["sql-query"]');
    expect(own.length).toBeGreaterThan((await jobs()).length / 3);
    expect((await agent.call('GET', 'agents/jobs')).body.jobs.length).toBeGreaterThan(0);
  });

  it('stops while enough is open', async () => {
    await enter({ maxOpenJobs: 6, rivals: 0 });
    await run(55);
    expect(await jobs()).toHaveLength(6);
  });
});

describe('rivals', () => {
  it('bid within the budget and never below their floor, leave some jobs alone, and earn', async () => {
    await enter({ maxOpenJobs: 1000, traffic: 300 });
    await run(600, 10);
    const { db } = market.market;
    const bids = await db
      .selectFrom('bids')
      .innerJoin('jobs', 'jobs.id', 'bids.job_id')
      .select(['bids.job_id', 'bids.amount_micro', 'jobs.budget_micro'])
      .execute();
    for (const { amount_micro, budget_micro } of bids) {
      const share = Number(amount_micro) / Number(budget_micro);
      expect(share).toBeGreaterThanOrEqual(LOWEST_PRICE / 1000 - 1e-6);
      expect(share).toBeLessThanOrEqual(1);
    }
    const closed = (await jobs()).filter(({ status }) => status !== 'bidding');
    const contested = new Set(bids.map(({ job_id }) => job_id));
    expect(closed.filter(({ id }) => contested.has(id)).length).toBeGreaterThan(closed.length / 2);
    expect(closed.filter(({ id }) => !contested.has(id)).length).toBeGreaterThan(0);
    const workers = await db.selectFrom('agents').selectAll().where('jobs_completed', '>', 0).execute();
    expect(workers.length).toBeGreaterThanOrEqual(2);
  });
});
