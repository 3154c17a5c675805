import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Place } from '#market/open-place.ts';
import { lastingPlace } from '../support/engine.ts';
import { manualClock, openTestMarket, type TestAgent, type TestMarket } from '../support/market.ts';

/** What happens when nobody does anything: every due-date of the rules, on its clock, through restarts. */
let market: TestMarket;
let requester: TestAgent;
let worker: TestAgent;

async function enter(options: Parameters<typeof openTestMarket>[0] = {}): Promise<void> {
  market = await openTestMarket(options);
  requester = await market.agent('requester');
  worker = await market.agent('worker');
}
beforeEach(() => enter());
afterEach(async () => {
  expect(await market.violations()).toEqual([]);
  await market.close();
});

/** A job the worker has won, with its promise in seconds. */
async function won(estimate = 600, by = worker): Promise<string> {
  const job = { description: 'Review it', budget_usdc: 5, tags: ['code-review'], bid_window_seconds: 86_400 };
  const { body } = await requester.call('POST', 'jobs', job);
  await bidFor(body.id, estimate, by);
  return body.id;
}
async function bidFor(job: string, estimate: number, by = worker): Promise<void> {
  const offer = { job_id: job, amount_usdc: 4, estimated_seconds: estimate };
  const { body } = await by.call('POST', 'agents/bid', offer);
  expect((await requester.call('POST', `jobs/${job}/award`, { bid_id: body.id })).status).toBe(200);
}
async function begun(estimate = 600): Promise<string> {
  const job = await won(estimate);
  expect((await worker.call('POST', `agents/jobs/${job}/accept`)).status).toBe(200);
  return job;
}
async function delivered(): Promise<string> {
  const job = await begun();
  expect((await worker.call('POST', 'agents/deliver', { job_id: job, result: 'done' })).status).toBe(200);
  return job;
}
const look = async (job: string, by = requester) => (await by.call('GET', `jobs/${job}`)).body;
const beat = () => worker.call('POST', 'agents/heartbeat');
const score = async () => (await requester.call('GET', `agents/${worker.id}/reputation`)).body.score;
const spending = async () => (await requester.call('GET', 'payouts/summary')).body.spending_usdc;
/** Lets time pass in pieces, with a sign of life before each. */
async function live(seconds: number, sign: () => Promise<unknown> = beat): Promise<void> {
  for (let left = seconds; left > 0; left -= 30) {
    await sign();
    await market.passSeconds(Math.min(30, left));
  }
}

describe('a winner that falls silent', () => {
  it.each([
    ['before it accepts', won],
    ['while it works', begun],
  ])('%s loses the job after 90 s: money back, bids cleared, another window, five points less', async (_when, start) => {
    const before = await spending();
    const job = await start(600);
    await market.passSeconds(89);
    expect((await look(job)).winner_agent_id).toBe(worker.id);
    await market.passSeconds(1);
    expect(await look(job)).toMatchObject({ status: 'bidding', winner_agent_id: null, retry_count: 1, escrow: null });
    expect(await score()).toBe(45);
    expect(await spending()).toBe(before - 5);
    expect((await worker.call('GET', 'agents/bids')).body.bids).toMatchObject([{ status: 'cleared' }]);
    const { entries } = (await worker.call('GET', `agents/activity-log?job_id=${job}&limit=1000`)).body;
    expect(entries.at(-2)).toMatchObject({ event_type: 'job_status', payload: { error_code: 'winner_offline' } });
  });

  it('the third time ends the job, with the reason in it', async () => {
    const before = await spending();
    const job = await won();
    await market.passSeconds(90);
    await bidFor(job, 600);
    await market.passSeconds(90);
    await bidFor(job, 600);
    await market.passSeconds(90);
    expect(await look(job)).toMatchObject({ status: 'failed', error_code: 'winner_offline', retry_count: 2 });
    expect(await spending()).toBe(before);
    expect(await score()).toBe(35);
  });

  it.each([
    ['a heartbeat', () => beat()],
    ['a look around', () => worker.call('GET', 'agents/jobs')],
    [
      'even a refused call',
      () => worker.call('POST', 'agents/bid', { job_id: 'job_none', amount_usdc: 1, estimated_seconds: 1 }),
    ],
  ])('is not one that is heard: %s counts', async (_what, sign) => {
    const job = await begun();
    await live(600, sign);
    expect((await look(job)).status).toBe('executing');
    expect(Date.parse((await worker.call('GET', 'agents/me')).body.last_seen_at)).toBe(
      market.market.context.clock.real(),
    );
    await market.passSeconds(91);
    expect((await look(job)).status).toBe('bidding');
  });

  it('is waited for again after it was sent back to work', async () => {
    const job = await delivered();
    await market.passSeconds(600);
    expect((await requester.call('POST', `jobs/${job}/request-changes`, { feedback: 'more' })).status).toBe(200);
    await market.passSeconds(89);
    expect((await look(job)).status).toBe('executing');
    await market.passSeconds(1);
    expect((await look(job)).status).toBe('bidding');
  });

  it('owes nothing once it has delivered', async () => {
    const job = await delivered();
    await market.passSeconds(3600);
    expect((await look(job)).status).toBe('completed');
    expect(await score()).toBe(50);
  });
});

describe('work that takes too long', () => {
  it.each([
    ['twice what was promised', 100, 200],
    ['at least a minute', 5, 60],
  ])('fails after %s, with the reason timeout, and no second chance', async (_what, estimate, limit) => {
    const before = await spending();
    const job = await begun(estimate);
    const { deadline_at } = (await worker.call('GET', `agents/jobs/${job}`)).body;
    expect(Date.parse(deadline_at) - market.market.context.clock.real()).toBe(limit * 1000);
    await live(limit - 1);
    expect((await look(job)).status).toBe('executing');
    await market.passSeconds(1);
    expect(await look(job)).toMatchObject({ status: 'failed', error_code: 'timeout', retry_count: 0 });
    expect(await spending()).toBe(before);
    expect(await score()).toBe(45);
  });

  it('goes on while progress is reported: each report gives the promised time again', async () => {
    const job = await begun(100);
    const report = () => worker.call('POST', 'agents/progress', { job_id: job, percent: 10 });
    await live(600, report);
    expect((await look(job)).status).toBe('executing');
    await live(70);
    expect((await look(job)).status).toBe('failed');
  });

  it('is not cut short by an early report', async () => {
    const job = await begun(100);
    await worker.call('POST', 'agents/progress', { job_id: job, percent: 1 });
    await live(199);
    expect((await look(job)).status).toBe('executing');
  });
});

describe('a requester that says nothing', () => {
  it('has accepted after 24 hours of virtual time, while live agents stay live', async () => {
    const [job, working] = [await delivered(), await begun()];
    await market.advanceHours(23.99);
    expect((await look(job)).escrow.status).toBe('delivered');
    await market.advanceHours(0.01);
    expect((await look(job)).escrow.status).toBe('released');
    expect((await look(working)).status).toBe('executing');
    expect(await score()).toBe(55);
  });

  it('is overtaken by the safety net after 72 hours where the day was lost', async () => {
    const job = await delivered();
    await market.market.db.deleteFrom('due_dates').where('kind', '=', 'auto_confirm').execute();
    await market.advanceHours(71.99);
    expect((await look(job)).escrow.status).toBe('delivered');
    await market.advanceHours(0.01);
    expect((await look(job)).escrow.status).toBe('released');
  });

  it.each([
    ['accepts', 'accept-delivery', { rating: 5 }, 'released'],
    ['disputes', 'accept-delivery', { rating: 1 }, 'disputed'],
    ['asks for changes', 'request-changes', { feedback: 'more' }, 'funded'],
  ])('no longer, once it %s: neither clock runs on', async (_what, path, body, escrow) => {
    const job = await delivered();
    expect((await requester.call('POST', `jobs/${job}/${path}`, body)).status).toBe(200);
    await market.advanceHours(100);
    expect((await look(job)).escrow.status).toBe(escrow);
  });

  it('several days at once are settled in their order', async () => {
    const [first, second] = [await delivered(), await delivered()];
    await market.advanceHours(12);
    const third = await delivered();
    await market.advanceHours(24);
    const released = (await worker.call('GET', 'payouts/activity')).body.entries.map(
      (entry: { job_id: string }) => entry.job_id,
    );
    expect(released.reverse()).toEqual([first, second, third]);
  });
});

describe('a rotated key', () => {
  it('works for 60 s and is then listed as revoked, at the moment it ended', async () => {
    const { body } = await worker.call('POST', 'agents/keys/rotate');
    const fresh = market.as({ id: worker.id, key: body.api_key });
    await market.passSeconds(59);
    expect((await worker.call('GET', 'agents/me')).status).toBe(200);
    await market.passSeconds(1);
    expect((await worker.call('GET', 'agents/me')).status).toBe(401);
    const { keys } = (await fresh.call('GET', 'agents/keys?include_revoked=true')).body;
    const ended = keys.filter((key: { revoked_at: string | null }) => key.revoked_at !== null);
    expect(ended).toMatchObject([{ revoked_at: ended[0].expires_at }]);
    expect(keys).toHaveLength(2);
    worker = fresh;
  });
});

describe('through a restart', () => {
  const clock = manualClock();
  let place: Place;
  beforeEach(async () => {
    await market.close();
    place = await lastingPlace();
    await enter({ place, clock });
  });
  async function restart(secondsAway: number): Promise<void> {
    await market.close();
    clock.forward(secondsAway * 1000);
    market = await openTestMarket({ place, clock });
    [requester, worker] = [market.as(requester), market.as(worker)];
  }

  it.each<[string, () => Promise<string>, number, object]>([
    ['a silence that was over', () => won(), 90, { status: 'bidding', retry_count: 1 }],
    ['a time-out that was over', () => begun(10), 60, { status: 'failed', error_code: 'timeout' }],
  ])('%s is settled once, before the first request', async (_what, start, away, expected) => {
    const job = await start();
    await restart(away);
    expect(await look(job)).toMatchObject(expected);
    await restart(1);
    expect(await look(job)).toMatchObject(expected);
    expect(await score()).toBe(45);
  });

  it('a silence in which the marketplace itself was away proves nothing: the winner gets 90 s more', async () => {
    const [job, slow] = [await won(), await begun(60)];
    await restart(3600);
    expect((await look(job)).status).toBe('assigned');
    await market.passSeconds(89);
    expect((await look(job)).status).toBe('assigned');
    expect((await look(slow)).status).toBe('executing');
    await market.passSeconds(1);
    expect((await look(job)).status).toBe('bidding');
    expect((await look(slow)).status).toBe('bidding');
  });

  it('and a worker that comes back in time keeps its job, and its time to work', async () => {
    const job = await begun(30);
    await restart(3600);
    await live(149);
    expect((await look(job)).status).toBe('executing');
    await market.passSeconds(1);
    expect((await look(job)).status).toBe('failed');
  });

  it('the hours already passed are not lost', async () => {
    const job = await delivered();
    await market.advanceHours(20);
    await restart(4 * 3600);
    expect((await look(job)).escrow.status).toBe('released');
  });

  it('a key whose grace ended meanwhile stays dead', async () => {
    const { body } = await worker.call('POST', 'agents/keys/rotate');
    await restart(60);
    expect((await worker.call('GET', 'agents/me')).status).toBe(401);
    worker = market.as({ id: worker.id, key: body.api_key });
    expect((await worker.call('GET', 'agents/me')).status).toBe(200);
  });
});

it('virtual time runs as fast as it is told, real time does not', async () => {
  await market.close();
  await enter({ settings: { speed: 60 } });
  const job = await delivered();
  await market.passSeconds(24 * 60 - 1);
  expect((await look(job)).escrow.status).toBe('delivered');
  await market.passSeconds(1);
  expect((await look(job)).escrow.status).toBe('released');
});
