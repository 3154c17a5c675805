import { afterEach, describe, expect, it } from 'vitest';
import { contentOf } from '#market/world/make-job.ts';
import type { WorldSettings } from '#market/world/world-settings.ts';
import { lastingPlace } from '../../support/engine.ts';
import { manualClock, openTestMarket, type TestAgent, type TestMarket } from '../../support/market.ts';

/** The people of the world, watched through the database and met through the API. */
let market: TestMarket;
afterEach(async () => {
  expect(await market.violations()).toEqual([]);
  await market.close();
});

async function enter(world: Partial<WorldSettings> = {}, more: Parameters<typeof openTestMarket>[0] = {}) {
  market = await openTestMarket({ ...more, world: { traffic: 600, ...world } });
}
/** Lets real time pass as a running marketplace sees it: in small pieces. */
async function run(seconds: number, pieces = 10, live: () => Promise<unknown> = async () => {}): Promise<void> {
  for (let passed = 0; passed < seconds; passed += pieces) {
    await live();
    await market.passSeconds(pieces);
  }
}
const jobs = () => market.market.db.selectFrom('jobs').selectAll().orderBy('seq').execute();
/** Everything that happened, without what is random by nature. */
const history = async () => {
  const rows = await jobs();
  const number = new Map(rows.map(({ id, seq }) => [id, Number(seq)]));
  const bids = await market.market.db
    .selectFrom('bids')
    .innerJoin('agents', 'agents.id', 'bids.agent_id')
    .select(['bids.job_id', 'agents.name', 'bids.amount_micro', 'bids.status'])
    .orderBy('bids.seq')
    .execute();
  return {
    jobs: rows.map(({ title, status, rating, retry_count, revision }) => ({
      title,
      status,
      rating,
      retry_count,
      revision,
    })),
    bids: bids.map((bid) => ({ ...bid, job_id: number.get(bid.job_id), amount_micro: Number(bid.amount_micro) })),
  };
};

const postJob = async (by: TestAgent, more: object = {}) => {
  const job = {
    description: 'Say something',
    budget_usdc: 10,
    tags: ['code-review'],
    bid_window_seconds: 60,
    expected_schema: { type: 'object', required: ['note'], properties: { note: { type: 'string', minLength: 3 } } },
  };
  return (await by.call('POST', 'jobs', { ...job, ...more })).body;
};
async function wonBy(worker: TestAgent, job: string, requester: TestAgent): Promise<string> {
  const { body } = await worker.call('POST', 'agents/bid', { job_id: job, amount_usdc: 1, estimated_seconds: 600 });
  await requester.call('POST', `jobs/${job}/award`, { bid_id: body.id });
  await worker.call('POST', `agents/jobs/${job}/accept`);
  return job;
}

it('without traffic nothing is posted, while the judge still sits', async () => {
  await enter({ traffic: 0 });
  await run(60);
  expect(await jobs()).toEqual([]);
  const [requester, worker] = [await market.agent('requester'), await market.agent('worker')];
  const id = await wonBy(worker, (await postJob(requester)).id, requester);
  await worker.call('POST', 'agents/deliver', { job_id: id, result: '{"note":"done"}' });
  await requester.call('POST', `jobs/${id}/accept-delivery`, { rating: 1 });
  await market.advanceHours(1);
  expect((await requester.call('GET', `jobs/${id}`)).body).toMatchObject({
    status: 'disputed',
    escrow: { status: 'released' },
  });
});

describe('rivals', () => {
  it('bid on the jobs of others too, and hand in something of the requested shape', async () => {
    await enter({ traffic: 0 });
    const requester = await market.agent('requester', { tags: ['translation'] });
    const posted = [];
    for (let i = 0; i < 6; i += 1) posted.push((await postJob(requester, { budget_usdc: 5 })).id);
    await run(700);
    const done = [];
    for (const id of posted) done.push((await requester.call('GET', `jobs/${id}`)).body);
    const delivered = done.filter(({ status }) => status === 'completed');
    expect(delivered.length).toBeGreaterThanOrEqual(3);
    for (const { result } of delivered) expect(JSON.parse(result).note.length).toBeGreaterThanOrEqual(3);
  });
});

describe('customers', () => {
  /** A job of the world that the worker, cheaper and faster than anybody, has won and accepted. */
  async function taken(worker: TestAgent): Promise<{ id: string; right: string; wrong: string }> {
    for (;;) {
      const [job] = (await worker.call('GET', 'agents/jobs')).body.jobs;
      if (job) {
        const offer = { job_id: job.id, amount_usdc: 0.5, estimated_seconds: 3600 };
        expect((await worker.call('POST', 'agents/bid', offer)).status).toBe(200);
        await run(job.bid_window_seconds + 5, 20, () => worker.call('POST', 'agents/heartbeat'));
        expect((await worker.call('POST', `agents/jobs/${job.id}/accept`)).status).toBe(200);
        const answer = contentOf(job.tags[0]).solve(job) as { records: unknown[] };
        const wrong = { records: [...answer.records].reverse() };
        return { id: job.id, right: JSON.stringify(answer), wrong: JSON.stringify(wrong) };
      }
      await run(5);
    }
  }
  const deliver = (worker: TestAgent, job_id: string, result: string) =>
    worker.call('POST', 'agents/deliver', { job_id, result });
  const look = async (worker: TestAgent, id: string) => (await worker.call('GET', `agents/jobs/${id}`)).body;

  it('pay for what is right', async () => {
    await enter({ temper: 'lenient' });
    const worker = await market.agent('worker', { tags: ['data-extraction'] });
    const { id, right } = await taken(worker);
    await deliver(worker, id, right);
    await market.advanceHours(0.25);
    expect(await look(worker, id)).toMatchObject({ status: 'completed', escrow: { status: 'released' } });
    expect((await worker.call('GET', 'payouts/summary')).body.available_usdc).toBe(0.45);
  });

  it('say what is wrong once, dispute it the second time, and the judge agrees with them', async () => {
    await enter({ temper: 'fair' });
    const worker = await market.agent('worker', { tags: ['data-extraction'] });
    const { id, wrong } = await taken(worker);
    await deliver(worker, id, wrong);
    await market.advanceHours(0.25);
    const sentBack = await look(worker, id);
    expect(sentBack).toMatchObject({ status: 'executing', revision: 1 });
    expect(sentBack.feedback).toContain('Match each field by its label');
    await deliver(worker, id, wrong);
    await market.advanceHours(24);
    expect(await look(worker, id)).toMatchObject({ status: 'disputed', rating: 2, escrow: { status: 'refunded' } });
    expect((await worker.call('GET', 'payouts/summary')).body.available_usdc).toBe(0);
  });

  it('pay for what was mended', async () => {
    await enter({ temper: 'lenient' });
    const worker = await market.agent('worker', { tags: ['data-extraction'] });
    const { id, right, wrong } = await taken(worker);
    await deliver(worker, id, wrong);
    await market.advanceHours(0.25);
    await deliver(worker, id, right);
    await market.advanceHours(0.25);
    expect((await look(worker, id)).escrow.status).toBe('released');
  });
});

describe('over a long time', () => {
  const clock = () => manualClock();

  it('a restart at any moment changes nothing of what happens', async () => {
    const settings = { seed: 'restart' };
    await enter({ traffic: 240 }, { settings, clock: clock() });
    await run(400);
    const expected = await history();
    await market.close();

    const [place, time] = [await lastingPlace(), clock()];
    const reopen = () => enter({ traffic: 240 }, { settings, clock: time, place });
    await reopen();
    for (let piece = 0; piece < 4; piece += 1) {
      await run(100);
      await market.close();
      await reopen();
    }
    expect(await history()).toEqual(expected);
    expect(expected.bids.length).toBeGreaterThan(10);
  });

  it('a process without a world leaves it standing, for one that has it again', async () => {
    const [place, time] = [await lastingPlace(), clock()];
    await enter({ traffic: 240 }, { clock: time, place });
    await run(60);
    const waiting = async () =>
      (await market.market.db.selectFrom('due_dates').select('id').where('kind', 'like', 'world%').execute()).length;
    const [before, planned] = [(await jobs()).length, await waiting()];
    await market.close();
    market = await openTestMarket({ clock: time, place });
    await run(100);
    expect([(await jobs()).length, await waiting()]).toEqual([before, planned]);
    await market.close();
    await enter({ traffic: 240 }, { clock: time, place });
    await run(60);
    expect((await jobs()).length).toBeGreaterThan(before);
  });

  it('what is long over disappears, but not what an agent of the owner had a part in, and the books stay right', async () => {
    await enter({ traffic: 300, keepFinishedJobs: 3, temper: 'lenient', maxOpenJobs: 100 });
    const agent = await market.agent('bidder', { tags: ['sql-query'] });
    let own: string | undefined;
    await run(200, 20, async () => {
      const [job] = (await agent.call('GET', 'agents/jobs')).body.jobs;
      own ??= job?.id;
      if (job?.id === own)
        await agent.call('POST', 'agents/bid', { job_id: own, amount_usdc: 2, estimated_seconds: 900 });
    });
    await run(400);
    await market.advanceHours(25);
    const before = await jobs();
    const settled = before.filter(({ status }) => ['failed', 'completed', 'disputed'].includes(status)).length;
    expect(settled).toBeGreaterThan(15);
    await run(300);
    const left = new Set((await jobs()).map(({ id }) => id));
    const gone = before.filter(({ id }) => !left.has(id));
    expect(gone.length).toBeGreaterThan(settled / 2);
    expect((await agent.call('GET', `agents/jobs/${own}`)).status).toBe(200);
    const entries = await market.market.db.selectFrom('ledger_entries').selectAll().execute();
    expect(entries.filter(({ job_id }) => job_id !== null && !left.has(job_id))).toEqual([]);
    expect(entries.some(({ kind }) => kind === 'carried')).toBe(true);
    const activity = await market.market.db.selectFrom('activity').select('job_id').execute();
    expect(activity.filter(({ job_id }) => job_id !== null && !left.has(job_id))).toEqual([]);
  });
});
