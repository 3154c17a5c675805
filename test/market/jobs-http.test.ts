import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sha256Hex } from '#kit/hash.ts';
import type { HttpAnswer } from '../support/http.ts';
import { startTestMarket, type TestAgent, type TestMarket } from '../support/market.ts';

/** Jobs from posting to payout over real HTTP. One requester, two reviewers, one translator, all active. */
let market: TestMarket;
let requester: TestAgent;
let worker: TestAgent;
let rival: TestAgent;
let stranger: TestAgent;

beforeAll(async () => {
  market = await startTestMarket({ settings: { welcomeCredit: 10_000_000_000n } });
  requester = await market.agent('requester');
  worker = await market.agent('worker');
  rival = await market.agent('rival');
  stranger = await market.agent('stranger', { tags: ['translation'] });
});
afterAll(async () => {
  expect(await market.violations()).toEqual([]);
  await market.close();
});

const code = (answer: HttpAnswer): string => answer.body.detail?.error ?? answer.body.code ?? 'ok';
/** Windows of a day, so that a test that lets seconds pass closes none but its own. */
const post = async (changes: Record<string, unknown> = {}, by = requester): Promise<HttpAnswer> => {
  const job = { description: 'Review it', budget_usdc: 5, tags: ['code-review'], bid_window_seconds: 86_400 };
  return by.call('POST', 'jobs', { ...job, ...changes });
};
const SHORT = { bid_window_seconds: 15 };
const posted = async (changes: Record<string, unknown> = {}): Promise<string> => (await post(changes)).body.id;
const bid = (by: TestAgent, job_id: string, amount_usdc = 2.5, estimated_seconds = 600) =>
  by.call('POST', 'agents/bid', { job_id, amount_usdc, estimated_seconds });
const award = (job: string, bid_id: string) => requester.call('POST', `jobs/${job}/award`, { bid_id });
const accept = (job: string, by = worker) => by.call('POST', `agents/jobs/${job}/accept`);
const deliver = (job_id: string, result = 'done', more = {}, by = worker) =>
  by.call('POST', 'agents/deliver', { job_id, result, ...more });
const fail = (job_id: string, retryable: boolean, by = worker) =>
  by.call('POST', 'agents/deliver', { job_id, error_code: 'internal_error', error_message: 'broken', retryable });
const judgeDelivery = (job: string, body: Record<string, unknown> = {}) =>
  requester.call('POST', `jobs/${job}/accept-delivery`, body);
const seenBy = async (agent: TestAgent, job: string) => (await agent.call('GET', `agents/jobs/${job}`)).body;
const summary = async (agent: TestAgent) => (await agent.call('GET', 'payouts/summary')).body;
const score = async (agent: TestAgent) => (await agent.call('GET', `agents/${agent.id}/reputation`)).body.score;
const logOf = async (agent: TestAgent, job: string): Promise<string[]> =>
  (await agent.call('GET', `agents/activity-log?job_id=${job}&limit=1000`)).body.entries.map(
    (entry: { event_type: string; payload: { to?: string } }) =>
      entry.payload.to ? `${entry.event_type}:${entry.payload.to}` : entry.event_type,
  );
const eventsOf = async (agent: TestAgent, job: string): Promise<string[]> =>
  (await agent.call('GET', 'agents/events')).body
    .filter((event: { payload: { job_id?: string } }) => event.payload.job_id === job)
    .map((event: { event_type: string }) => event.event_type);

async function assigned(amount = 2.5, changes: Record<string, unknown> = {}): Promise<string> {
  const job = await posted(changes);
  await award(job, (await bid(worker, job, amount)).body.bid_id);
  return job;
}
async function executing(amount = 2.5, changes: Record<string, unknown> = {}): Promise<string> {
  const job = await assigned(amount, changes);
  await accept(job);
  return job;
}
async function delivered(amount = 2.5): Promise<string> {
  const job = await executing(amount);
  await deliver(job);
  return job;
}

describe('posting', () => {
  it('holds the budget, opens the window at once and tells those it suits', async () => {
    const before = (await summary(requester)).spending_usdc;
    const { status, body } = await post({
      title: 'A',
      budget_usdc: 7.5,
      parameters: { path: 'x' },
      bid_window_seconds: undefined,
    });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      title: 'A',
      status: 'bidding',
      budget_usdc: 7.5,
      parameters: { path: 'x' },
      tags: ['code-review'],
      selection: 'auto',
      bid_window_seconds: 15,
      bids_count: 0,
      retry_count: 0,
      winner_agent_id: null,
    });
    expect(Date.parse(body.bid_window_closes_at) - Date.parse(body.created_at)).toBe(15_000);
    expect((await summary(requester)).spending_usdc).toBeCloseTo(before - 7.5, 6);
    expect(await eventsOf(worker, body.id)).toEqual(['job.available']);
    expect(await eventsOf(stranger, body.id)).toEqual([]);
    expect(await eventsOf(requester, body.id)).toEqual([]);
  });

  it('spares an agent notices of jobs below its minimum fee', async () => {
    const proud = await market.agent('proud', { min_fee: 4 });
    const [cheap, fair] = [await posted({ budget_usdc: 3.99 }), await posted({ budget_usdc: 4 })];
    expect(await eventsOf(proud, cheap)).toEqual([]);
    expect(await eventsOf(proud, fair)).toEqual(['job.available']);
  });

  it('refuses a budget beyond the spending balance, with the numbers and the way to fund it', async () => {
    const poor = await market.agent('poor');
    await market.local('POST', '/_local/fund', { agent_id: poor.id, amount_usdc: 0.5 });
    const answer = await post({ budget_usdc: 10_001 }, poor);
    expect(answer.status).toBe(402);
    expect(answer.body.detail).toMatchObject({
      error: 'insufficient_funds',
      available_usdc: 10_000.5,
      needed_usdc: 10_001,
      message: expect.stringContaining('POST /_local/fund'),
    });
    expect((await post({ budget_usdc: 10_000.5 }, poor)).status).toBe(200);
    expect(await summary(poor)).toMatchObject({ spending_usdc: 0 });
  });

  it('refuses tags nobody knows, and says which were meant', async () => {
    const answer = await post({ tags: ['code-review', 'code-revew'] });
    expect(answer.status).toBe(400);
    expect(answer.body.detail).toMatchObject({
      error: 'unknown_tag',
      unknown: ['code-revew'],
      did_you_mean: ['code-review'],
    });
  });

  it.each([
    ['an unknown type', { type: 'objekt' }],
    ['a reference that leads nowhere', { $ref: 'https://example.test/other.json' }],
    ['a reference without end', { $ref: '#' }],
  ])('refuses a schema with %s before any money moves', async (_what, expected_schema) => {
    const before = (await summary(requester)).spending_usdc;
    const answer = await post({ expected_schema });
    expect(answer.status).toBe(422);
    expect(answer.body.detail).toMatchObject({
      error: 'validation_error',
      fields: [{ loc: ['body', 'expected_schema'] }],
    });
    expect((await summary(requester)).spending_usdc).toBeCloseTo(before, 6);
  });

  it('is open to agents that are not active yet, but not to suspended ones', async () => {
    const novice = await market.agent('novice', { active: false });
    expect((await post({}, novice)).body.status).toBe('bidding');
    const banned = await market.agent('banned');
    await market.local('POST', `/_local/admin/agents/${banned.id}/suspend`, {});
    expect(code(await post({}, banned))).toBe('forbidden');
  });

  it('with an Idempotency-Key posts once and holds once', async () => {
    const before = (await summary(requester)).spending_usdc;
    const headers = { 'Idempotency-Key': 'post-1' };
    const body = { description: 'once', budget_usdc: 3, tags: ['code-review'] };
    const [first, second] = [
      await requester.call('POST', 'jobs', body, headers),
      await requester.call('POST', 'jobs', body, headers),
    ];
    expect(second.body.id).toBe(first.body.id);
    expect(second.headers.get('idempotent-replayed')).toBe('true');
    expect((await summary(requester)).spending_usdc).toBeCloseTo(before - 3, 6);
  });
});

describe('who sees what', () => {
  it('a delivery, its words and its money are for the two sides alone', async () => {
    const job = await posted();
    await bid(rival, job, 3);
    await award(job, (await bid(worker, job)).body.bid_id);
    await accept(job);
    await deliver(job, 'the secret result');
    for (const view of [await seenBy(worker, job), (await requester.call('GET', `jobs/${job}`)).body]) {
      expect(view).toMatchObject({
        result: 'the secret result',
        result_hash: sha256Hex('the secret result'),
        escrow: { status: 'delivered', amount_usdc: 2.5 },
      });
    }
    const loser = await seenBy(rival, job);
    expect(loser).toMatchObject({ status: 'completed', my_bid: { status: 'lost' } });
    expect(JSON.stringify(loser)).not.toContain('secret');
    for (const field of ['result', 'result_hash', 'escrow', 'feedback', 'bids_count']) {
      expect(loser).not.toHaveProperty(field);
    }
  });

  it('the number of bids is the requester’s, the own bid the bidder’s', async () => {
    const job = await posted();
    await bid(worker, job);
    await bid(rival, job, 3);
    expect((await requester.call('GET', `jobs/${job}`)).body).toMatchObject({ bids_count: 2 });
    expect(await seenBy(worker, job)).toMatchObject({ my_bid: { amount_usdc: 2.5, status: 'pending' } });
    expect(await seenBy(worker, job)).not.toHaveProperty('bids_count');
  });

  it('a job that takes no bids does not exist for those who have no part in it', async () => {
    const job = await posted();
    expect((await stranger.call('GET', `agents/jobs/${job}`)).status).toBe(200);
    await requester.call('POST', `jobs/${job}/cancel`, {});
    expect(code(await stranger.call('GET', `agents/jobs/${job}`))).toBe('job_not_found');
    const novice = await market.agent('novice2', { active: false });
    expect(code(await novice.call('GET', `agents/jobs/${await posted()}`))).toBe('job_not_found');
  });

  it('only the requester manages a job, only the winner works on it', async () => {
    const job = await executing();
    for (const [method, path, body] of [
      ['GET', `jobs/${job}`, undefined],
      ['GET', `jobs/${job}/bids`, undefined],
      ['POST', `jobs/${job}/cancel`, {}],
      ['POST', `jobs/${job}/accept-delivery`, {}],
      ['POST', `jobs/${job}/request-changes`, { feedback: 'x' }],
    ] as const) {
      expect(code(await worker.call(method, path, body))).toBe('not_job_owner');
      expect(code(await stranger.call(method, path, body))).toBe('job_not_found');
    }
    expect(code(await accept(job, requester))).toBe('not_winner');
    expect(code(await deliver(job, 'x', {}, requester))).toBe('not_winner');
    expect(code(await fail(job, true, requester))).toBe('not_winner');
    expect(code(await requester.call('POST', 'agents/progress', { job_id: job, percent: 1 }))).toBe('not_winner');
    expect(code(await deliver(job, 'x', {}, stranger))).toBe('job_not_found');
  });
});

describe('the list of jobs', () => {
  it('shows work won before jobs to bid on, newest first, in pages that miss and repeat nothing', async () => {
    const fresh = await market.agent('lister', { tags: ['sql-query'] });
    const jobs = [];
    for (let i = 0; i < 7; i++) jobs.push(await posted({ tags: ['sql-query'] }));
    await award(jobs[2]!, (await bid(fresh, jobs[2]!)).body.bid_id);
    const expected = [jobs[2], jobs[6], jobs[5], jobs[4], jobs[3], jobs[1], jobs[0]];
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const page = await fresh.call('GET', `agents/jobs?limit=2${cursor ? `&cursor=${cursor}` : ''}`);
      expect(page.body).not.toHaveProperty('sandbox');
      seen.push(...page.body.jobs.map((job: { id: string }) => job.id));
      cursor = page.body.next_cursor;
    } while (cursor);
    expect(seen).toEqual(expected);
  });

  it('leaves out own jobs and those of other trades, and filters by tag', async () => {
    const both = await market.agent('both', { tags: ['cron-expressions', 'log-analysis'] });
    await post({ tags: ['cron-expressions'] }, both);
    const cron = await posted({ tags: ['cron-expressions'] });
    const log = await posted({ tags: ['log-analysis', 'translation'] });
    const ids = async (query = '') =>
      (await both.call('GET', `agents/jobs${query}`)).body.jobs.map((job: { id: string }) => job.id);
    expect(await ids()).toEqual([log, cron]);
    expect(await ids('?capability=cron-expressions')).toEqual([cron]);
    expect(await ids('?capability=translation')).toEqual([log]);
  });

  it('is empty with a reason for agents that are neither in the sandbox nor active', async () => {
    const paused = await market.agent('paused');
    await market.local('POST', `/_local/admin/agents/${paused.id}/pause`, {});
    const { body } = await paused.call('GET', 'agents/jobs');
    expect(body).toEqual({ jobs: [], message: expect.stringContaining('paused') });
  });

  it('in the sandbox holds the test jobs, the running ones first', async () => {
    const novice = await market.agent('novice3', { active: false });
    const { body } = await novice.call('GET', 'agents/jobs');
    expect(body.sandbox).toBe(true);
    expect(body.jobs.map((test: { status: string }) => test.status)).toEqual([
      'assigned',
      'assigned',
      'assigned',
      'pending',
    ]);
  });

  it('of the requester counts all and pages through them by status', async () => {
    const owner = await market.agent('owner');
    const ids: string[] = [];
    for (let i = 0; i < 3; i++) ids.push((await post({}, owner)).body.id);
    await owner.call('POST', `jobs/${ids[1]}/cancel`, {});
    const page = (await owner.call('GET', 'jobs?limit=2')).body;
    expect(page).toMatchObject({ total: 3, jobs: [{ id: ids[2] }, { id: ids[1], status: 'failed' }] });
    const rest = (await owner.call('GET', `jobs?limit=2&cursor=${page.next_cursor}`)).body;
    expect(rest).toMatchObject({ total: 3, jobs: [{ id: ids[0] }], next_cursor: null });
    expect((await owner.call('GET', 'jobs?status=failed')).body).toMatchObject({ total: 1, jobs: [{ id: ids[1] }] });
  });

  it('refuses a cursor it never gave out', async () => {
    for (const path of ['agents/jobs', 'jobs', 'agents/bids', 'payouts/activity']) {
      const answer = await worker.call('GET', `${path}?cursor=nonsense`);
      expect([path, answer.status, code(answer)]).toEqual([path, 422, 'validation_error']);
    }
  });
});

describe('bidding', () => {
  it('answers with the id under both names, and the same values again are the same bid', async () => {
    const job = await posted();
    const first = await bid(worker, job);
    expect(first.body).toMatchObject({ status: 'bid_accepted', bid_id: first.body.id, bid_status: 'pending' });
    expect((await bid(worker, job)).body).toEqual(first.body);
    expect(await logOf(requester, job)).toEqual(['job_posted', 'job_status:bidding', 'bid_received']);
  });

  it('can be lowered under its id, never raised', async () => {
    const job = await posted();
    const { bid_id } = (await bid(worker, job, 3)).body;
    expect((await bid(worker, job, 2)).body).toMatchObject({ bid_id, amount_usdc: 2 });
    const raised = await bid(worker, job, 2.000001);
    expect([raised.status, code(raised)]).toEqual([409, 'bid_cannot_increase']);
    expect(await seenBy(worker, job)).toMatchObject({ my_bid: { amount_usdc: 2 } });
    expect((await bid(worker, job, 2, 60)).body).toMatchObject({ bid_id, estimated_seconds: 60 });
  });

  it.each<[string, number, string, () => Promise<HttpAnswer>]>([
    ['above the budget', 409, 'bid_exceeds_budget', async () => bid(worker, await posted(), 5.000001)],
    ['without a fitting tag', 409, 'capability_mismatch', async () => bid(stranger, await posted())],
    ['on an own job', 409, 'own_job', async () => bid(requester, await posted())],
    ['on no job', 404, 'job_not_found', () => bid(worker, 'job_none')],
    ['of nothing', 422, 'ok', async () => bid(worker, await posted(), 0)],
    ['finer than USDC', 422, 'ok', async () => bid(worker, await posted(), 0.0000001)],
  ])('%s is refused', async (_what, status, error, send) => {
    const answer = await send();
    expect([answer.status, code(answer)]).toEqual([status, error]);
  });

  it('is for active agents, and the others hear what to do', async () => {
    const novice = await market.agent('novice4', { active: false });
    const answer = await bid(novice, await posted());
    expect(answer.status).toBe(403);
    expect(answer.body.detail).toMatchObject({
      error: 'agent_not_active',
      status: 'sandbox',
      message: expect.stringContaining('GET /api/v1/agents/jobs'),
    });
  });

  it('ends with the window to the millisecond, whether or not anything was settled by then', async () => {
    const job = await posted({ bid_window_seconds: 60, selection: 'manual' });
    await market.passSeconds(59.999);
    expect((await bid(worker, job)).status).toBe(200);
    market.clock.forward(1);
    const late = await bid(rival, job);
    expect([late.status, code(late)]).toEqual([409, 'bid_window_closed']);
    // Whether the marketplace has got round to closing the window by now is its affair.
    expect(['bidding', 'selecting']).toContain(late.body.detail.status);
    await market.passSeconds(0);
    expect((await bid(rival, job)).body.detail).toMatchObject({ error: 'bid_window_closed', status: 'selecting' });
  });

  it('can be withdrawn, twice with one effect, and made afresh at any price', async () => {
    const job = await posted();
    const { bid_id } = (await bid(worker, job, 2)).body;
    const cancel = () => worker.call('DELETE', `agents/bids/${bid_id}`);
    expect((await cancel()).body).toEqual({ cancelled: true, bid_id, already_cancelled: false });
    expect((await cancel()).body).toEqual({ cancelled: true, bid_id, already_cancelled: true });
    const second = await bid(worker, job, 4);
    expect(second.body.bid_id).not.toBe(bid_id);
    expect(code(await rival.call('DELETE', `agents/bids/${second.body.bid_id}`))).toBe('bid_not_found');
    await award(job, second.body.bid_id);
    const won = await worker.call('DELETE', `agents/bids/${second.body.bid_id}`);
    expect([won.status, code(won), won.body.detail.status]).toEqual([409, 'bid_not_cancellable', 'won']);
  });

  it('lists own bids newest first, by status and time', async () => {
    const bidder = await market.agent('bidder');
    const [one, two] = [await posted(), await posted()];
    await bid(bidder, one);
    await market.passSeconds(1);
    const since = new Date(market.market.context.clock.real()).toISOString();
    const last = (await bid(bidder, two)).body.bid_id;
    await bidder.call('DELETE', `agents/bids/${last}`);
    const list = async (query: string) => (await bidder.call('GET', `agents/bids${query}`)).body;
    expect(await list('')).toMatchObject({ total: 2, bids: [{ job_id: two }, { job_id: one }] });
    expect(await list('?status=pending')).toMatchObject({ total: 1, bids: [{ job_id: one }] });
    expect(await list(`?since=${since}`)).toMatchObject({ total: 1, bids: [{ id: last, status: 'cancelled' }] });
    const page = await list('?limit=1');
    expect(await list(`?limit=1&cursor=${page.next_cursor}`)).toMatchObject({
      bids: [{ job_id: one }],
      next_cursor: null,
    });
  });

  it('shows the requester standing bids, best score first, with reputation', async () => {
    const job = await posted();
    await bid(worker, job, 4);
    await bid(rival, job, 2);
    const { body } = await requester.call('GET', `jobs/${job}/bids`);
    expect(body).toMatchObject({
      total: 2,
      bids: [
        { agent_id: rival.id, agent_name: 'rival', amount_usdc: 2, reputation: { score: expect.any(Number) } },
        { agent_id: worker.id, amount_usdc: 4 },
      ],
    });
    expect(body.bids[0].score).toBeGreaterThan(body.bids[1].score);
  });
});

describe('choosing', () => {
  it('by itself takes the best bid when the window closes, and gives back what it does not need', async () => {
    const before = (await summary(requester)).spending_usdc;
    const job = await posted({ ...SHORT, budget_usdc: 8 });
    await bid(rival, job, 6);
    await bid(worker, job, 3);
    await market.passSeconds(15);
    expect(await seenBy(worker, job)).toMatchObject({
      status: 'assigned',
      winner_agent_id: worker.id,
      my_bid: { status: 'won' },
      escrow: { status: 'funded', amount_usdc: 3 },
    });
    expect((await summary(requester)).spending_usdc).toBeCloseTo(before - 3, 6);
    expect(await eventsOf(worker, job)).toEqual(expect.arrayContaining(['job.available', 'bid.won', 'job.assigned']));
    expect(await eventsOf(rival, job)).toEqual(expect.arrayContaining(['job.available', 'bid.lost']));
    expect(await logOf(requester, job)).toEqual(
      expect.arrayContaining(['job_status:selecting', 'job_status:assigned']),
    );
  });

  it('passes over bidders that were suspended meanwhile', async () => {
    const gone = await market.agent('gone');
    const job = await posted(SHORT);
    await bid(gone, job, 0.5);
    await bid(worker, job, 4);
    await market.local('POST', `/_local/admin/agents/${gone.id}/suspend`, {});
    await market.passSeconds(15);
    expect(await seenBy(worker, job)).toMatchObject({ status: 'assigned', winner_agent_id: worker.id });
  });

  it('without bids the job fails with no_bids and the budget returns', async () => {
    const before = (await summary(requester)).spending_usdc;
    const job = await posted(SHORT);
    await market.passSeconds(15);
    const view = (await requester.call('GET', `jobs/${job}`)).body;
    expect(view).toMatchObject({ status: 'failed', error_code: 'no_bids', escrow: null });
    expect((await summary(requester)).spending_usdc).toBeCloseTo(before, 6);
    expect(await eventsOf(requester, job)).toEqual(['job.failed']);
  });

  it('by hand waits in selecting for as long as there is a bid', async () => {
    const before = (await summary(requester)).spending_usdc;
    const job = await posted({ ...SHORT, selection: 'manual' });
    const { bid_id } = (await bid(worker, job)).body;
    await market.passSeconds(3600);
    expect(await seenBy(worker, job)).toMatchObject({ status: 'selecting' });
    await worker.call('DELETE', `agents/bids/${bid_id}`);
    expect(await seenBy(worker, job)).toMatchObject({ status: 'failed', error_code: 'no_bids' });
    expect((await summary(requester)).spending_usdc).toBeCloseTo(before, 6);
  });

  it('by hand may come before the window closes, once; the same choice again answers the same', async () => {
    const job = await posted(SHORT);
    const [mine, other] = [(await bid(worker, job)).body.bid_id, (await bid(rival, job, 1)).body.bid_id];
    const first = await award(job, mine);
    expect(first.body).toEqual({
      job_id: job,
      status: 'assigned',
      winner_agent_id: worker.id,
      bid_id: mine,
      escrow_usdc: 2.5,
    });
    expect((await award(job, mine)).body).toEqual(first.body);
    expect(code(await award(job, other))).toBe('invalid_state');
    expect(code(await award(await posted(), mine))).toBe('bid_not_found');
    await market.passSeconds(15);
    expect(await seenBy(worker, job)).toMatchObject({ status: 'assigned', winner_agent_id: worker.id });
  });
});

describe('working', () => {
  it('starts with the acceptance; a second one is refused with the status', async () => {
    const job = await assigned();
    expect(code(await deliver(job))).toBe('not_accepted');
    expect(code(await worker.call('POST', 'agents/progress', { job_id: job, percent: 5 }))).toBe('invalid_state');
    expect((await accept(job)).body).toEqual({ job_id: job, status: 'executing' });
    const again = await accept(job);
    expect([again.status, code(again), again.body.detail.status]).toEqual([409, 'invalid_state', 'executing']);
  });

  it('shows progress to both sides; zero percent with words is only a line of log', async () => {
    const job = await executing();
    const report = (body: Record<string, unknown>) => worker.call('POST', 'agents/progress', { job_id: job, ...body });
    expect((await report({ percent: 40, message: 'two of five' })).body).toEqual({ status: 'ok' });
    await report({ percent: 0, level: 'warn', message: 'slow disk' });
    const view = (await requester.call('GET', `jobs/${job}`)).body;
    expect(view.progress_percent).toBe(40);
    const entries = (await requester.call('GET', `agents/activity-log?job_id=${job}`)).body.entries;
    expect(entries.filter((entry: { event_type: string }) => entry.event_type === 'progress')).toMatchObject([
      { level: 'info', payload: { percent: 40, message: 'two of five' } },
      { level: 'warn', payload: { percent: 0, message: 'slow disk' } },
    ]);
  });

  it('hands over a result with its hash, once', async () => {
    const job = await executing();
    expect(code(await deliver(job, 'text', { result_hash: sha256Hex('other text') }))).toBe('validation_error');
    expect(await seenBy(worker, job)).toMatchObject({ status: 'executing', result: null });
    const answer = await deliver(job, 'text', { result_hash: sha256Hex('text').toUpperCase() });
    expect(answer.body).toMatchObject({ status: 'delivered', result_hash: sha256Hex('text') });
    const again = await deliver(job, 'text');
    expect([again.status, code(again)]).toEqual([409, 'already_delivered']);
    expect(code(await fail(job, true))).toBe('already_delivered');
  });

  it('that misses the schema is a flat verdict, changes nothing, and may be mended', async () => {
    const expected_schema = { type: 'object', required: ['issues'], properties: { issues: { minItems: 1 } } };
    const job = await executing(2.5, { expected_schema });
    const wrong = await deliver(job, '{"issues":[]}');
    expect(wrong.status).toBe(422);
    expect(wrong.body).toMatchObject({
      passed: false,
      code: 'schema_violation',
      path: ['issues'],
      validator: 'minItems',
      validator_value: 1,
      instance: [],
    });
    expect((await deliver(job, 'no json')).body).toMatchObject({ passed: false, code: 'invalid_json' });
    expect(await seenBy(worker, job)).toMatchObject({
      status: 'executing',
      result: null,
      escrow: { status: 'funded' },
    });
    expect((await deliver(job, '{"issues":[1]}')).body).toMatchObject({ status: 'delivered' });
  });

  it('with an Idempotency-Key delivers once, and another text under the same key is a conflict', async () => {
    const job = await executing();
    const send = (result: string) =>
      worker.call('POST', 'agents/deliver', { job_id: job, result }, { 'Idempotency-Key': `deliver-${job}` });
    const [first, again] = [await send('one'), await send('one')];
    expect(again.body).toEqual(first.body);
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    expect(code(await send('two'))).toBe('idempotency_conflict');
  });
});

describe('giving a job back', () => {
  it('for another try holds the whole budget again and clears the bids', async () => {
    const before = { score: await score(worker), spending: (await summary(requester)).spending_usdc };
    const job = await executing(2);
    expect((await summary(requester)).spending_usdc).toBeCloseTo(before.spending - 2, 6);
    expect((await fail(job, true)).body).toEqual({ status: 'requeued', retry_count: 1 });
    expect((await summary(requester)).spending_usdc).toBeCloseTo(before.spending - 5, 6);
    expect(await score(worker)).toBe(before.score - 5);
    expect(await seenBy(worker, job)).toMatchObject({
      status: 'bidding',
      winner_agent_id: null,
      retry_count: 1,
      my_bid: { status: 'cleared' },
    });
    expect(code(await deliver(job))).toBe('not_winner');
    expect((await bid(worker, job, 4)).body).toMatchObject({ status: 'bid_accepted' });
  });

  it('ends it after two tries, or at once where no retry is asked for', async () => {
    const before = (await summary(requester)).spending_usdc;
    const job = await executing();
    for (const retry of [1, 2]) {
      expect((await fail(job, true)).body).toEqual({ status: 'requeued', retry_count: retry });
      await award(job, (await bid(worker, job, 1 + retry)).body.bid_id);
    }
    expect((await fail(job, true)).body).toMatchObject({ status: 'failed' });
    const view = (await requester.call('GET', `jobs/${job}`)).body;
    expect(view).toMatchObject({
      status: 'failed',
      error_code: 'internal_error',
      error_message: 'broken',
      escrow: { status: 'refunded' },
    });
    expect((await summary(requester)).spending_usdc).toBeCloseTo(before, 6);
    expect((await fail(await executing(), false)).body).toMatchObject({ status: 'failed' });
  });

  it('keeps what the worker had, but not as a delivery', async () => {
    const job = await executing();
    await worker.call('POST', 'agents/deliver', {
      job_id: job,
      error_code: 'timeout',
      error_message: 'half done',
      partial_result: 'the first half',
    });
    expect((await requester.call('GET', `jobs/${job}`)).body).toMatchObject({
      result: null,
      result_hash: null,
      partial_result: 'the first half',
    });
  });

  it('fails for good where the requester can no longer pay for another try', async () => {
    const spender = await market.agent('spender');
    const first = (await post({ budget_usdc: 6000 }, spender)).body.id;
    await spender.call('POST', `jobs/${first}/award`, { bid_id: (await bid(worker, first, 1000)).body.bid_id });
    await post({ budget_usdc: 9000, description: 'spends the rest' }, spender);
    expect((await fail(first, true)).body).toMatchObject({ status: 'failed' });
    expect(await summary(spender)).toMatchObject({ spending_usdc: 1000 });
  });
});

describe('judging a delivery', () => {
  it('with three stars or more pays the worker, less a tenth, and adds to its name', async () => {
    const before = { summary: await summary(worker), score: await score(worker) };
    const job = await delivered(2.500009);
    const answer = await judgeDelivery(job, { rating: 3, result_hash: sha256Hex('done') });
    expect(answer.body).toMatchObject({
      job_id: job,
      status: 'completed',
      escrow_status: 'released',
      released_usdc: 2.250009,
      fee_usdc: 0.25,
    });
    const after = await summary(worker);
    expect(after.available_usdc - before.summary.available_usdc).toBeCloseTo(2.250009, 6);
    expect(after.pending_usdc).toBe(before.summary.pending_usdc);
    expect(await score(worker)).toBe(before.score + 5);
    expect(await eventsOf(worker, job)).toContain('payout.released');
    const { entries } = (await worker.call('GET', 'payouts/activity?limit=1')).body;
    expect(entries).toMatchObject([
      { type: 'earning', amount_usdc: 2.250009, gross_usdc: 2.500009, fee_usdc: 0.25, job_id: job },
    ]);
  });

  it('said again answers the same, said otherwise is refused, and pays once', async () => {
    const job = await delivered();
    const first = await judgeDelivery(job, { rating: 4 });
    const paid = (await summary(worker)).available_usdc;
    expect((await judgeDelivery(job, { rating: 4 })).body).toEqual(first.body);
    for (const rating of [undefined, 5, 1]) expect(code(await judgeDelivery(job, { rating }))).toBe('invalid_state');
    expect(code(await requester.call('POST', `jobs/${job}/request-changes`, { feedback: 'late' }))).toBe(
      'invalid_state',
    );
    expect((await summary(worker)).available_usdc).toBe(paid);
  });

  it('refuses to pay for another delivery than the one that was read', async () => {
    const job = await delivered();
    const answer = await judgeDelivery(job, { rating: 5, result_hash: sha256Hex('something else') });
    expect([answer.status, code(answer)]).toEqual([409, 'delivery_changed']);
    expect(answer.body.detail.result_hash).toBe(sha256Hex('done'));
    expect(await seenBy(worker, job)).toMatchObject({ escrow: { status: 'delivered' } });
  });

  it('left alone for a day of virtual time counts as accepted, without a rating', async () => {
    const job = await delivered();
    await market.advanceHours(23.99);
    expect(await seenBy(worker, job)).toMatchObject({ escrow: { status: 'delivered' } });
    await market.advanceHours(0.01);
    expect(await seenBy(worker, job)).toMatchObject({
      status: 'completed',
      escrow: { status: 'released' },
      rating: null,
    });
    expect((await judgeDelivery(job)).body).toMatchObject({ escrow_status: 'released' });
  });

  it('asking for changes gives it back with words; the day starts anew with the next delivery', async () => {
    const job = await delivered();
    await market.advanceHours(20);
    const asked = await requester.call('POST', `jobs/${job}/request-changes`, { feedback: 'name the line' });
    expect(asked.body).toEqual({ job_id: job, status: 'executing', revision: 1 });
    await market.advanceHours(24);
    expect(await seenBy(worker, job)).toMatchObject({
      status: 'executing',
      feedback: 'name the line',
      result: 'done',
      revision: 1,
      escrow: { status: 'funded' },
    });
    expect(await eventsOf(worker, job)).toContain('job.changes_requested');
    expect((await deliver(job, 'done better')).body).toMatchObject({ status: 'delivered', revision: 1 });
    await market.advanceHours(20);
    expect(await seenBy(worker, job)).toMatchObject({ result: 'done better', escrow: { status: 'delivered' } });
    await market.advanceHours(4);
    expect(await seenBy(worker, job)).toMatchObject({ escrow: { status: 'released' } });
  });

  it.each([
    ['release', 2, 'released'],
    ['refund', -5, 'refunded'],
  ] as const)('with one star goes to the judge, who may %s', async (decision, points, status) => {
    const judged = await market.agent(`judged-${decision}`);
    const spending = (await summary(requester)).spending_usdc;
    const job = await posted();
    await award(job, (await bid(judged, job, 2)).body.bid_id);
    await accept(job, judged);
    await deliver(job, 'x', {}, judged);
    const answer = await judgeDelivery(job, { rating: 1 });
    expect(answer.body).toMatchObject({ status: 'disputed', escrow_status: 'disputed', released_usdc: 0, fee_usdc: 0 });
    expect(await score(judged)).toBe(50);
    await market.advanceHours(48);
    expect(await seenBy(judged, job)).toMatchObject({ status: 'disputed', escrow: { status: 'disputed' } });
    const judge = () => market.local('POST', `/_local/admin/jobs/${job}/judge`, { decision });
    expect((await judge()).status).toBe(200);
    expect(code(await judge())).toBe('invalid_state');
    expect(await seenBy(judged, job)).toMatchObject({ status: 'disputed', rating: 1, escrow: { status } });
    expect(await score(judged)).toBe(50 + points);
    expect((await summary(requester)).spending_usdc).toBeCloseTo(decision === 'refund' ? spending : spending - 2, 6);
    expect((await summary(judged)).available_usdc).toBe(decision === 'release' ? 1.8 : 0);
    expect((await judgeDelivery(job, { rating: 1 })).body).toMatchObject({ escrow_status: status });
  });

  it('averages the ratings, bad ones included', async () => {
    const rated = await market.agent('rated');
    for (const rating of [5, 2, 4]) {
      const job = await posted();
      await award(job, (await bid(rated, job)).body.bid_id);
      await accept(job, rated);
      await deliver(job, 'x', {}, rated);
      await judgeDelivery(job, { rating });
    }
    expect((await rated.call('GET', `agents/${rated.id}/reputation`)).body).toMatchObject({
      avg_rating: 3.67,
      total_ratings: 3,
      jobs_completed: 2,
      score: 60,
    });
  });
});

describe('taking a job back', () => {
  it.each([
    'bidding',
    'selecting',
    'assigned',
  ])('from %s returns the money, and again answers the same', async (from) => {
    const before = (await summary(requester)).spending_usdc;
    const job = await posted({ ...SHORT, selection: 'manual' });
    const { bid_id } = (await bid(worker, job, 2)).body;
    if (from === 'selecting') await market.passSeconds(15);
    if (from === 'assigned') await award(job, bid_id);
    expect(await seenBy(worker, job)).toMatchObject({ status: from });
    const answer = await requester.call('POST', `jobs/${job}/cancel`, { reason: 'changed my mind' });
    expect(answer.body).toEqual({ job_id: job, status: 'failed', refunded_usdc: from === 'assigned' ? 2 : 5 });
    expect((await requester.call('POST', `jobs/${job}/cancel`, {})).body).toEqual(answer.body);
    expect((await requester.call('GET', `jobs/${job}`)).body).toMatchObject({
      error_code: 'cancelled_by_requester',
      error_message: 'changed my mind',
    });
    expect((await summary(requester)).spending_usdc).toBeCloseTo(before, 6);
    expect(await eventsOf(worker, job)).toContain(from === 'assigned' ? 'job.failed' : 'bid.lost');
  });

  it('is too late once the winner has accepted', async () => {
    const answer = await requester.call('POST', `jobs/${await executing()}/cancel`, {});
    expect([answer.status, code(answer)]).toEqual([409, 'not_cancellable']);
  });
});

describe('payouts', () => {
  const WALLET = '7xKXtg2CW87d97TXJSDpbD5jBkheTqA83TZRuJosgAsU';

  it('the wallet is one field with the profile, set and cleared from either side', async () => {
    const agent = await market.agent('walleted');
    expect((await agent.call('GET', 'payouts/wallet')).body).toEqual({ address: null, updated_at: null });
    const set = await agent.call('PUT', 'payouts/wallet', { address: WALLET });
    expect(set.body).toMatchObject({ address: WALLET, updated_at: expect.any(String) });
    expect((await agent.call('GET', 'agents/me')).body.wallet_address).toBe(WALLET);
    await market.passSeconds(1);
    expect((await agent.call('PUT', 'payouts/wallet', { address: WALLET })).body).toEqual(set.body);
    await agent.call('PATCH', 'agents/me', { wallet_address: null });
    expect((await agent.call('GET', 'payouts/wallet')).body.address).toBeNull();
    await agent.call('PUT', 'payouts/wallet', { address: WALLET });
    expect((await agent.call('DELETE', 'payouts/wallet')).body.address).toBeNull();
    expect((await summary(agent)).payout_wallet).toBeNull();
  });

  it('refuses an address nobody can own', async () => {
    const answer = await worker.call('PUT', 'payouts/wallet', { address: '11111111111111111111111111111111' });
    expect([answer.status, code(answer)]).toEqual([422, 'invalid_wallet_address']);
  });

  it('sends earnings out once per key, never more than there are', async () => {
    const earner = await market.agent('earner');
    const job = await posted();
    await award(job, (await bid(earner, job, 4)).body.bid_id);
    expect(await summary(earner)).toMatchObject({ pending_usdc: 4, available_usdc: 0 });
    await accept(job, earner);
    await deliver(job, 'x', {}, earner);
    await judgeDelivery(job, { rating: 5 });
    const withdraw = (amount_usdc: number, headers = {}) =>
      earner.call('POST', 'payouts/withdraw', { amount_usdc }, headers);
    expect(code(await withdraw(1))).toBe('no_payout_wallet');
    await earner.call('PUT', 'payouts/wallet', { address: WALLET });
    const much = await withdraw(3.600001);
    expect(much.body.detail).toMatchObject({
      error: 'insufficient_balance',
      available_usdc: 3.6,
      needed_usdc: 3.600001,
    });
    const headers = { 'Idempotency-Key': 'withdraw-1' };
    const [first, again] = [await withdraw(1.1, headers), await withdraw(1.1, headers)];
    expect(first.body).toMatchObject({
      amount_usdc: 1.1,
      address: WALLET,
      status: 'completed',
      available_usdc: 2.5,
      tx_signature: expect.stringMatching(/^[1-9A-HJ-NP-Za-km-z]{80,90}$/),
    });
    expect(again.body).toEqual(first.body);
    expect(await summary(earner)).toMatchObject({
      lifetime_earned_usdc: 3.6,
      available_usdc: 2.5,
      withdrawn_usdc: 1.1,
      pending_usdc: 0,
      fee_bps: 1000,
    });
    const { entries } = (await earner.call('GET', 'payouts/activity')).body;
    expect(entries.map((entry: { type: string }) => entry.type)).toEqual(['withdrawal', 'earning']);
    const events = (await earner.call('GET', 'agents/events')).body;
    expect(events.map((event: { event_type: string }) => event.event_type)).toContain('payout.withdrawn');
  });
});
