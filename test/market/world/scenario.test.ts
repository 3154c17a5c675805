import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { contentOf } from '#market/world/make-job.ts';
import { parseScenario } from '#market/world/scenario/parse-scenario.ts';
import { scenarioOptions } from '#market/world/scenario/scenario-options.ts';
import { manualClock, openTestMarket, type TestAgent, type TestMarket } from '../../support/market.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

/** Situations that are written down happen exactly so. */
const KEY = 'sk_live_candidate_0123456789';
const candidates = [{ name: 'candidate', tags: ['data-extraction'], status: 'active', api_key: KEY }];
const requesters = [{ name: 'Acme' }];
const rivals = [{ name: 'Cheap', tags: ['data-extraction'], reputation: 90, works: 'right', takes_seconds: 20 }];

let market: TestMarket;
let me: TestAgent;
afterEach(async () => {
  expect(await market.violations()).toEqual([]);
  await market.close();
});

async function play(written: object, more: Parameters<typeof openTestMarket>[0] = {}): Promise<void> {
  const scenario = parseScenario(JSON.stringify({ candidates, requesters, rivals, ...written }), 'test.json');
  const { settings, world } = scenarioOptions(scenario);
  market = await openTestMarket({ ...more, settings, world, scenario });
  me = market.as({ id: '', key: KEY });
}
/** Small steps, in which the candidate stays alive. */
async function run(seconds: number): Promise<void> {
  for (let passed = 0; passed < seconds; passed += 1) {
    if (passed % 20 === 0) await me.call('POST', 'agents/heartbeat');
    await market.passSeconds(1);
  }
}
const board = async () => (await me.call('GET', 'agents/jobs')).body.jobs;
const look = async (id: string) => (await me.call('GET', `agents/jobs/${id}`)).body;
const bid = (job_id: string, amount_usdc: number) =>
  me.call('POST', 'agents/bid', { job_id, amount_usdc, estimated_seconds: 60 });
const deliver = (job_id: string, result: unknown) =>
  me.call('POST', 'agents/deliver', { job_id, result: JSON.stringify(result) });

const JOB = { by: 'Acme', name: 'first', tag: 'data-extraction', budget_usdc: 10 };

/** The first job, won and accepted. */
async function won(): Promise<{ id: string; right: { records: unknown[] } }> {
  const [job] = await board();
  expect((await bid(job.id, 1)).status).toBe(200);
  await run(job.bid_window_seconds);
  expect((await me.call('POST', `agents/jobs/${job.id}/accept`)).status).toBe(200);
  return { id: job.id, right: contentOf('data-extraction').solve(job) as { records: unknown[] } };
}

describe('what is written', () => {
  it('happens: job, window, rival bid, and nothing besides', async () => {
    await play({
      jobs: [
        { ...JOB, at_seconds: 5, bids: [{ by: 'Cheap', amount_usdc: 4, estimated_seconds: 30, after_seconds: 3 }] },
        {
          by: 'Acme',
          at_seconds: 60,
          description: 'Own words',
          tags: ['data-extraction'],
          budget_usdc: 2,
          title: 'Mine',
        },
      ],
    });
    expect(await board()).toEqual([]);
    await run(5);
    const [job] = await board();
    expect(job).toMatchObject({ budget_usdc: 10, bid_window_seconds: 15, status: 'bidding' });
    await run(20);
    expect(
      (await market.market.db.selectFrom('jobs').select('winner_agent_id').execute())[0]?.winner_agent_id,
    ).not.toBe(null);
    await run(35);
    expect(await board()).toMatchObject([{ title: 'Mine', description: 'Own words', budget_usdc: 2 }]);
    await run(600);
    expect(await market.market.db.selectFrom('jobs').select('id').execute()).toHaveLength(2);
  });

  it('includes a rival that must be beaten', async () => {
    const bids = [{ by: 'Cheap', amount_usdc: 4, estimated_seconds: 30 }];
    await play({
      jobs: [
        { ...JOB, bids },
        { ...JOB, name: 'second', bids },
      ],
    });
    await market.passSeconds(0);
    const [dear, low] = await board();
    await bid(dear.id, 3.9);
    await bid(low.id, 1.5);
    await run(16);
    expect((await look(dear.id)).my_bid.status).toBe('lost');
    expect((await look(low.id)).my_bid.status).toBe('won');
  });

  it('waits for a candidate where it says so', async () => {
    await play({
      candidates: [],
      jobs: [{ ...JOB, when: 'a_candidate_is_active' }],
    });
    await market.passSeconds(30);
    expect(await market.market.db.selectFrom('jobs').select('id').execute()).toEqual([]);
    const late = await market.agent('late', { tags: ['data-extraction'] });
    await market.passSeconds(1);
    expect((await late.call('GET', 'agents/jobs')).body.jobs).toHaveLength(1);
  });

  it('gives everybody what it says: status, reputation, money', async () => {
    await play({
      candidates: [{ ...candidates[0], reputation: 77, spending_usdc: 12.5 }],
      realistic: true,
    });
    const { id, status } = (await me.call('GET', 'agents/me')).body;
    expect(status).toBe('active');
    expect((await me.call('GET', `agents/${id}/reputation`)).body.score).toBe(77);
    expect((await me.call('GET', 'payouts/summary')).body.spending_usdc).toBe(12.5);
  });
});

describe('a customer of a scenario', () => {
  it('reacts as written, delivery by delivery', async () => {
    const customer = [
      { do: 'request_changes', feedback: 'Sort them.', after_minutes: 5 },
      { do: 'rate', rating: 4 },
    ];
    await play({ jobs: [{ ...JOB, customer }] });
    await market.passSeconds(0);
    const { id, right } = await won();
    await deliver(id, right);
    await market.advanceHours(4 / 60);
    expect((await look(id)).status).toBe('completed');
    await market.advanceHours(1 / 60);
    expect(await look(id)).toMatchObject({ status: 'executing', feedback: 'Sort them.' });
    await deliver(id, right);
    await market.passSeconds(1);
    expect(await look(id)).toMatchObject({ rating: 4, escrow: { status: 'released' } });
  });

  it.each([
    ['release', 'released'],
    ['refund', 'refunded'],
    ['check', 'released'],
  ])('disputes, and the judge says %s', async (judge, escrow) => {
    await play({ jobs: [{ ...JOB, judge, customer: [{ do: 'rate', rating: 1 }] }] });
    await market.passSeconds(0);
    const { id, right } = await won();
    await deliver(id, right);
    await market.passSeconds(1);
    expect(await look(id)).toMatchObject({ status: 'disputed', escrow: { status: escrow } });
  });

  it('looks for itself where nothing is written', async () => {
    await play({ jobs: [JOB], temper: 'lenient' });
    await market.passSeconds(0);
    const { id, right } = await won();
    await deliver(id, { records: [...right.records].reverse() });
    await market.passSeconds(1);
    expect(await look(id)).toMatchObject({ status: 'executing', revision: 1 });
    await deliver(id, right);
    await market.passSeconds(1);
    expect((await look(id)).escrow.status).toBe('released');
  });

  it('may say nothing, and the clock moves on after the delivery, as written', async () => {
    await play({
      jobs: [{ ...JOB, customer: [{ do: 'stay_silent' }] }],
      clock: [{ after_delivery_of: 'first', advance_hours: 24 }],
    });
    await market.passSeconds(0);
    const { id, right } = await won();
    await deliver(id, right);
    await market.passSeconds(1);
    expect(await look(id)).toMatchObject({ rating: null, escrow: { status: 'released' } });
  });
});

describe('a rival of a scenario', () => {
  const bids = [{ by: 'Cheap', amount_usdc: 4, estimated_seconds: 30 }];
  it.each([
    ['right', 'completed', 'released'],
    ['wrong', 'disputed', 'refunded'],
    ['gives_up', 'failed', undefined],
    ['vanishes', 'failed', undefined],
  ])('that %s leaves the job %s', async (works, status, escrow) => {
    await play({
      rivals: [{ ...rivals[0], works }],
      jobs: [{ ...JOB, bids, customer: [{ do: 'check' }] }],
      temper: works === 'right' ? 'lenient' : 'strict',
    });
    await run(240);
    await market.advanceHours(30);
    const [job] = await market.market.db.selectFrom('jobs').selectAll().execute();
    const [last] = await market.market.db.selectFrom('escrows').select('status').execute();
    expect(job?.status).toBe(status);
    if (escrow) expect(last?.status).toBe(escrow);
  });
});

describe('through a restart', () => {
  it('a scenario goes on where it stood, and no other one can take its place', async () => {
    const clock = manualClock();
    const place = { data: join(temporaryDirectory(), 'data') };
    const written = { jobs: [JOB, { ...JOB, name: 'second', at_seconds: 30 }] };
    await play(written, { clock, place });
    await market.passSeconds(0);
    const { id, right } = await won();
    await market.close();
    await play(written, { clock, place });
    await deliver(id, right);
    await market.passSeconds(1);
    expect((await look(id)).escrow.status).toBe('released');
    await run(15);
    expect(await board()).toHaveLength(1);
    await market.close();
    await expect(play({ jobs: [JOB] }, { clock, place })).rejects.toThrow('holds another scenario');
    await play(written, { clock, place });
    expect(await board()).toHaveLength(1);
  });
});
