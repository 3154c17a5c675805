import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { listIntents, resolveIntent } from '#client/journal/inspect.ts';
import type { Session } from '#client/types.ts';
import { SotaError } from '#contract/errors/sota-error.ts';
import { withdraw } from '#contract/operations/payouts.ts';
import { acceptDelivery, awardBid, cancelJob, createJob } from '#contract/operations/requester.ts';
import { placeBid } from '#contract/operations/worker.ts';
import { systemClock } from '#kit/clock.ts';
import { type FakeOrigin, refusal } from '../../support/fake-origin.ts';
import { liveOrigin, ownedSession, settableClock } from '../../support/live-origin.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

const JOBS = 'POST /api/v1/jobs';
const WALLET = 'GzGGsVSiT2aZE97fEz26mQfsvJMeZ8oP2CYPk8D9ycJK';

let titles = 0;
const post = (session: Session, budget_usdc: number | string, description = `job ${++titles}`) =>
  session.client.run(createJob, {
    slot: 'jobs/create',
    request: { body: { description, budget_usdc: budget_usdc as number, tags: ['t'] } },
  });

/** Answers every posting with a job of its own. */
function postsJobs(origin: FakeOrigin): void {
  let made = 0;
  origin.on(JOBS, () => ({ json: { id: `job-${++made}`, status: 'bidding' } }));
}

async function failing(promise: Promise<unknown>): Promise<SotaError> {
  const error = await promise.then(
    () => {
      throw new Error('expected a refusal');
    },
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof SotaError)) throw error;
  return error;
}

const never = { SOTA_CONFIRM: 'never' };

test('jobs are posted up to the limits, exactly, and not a micro-USDC further', async () => {
  const origin = await liveOrigin();
  postsJobs(origin);
  const session = ownedSession(origin, temporaryDirectory(), { ...never, SOTA_MAX_OPEN_ESCROW_USDC: '1000' });
  expect((await failing(post(session, '25.000001'))).details).toMatchObject({
    setting: 'SOTA_MAX_JOB_USDC',
    limit: '25',
  });
  for (let at = 0; at < 4; at++) await post(session, 25);
  const error = await failing(post(session, '0.000001'));
  expect(error).toMatchObject({ code: 'cap_exceeded', outcome: 'refused_by_policy' });
  expect(error.details).toMatchObject({ setting: 'SOTA_MAX_DAY_USDC', value: '100', used: '100', amount: '0.000001' });
  expect(error.message).toContain('SOTA_MAX_DAY_USDC=100');
  expect(error.fix).toContain('raise SOTA_MAX_DAY_USDC');
  expect(origin.mutations()).toHaveLength(4);
});

test('every process of a state directory and every restart share one budget', async () => {
  const origin = await liveOrigin();
  postsJobs(origin);
  const stateDir = temporaryDirectory();
  const settings = { ...never, SOTA_MAX_DAY_USDC: '40' };
  await post(ownedSession(origin, stateDir, settings), 20);
  await post(ownedSession(origin, stateDir, settings), 20);
  expect((await failing(post(ownedSession(origin, stateDir, settings), 1))).code).toBe('cap_exceeded');
  // Another agent, another marketplace: the money is the same owner's.
  const elsewhere = await liveOrigin();
  postsJobs(elsewhere);
  const other = ownedSession(elsewhere, stateDir, { ...settings, SOTA_API_KEY: 'sk_live_another-agent-0123456789' });
  expect((await failing(post(other, 1))).code).toBe('cap_exceeded');
  expect(elsewhere.mutations()).toEqual([]);
});

test('what was refused is given back; what is unknown stays counted; its repeat is not counted twice', async () => {
  const origin = await liveOrigin();
  const stateDir = temporaryDirectory();
  const session = ownedSession(origin, stateDir, { ...never, SOTA_MAX_DAY_USDC: '30' });
  origin.on(JOBS, refusal(402, 'insufficient_funds'));
  for (let at = 0; at < 3; at++) expect((await failing(post(session, 20))).code).toBe('insufficient_funds');
  origin.on(JOBS, 'reset');
  expect((await failing(post(session, 20, 'the lost one'))).outcome).toBe('unknown');
  postsJobs(origin);
  // A restart: the same wish is resumed under its key, whatever is left of the budget.
  const next = ownedSession(origin, stateDir, { ...never, SOTA_MAX_DAY_USDC: '30' });
  expect(await post(next, 20, 'the lost one')).toMatchObject({ outcome: 'done' });
  expect((await failing(post(next, 11))).details).toMatchObject({ setting: 'SOTA_MAX_DAY_USDC', used: '20' });
  await post(next, 10);
});

test('what a person found out about an unknown outcome settles what it counts', async () => {
  const origin = await liveOrigin();
  const stateDir = temporaryDirectory();
  const settings = { ...never, SOTA_MAX_DAY_USDC: '25' };
  origin.on(JOBS, 'reset');
  await failing(post(ownedSession(origin, stateDir, settings), 20, 'lost'));
  postsJobs(origin);
  const [open] = await listIntents({ directory: stateDir, clock: systemClock });
  await resolveIntent(open!, 'not-executed', { clock: systemClock });
  const session = ownedSession(origin, stateDir, settings);
  await post(session, 25);
  expect((await failing(post(session, 1))).details).toMatchObject({ used: '25' });
});

test('an unknown outcome counts even where the owner lowers the limit, and can still be brought to its end', async () => {
  const origin = await liveOrigin();
  const stateDir = temporaryDirectory();
  origin.on(JOBS, 'reset');
  expect((await failing(post(ownedSession(origin, stateDir, never), 20, 'lost'))).outcome).toBe('unknown');
  postsJobs(origin);
  const strict = ownedSession(origin, stateDir, { ...never, SOTA_MAX_JOB_USDC: '5', SOTA_MAX_DAY_USDC: '24' });
  expect(await post(strict, 20, 'lost')).toMatchObject({ outcome: 'done' });
  expect((await failing(post(strict, 5))).details).toMatchObject({ used: '20' });
});

test('a day is any 24 hours: midnight opens nothing, and a clock set back makes nothing older', async () => {
  const origin = await liveOrigin();
  postsJobs(origin);
  const clock = settableClock();
  clock.set(Date.parse('2026-03-01T23:59:00Z'));
  const settings = { ...never, SOTA_MAX_DAY_USDC: '50', SOTA_MAX_OPEN_ESCROW_USDC: '1000' };
  const session = ownedSession(origin, temporaryDirectory(), settings, { clock });
  await post(session, 25);
  await post(session, 25);
  const refused = async () => expect((await failing(post(session, 1))).code).toBe('cap_exceeded');
  clock.set(Date.parse('2026-03-02T00:01:00Z'));
  await refused();
  clock.set(Date.parse('2026-02-01T00:00:00Z'));
  await refused();
  clock.set(Date.parse('2026-03-02T23:58:00Z'));
  await refused();
  clock.set(Date.parse('2026-03-03T00:00:30Z'));
  await post(session, 25);
  // Booked while the clock was back a month: dated as late as what was before it.
  clock.set(Date.parse('2026-02-01T00:00:00Z'));
  await post(session, 25);
  clock.set(Date.parse('2026-03-03T00:01:00Z'));
  await refused();
});

test('a ledger that is gone, thinned out or unreadable refuses money, and says so', async () => {
  const origin = await liveOrigin();
  postsJobs(origin);
  const damage: [string, (dir: string) => void][] = [
    ['gone', (dir) => rmSync(dir, { recursive: true })],
    ['gone', (dir) => rmSync(join(dir, '..'), { recursive: true })],
    ['missing', (dir) => rmSync(join(dir, '000001.json'))],
    ['missing', (dir) => rmSync(join(dir, '000000.json'))],
    [
      'gone',
      (dir) => {
        for (const name of readdirSync(dir)) rmSync(join(dir, name));
      },
    ],
    ['read', (dir) => writeFileSync(join(dir, '000001.json'), '{"v":1,')],
    [
      'understood',
      (dir) => writeFileSync(join(dir, '000001.json'), '{"key":"k","kind":"job","amount_micro":"-5","at":0}'),
    ],
  ];
  for (const [word, harm] of damage) {
    const stateDir = temporaryDirectory();
    await post(ownedSession(origin, stateDir, never), 5);
    await post(ownedSession(origin, stateDir, never), 5);
    harm(join(stateDir, 'spend', 'live'));
    const sent = origin.mutations().length;
    const error = await failing(post(ownedSession(origin, stateDir, never), 5));
    expect(error).toMatchObject({ code: 'spend_ledger_damaged', outcome: 'refused_by_policy' });
    expect(error.message).toContain(word);
    expect(origin.mutations()).toHaveLength(sent);
  }
});

test('open escrow is freed by jobs that end, here or elsewhere', async () => {
  const origin = await liveOrigin();
  postsJobs(origin);
  const settings = { ...never, SOTA_MAX_OPEN_ESCROW_USDC: '40', SOTA_MAX_DAY_USDC: '1000' };
  const stateDir = temporaryDirectory();
  const session = ownedSession(origin, stateDir, settings);
  const job = (id: string, status: string, escrow?: string) =>
    origin.on(`GET /api/v1/jobs/${id}`, { json: { id, status, ...(escrow && { escrow: { status: escrow } }) } });
  job('job-1', 'bidding');
  job('job-2', 'bidding');
  await post(session, 20);
  await post(session, 20);
  expect((await failing(post(session, 20))).details).toMatchObject({
    setting: 'SOTA_MAX_OPEN_ESCROW_USDC',
    used: '40',
  });
  // Cancelled by us: known at once.
  origin.on('POST /api/v1/jobs/job-1/cancel', { json: { job_id: 'job-1', status: 'failed', refunded_usdc: 20 } });
  await session.client.run(cancelJob, { slot: 'job/job-1/settle', request: { params: { job_id: 'job-1' }, body: {} } });
  await post(session, 20);
  // Failed at the marketplace: found out by looking, when it matters.
  job('job-2', 'completed', 'released');
  job('job-3', 'executing', 'funded');
  await post(session, 20);
  job('job-4', 'completed', 'delivered');
  expect((await failing(post(session, 20))).code).toBe('cap_exceeded');
  // A disputed one is still open; a released one is not.
  const accept = (id: string, escrow_status: string) => {
    origin.on(`POST /api/v1/jobs/${id}/accept-delivery`, {
      json: { job_id: id, status: 'completed', escrow_status, released_usdc: 0, fee_usdc: 0 },
    });
    const request = { params: { job_id: id }, body: { rating: 1 } };
    return session.client.run(acceptDelivery, { slot: `job/${id}/settle`, request });
  };
  await accept('job-3', 'disputed');
  expect((await failing(post(session, 20))).code).toBe('cap_exceeded');
  await accept('job-4', 'released');
  await post(session, 20);
});

test('an award of a job we posted costs nothing more; of one posted elsewhere, what the bid says', async () => {
  const origin = await liveOrigin();
  postsJobs(origin);
  const session = ownedSession(origin, temporaryDirectory(), {
    ...never,
    SOTA_MAX_JOB_USDC: '25',
    SOTA_MAX_DAY_USDC: '45',
  });
  const award = (job_id: string, bid_id: string) => {
    origin.on(`POST /api/v1/jobs/${job_id}/award`, {
      json: { job_id, status: 'assigned', winner_agent_id: 'w', bid_id },
    });
    return session.client.run(awardBid, {
      slot: `job/${job_id}/award`,
      request: { params: { job_id }, body: { bid_id } },
    });
  };
  await post(session, 25);
  await award('job-1', 'b1');
  const bids = [
    { id: 'small', amount_usdc: 20, status: 'pending' },
    { id: 'large', amount_usdc: 26, status: 'pending' },
    { id: 'late', amount_usdc: 1, status: 'pending' },
  ];
  for (const id of ['portal-1', 'portal-2', 'portal-3']) {
    origin.on(`GET /api/v1/jobs/${id}/bids`, { json: { bids, total: 3 } });
    origin.on(`GET /api/v1/jobs/${id}`, { json: { id, status: 'bidding', budget_usdc: 30 } });
  }
  expect((await failing(award('portal-1', 'large'))).details).toMatchObject({
    setting: 'SOTA_MAX_JOB_USDC',
    amount: '26',
  });
  // A bid that is not on the list could be anything up to the budget.
  expect((await failing(award('portal-1', 'unlisted'))).details).toMatchObject({ amount: '30' });
  await award('portal-2', 'small');
  expect((await failing(award('portal-3', 'late'))).details).toMatchObject({
    setting: 'SOTA_MAX_DAY_USDC',
    used: '45',
  });
});

test('withdrawals and bids have limits where the owner sets them', async () => {
  const origin = await liveOrigin();
  origin.on('GET /api/v1/payouts/wallet', { json: { address: WALLET, updated_at: null } });
  let made = 0;
  origin.on('POST /api/v1/payouts/withdraw', () => ({
    json: { withdrawal_id: `w${++made}`, address: WALLET, amount_usdc: 1, status: 'completed', available_usdc: 1 },
  }));
  origin.on('POST /api/v1/agents/bid', { json: { status: 'pending', bid_id: 'b1' } });
  const session = ownedSession(origin, temporaryDirectory(), {
    ...never,
    SOTA_MAX_WITHDRAW_USDC: '10',
    SOTA_MAX_WITHDRAW_DAY_USDC: '15',
    SOTA_MAX_BID_USDC: '7',
  });
  const take = (amount_usdc: number) =>
    session.client.run(withdraw, { slot: 'withdraw', request: { body: { amount_usdc } } });
  expect((await failing(take(10.5))).details).toMatchObject({ setting: 'SOTA_MAX_WITHDRAW_USDC' });
  await take(10);
  expect((await failing(take(5.1))).details).toMatchObject({ setting: 'SOTA_MAX_WITHDRAW_DAY_USDC', used: '10' });
  await take(5);
  const offer = (amount_usdc: number) =>
    session.client.run(placeBid, {
      slot: 'bid/j',
      request: { body: { job_id: 'j', amount_usdc, estimated_seconds: 1 } },
    });
  expect((await failing(offer(7.01))).details).toMatchObject({ setting: 'SOTA_MAX_BID_USDC', limit: '7' });
  await offer(7);
});

test('with approvals on, what is above a limit is a question to a human, not a refusal', async () => {
  const origin = await liveOrigin();
  postsJobs(origin);
  const error = await failing(post(ownedSession(origin, temporaryDirectory()), 26, 'a big one'));
  expect(error).toMatchObject({ code: 'needs_approval', outcome: 'needs_approval', recovery: { action: 'ask_human' } });
  expect(error.message).toContain('"a big one"');
  expect(error.message).toContain('SOTA_MAX_JOB_USDC=25');
  expect(origin.mutations()).toEqual([]);
});
