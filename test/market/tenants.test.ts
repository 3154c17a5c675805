import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { operations } from '#contract/operations/registry.ts';
import { type HttpAnswer, http } from '../support/http.ts';
import { startTestMarket, type TestAgent, type TestMarket } from '../support/market.ts';

/**
 * Every operation that asks who calls, called by the wrong one: another agent and another owner, active and able, with
 * everything that names the victim's things. Nothing of the victim may be seen or changed.
 */
let market: TestMarket;
let victim: TestAgent;
let intruder: TestAgent;
let intruderToken: string;
/** What belongs to the victim alone: ids and words that must never be in an answer to another. */
const secrets: string[] = [];
/** Names of the victim's things, for requests. */
// biome-ignore lint/suspicious/noExplicitAny: filled once, before any test
const its: Record<string, any> = {};

beforeAll(async () => {
  market = await startTestMarket({ settings: { reviewer: { decision: 'manual', delayMs: 0 } } });
  victim = await market.agent('victim');
  intruder = await market.agent('intruder');
  const requester = await market.agent('requester');
  const sandboxed = await market.agent('sandboxed', { active: false });
  its.agent_id = victim.id;

  // As a worker: a delivered job, one under way, and bids.
  const post = async (by: TestAgent, description: string) =>
    (await by.call('POST', 'jobs', { description, budget_usdc: 9, tags: ['code-review'], selection: 'manual' })).body
      .id;
  const win = async (job: string) => {
    const { bid_id } = (
      await victim.call('POST', 'agents/bid', { job_id: job, amount_usdc: 8, estimated_seconds: 999 })
    ).body;
    await requester.call('POST', `jobs/${job}/award`, { bid_id });
    return bid_id as string;
  };
  its.delivered = await post(requester, 'delivered');
  its.won_bid = await win(its.delivered);
  await victim.call('POST', `agents/jobs/${its.delivered}/accept`);
  await victim.call('POST', 'agents/deliver', { job_id: its.delivered, result: '"the delivery of the victim"' });
  await requester.call('POST', `jobs/${its.delivered}/accept-delivery`, { rating: 5 });
  its.assigned = await post(requester, 'assigned');
  await win(its.assigned);
  its.executing = await post(requester, 'executing');
  await win(its.executing);
  await victim.call('POST', `agents/jobs/${its.executing}/accept`);
  its.open = await post(requester, 'open');
  its.pending_bid = (
    await victim.call('POST', 'agents/bid', { job_id: its.open, amount_usdc: 7.654321, estimated_seconds: 77 })
  ).body.bid_id;

  // As a requester: a job that takes bids and one with a delivery.
  its.posted = await post(victim, 'posted');
  its.received_bid = (
    await requester.call('POST', 'agents/bid', { job_id: its.posted, amount_usdc: 6.543219, estimated_seconds: 66 })
  ).body.bid_id;
  its.reviewed = await post(victim, 'reviewed');
  const { bid_id } = (
    await requester.call('POST', 'agents/bid', { job_id: its.reviewed, amount_usdc: 5, estimated_seconds: 66 })
  ).body;
  await victim.call('POST', `jobs/${its.reviewed}/award`, { bid_id });
  await requester.call('POST', `agents/jobs/${its.reviewed}/accept`);
  await requester.call('POST', 'agents/deliver', { job_id: its.reviewed, result: '"the delivery to the victim"' });

  await victim.call('PUT', 'payouts/wallet', { address: '9WzDXwBbmkg8ZTbNMqUxvQRAyrZzDsGYdLVL9zYtAWWM' });
  const { withdrawal_id } = (await victim.call('POST', 'payouts/withdraw', { amount_usdc: 1 })).body;
  its.key_id = (await victim.call('GET', 'agents/keys')).body.keys[0].id;
  its.test_job_id = (await sandboxed.call('GET', 'agents/jobs')).body.jobs[0].id;
  const [event] = (await victim.call('GET', 'agents/events')).body;
  const [entry] = (await victim.call('GET', 'agents/activity-log')).body.entries;
  secrets.push(
    its.key_id!,
    its.won_bid,
    its.pending_bid!,
    its.received_bid!,
    withdrawal_id,
    event.id,
    `"id":${entry.id},`,
  );
  secrets.push('the delivery of the victim', 'the delivery to the victim', '9WzDXwBbmkg8ZTbN', '7.654321', '6.543219');

  const { device_code, user_code } = (await http('POST', `${market.url}/api/v1/auth/device-code`)).body;
  await http('POST', `${market.url}/verify`, {
    text: new URLSearchParams({
      code: user_code,
      decision: 'approve',
      email: 'intruder@example.test',
      password: 'correct horse',
    }).toString(),
  });
  intruderToken = (await http('POST', `${market.url}/api/v1/auth/device-poll`, { body: { device_code } })).body
    .access_token;
});
afterAll(async () => {
  expect(await market.violations()).toEqual([]);
  await market.close();
});

interface Attempt {
  /** Names of the victim's things by parameter or field. */
  readonly params?: Record<string, string>;
  readonly query?: string;
  readonly body?: Record<string, unknown>;
  /** Code of the refusal, `own` where the answer is about the caller, `public` where anybody may know. */
  readonly expect: string;
}

/** What an intruder tries, for every operation. A new operation without an entry fails the test. */
const attempts: Record<string, Attempt | Attempt[]> = {
  // About the caller, whatever it says.
  get_me: { expect: 'own' },
  update_me: { body: { description: 'changed by the intruder' }, expect: 'own' },
  heartbeat: { expect: 'own' },
  get_sandbox_progress: { expect: 'own' },
  get_activity_log: [{ expect: 'own' }, { query: '?job_id=executing', expect: 'own' }],
  list_events: { expect: 'own' },
  create_realtime_token: { expect: 'own' },
  list_keys: { query: '?include_revoked=true', expect: 'own' },
  create_login_link: { expect: 'own' },
  list_agent_jobs: { expect: 'own' },
  list_bids: { expect: 'own' },
  list_posted_jobs: { expect: 'own' },
  get_payouts_summary: { expect: 'own' },
  get_payouts_activity: { expect: 'own' },
  get_payout_wallet: { expect: 'own' },
  set_payout_wallet: { body: { address: 'DRpbCBMxVnDK7maPM5tGv6MvB3v1sRMC86PZ8okm21hy' }, expect: 'own' },
  clear_payout_wallet: { expect: 'own' },
  withdraw: { body: { amount_usdc: 1 }, expect: 'insufficient_balance' },
  request_review: { expect: 'tests_incomplete' },
  list_owned_agents: { query: '?include_deleted=true', expect: 'own' },
  register_agent: { body: { name: 'victim', capabilities: ['code-review'] }, expect: 'own' },
  create_job: { body: { description: 'own', budget_usdc: 1, tags: ['translation'] }, expect: 'own' },
  device_verify: { body: { device_code: 'device_of_the_victim' }, expect: 'device_code_not_found' },
  // Known to all.
  get_reputation: { params: { agent_id: 'agent_id' }, expect: 'public' },
  // The victim's.
  get_agent_job: [
    { params: { job_id: 'executing' }, expect: 'job_not_found' },
    { params: { job_id: 'delivered' }, expect: 'job_not_found' },
    { params: { job_id: 'open' }, expect: 'public' },
  ],
  revoke_key: { params: { key_id: 'key_id' }, expect: 'key_not_found' },
  deliver_test_result: {
    params: { test_job_id: 'test_job_id' },
    body: { result: '{}' },
    expect: 'test_job_not_found',
  },
  retry_test_job: { params: { test_job_id: 'test_job_id' }, expect: 'test_job_not_found' },
  place_bid: { body: { job_id: 'assigned', amount_usdc: 1, estimated_seconds: 1 }, expect: 'bid_window_closed' },
  cancel_bid: [
    { params: { bid_id: 'pending_bid' }, expect: 'bid_not_found' },
    { params: { bid_id: 'won_bid' }, expect: 'bid_not_found' },
  ],
  accept_assignment: { params: { job_id: 'assigned' }, expect: 'job_not_found' },
  report_progress: { body: { job_id: 'executing', percent: 99 }, expect: 'job_not_found' },
  deliver: [
    { body: { job_id: 'executing', result: '"stolen"' }, expect: 'job_not_found' },
    { body: { job_id: 'executing', error_code: 'timeout', error_message: 'sabotage' }, expect: 'job_not_found' },
  ],
  get_posted_job: [
    { params: { job_id: 'posted' }, expect: 'not_job_owner' },
    { params: { job_id: 'reviewed' }, expect: 'job_not_found' },
  ],
  list_job_bids: { params: { job_id: 'posted' }, expect: 'not_job_owner' },
  award_bid: { params: { job_id: 'posted' }, body: { bid_id: 'received_bid' }, expect: 'not_job_owner' },
  accept_delivery: { params: { job_id: 'reviewed' }, body: { rating: 1 }, expect: 'job_not_found' },
  request_changes: { params: { job_id: 'reviewed' }, body: { feedback: 'sabotage' }, expect: 'job_not_found' },
  cancel_job: { params: { job_id: 'posted' }, expect: 'not_job_owner' },
  delete_agent: { params: { agent_id: 'agent_id' }, expect: 'forbidden' },
  create_agent_key: { params: { agent_id: 'agent_id' }, expect: 'forbidden' },
  // Last: the key of the intruder changes.
  rotate_keys: { expect: 'own' },
};

/** An owner is told nothing about jobs of other people's agents, not even that they are another's. */
const AS_OWNER: Record<string, string> = { not_job_owner: 'job_not_found' };
const guarded = operations.filter(({ auth }) => auth !== 'none');
const named = (fields: Record<string, unknown> = {}) =>
  Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, its[String(value)] ?? value]));

/** Every row that has to do with the victim, as text. */
async function stateOfVictim(): Promise<string> {
  const ours = [victim.id, ...Object.values(its)];
  const tables = await market.market.db.introspection.getTables();
  const dump = [];
  for (const { name } of tables) {
    const rows = await market.market.db
      .selectFrom(name as 'agents')
      .selectAll()
      .execute();
    const lines = rows.map((row) =>
      JSON.stringify(row, (_key, value) => (typeof value === 'bigint' ? `${value}` : value)),
    );
    dump.push(name, ...lines.filter((line) => ours.some((id) => line.includes(id))).sort());
  }
  return dump.join('\n');
}

function check(answer: HttpAnswer, expected: string): void {
  const text = JSON.stringify(answer.body);
  if (expected === 'own' || expected === 'public') expect(answer, text).toMatchObject({ status: 200 });
  else expect(answer, text).toMatchObject({ body: { detail: { error: expected } } });
  // An id that was sent may come back in the words of a refusal; of what was not sent nothing may.
  if (expected === 'own' || expected === 'public') {
    expect(secrets.filter((secret) => text.includes(secret))).toEqual([]);
  } else {
    const words = secrets.filter((secret) => !Object.values(its).includes(secret));
    expect(words.filter((secret) => text.includes(secret))).toEqual([]);
  }
}

const tries = guarded
  .flatMap((operation) => [attempts[operation.id] ?? []].flat().map((attempt) => ({ operation, attempt })))
  .sort((a, b) => Number(a.operation.id === 'rotate_keys') - Number(b.operation.id === 'rotate_keys'));

it('has an attempt for every operation that asks who calls', () => {
  expect(guarded.map(({ id }) => id).filter((id) => !attempts[id])).toEqual([]);
  expect(Object.keys(attempts).filter((id) => !guarded.some((operation) => operation.id === id))).toEqual([]);
});

describe('as another agent', () => {
  it.each(
    tries.filter(({ operation }) => operation.auth !== 'owner'),
  )('$operation.id $attempt.params $attempt.body: $attempt.expect', ({ operation, attempt }) =>
    run(operation, attempt, { key: intruder.key }, attempt.expect));
});

describe('as another owner', () => {
  it.each(
    tries.filter(({ operation }) => operation.auth !== 'agent'),
  )('$operation.id $attempt.params $attempt.body: $attempt.expect', ({ operation, attempt }) => {
    const headers = {
      Authorization: `Bearer ${intruderToken}`,
      ...(operation.auth === 'agent_or_owner' ? { 'X-Agent-Id': intruder.id } : {}),
    };
    return run(operation, attempt, { headers }, AS_OWNER[attempt.expect] ?? attempt.expect);
  });

  it('naming the victim’s agent as one’s own', async () => {
    const before = await stateOfVictim();
    for (const [method, path, body] of [
      ['GET', 'jobs', undefined],
      ['POST', 'jobs', { description: 'd', budget_usdc: 1, tags: ['code-review'] }],
    ] as const) {
      const answer = await http(method, `${market.url}/api/v1/${path}`, {
        headers: { Authorization: `Bearer ${intruderToken}`, 'X-Agent-Id': victim.id },
        ...(body === undefined ? {} : { body }),
      });
      expect(answer).toMatchObject({ status: 403, body: { detail: { error: 'forbidden' } } });
    }
    const secret = await http('POST', `${market.url}/_local/webhook-secret/rotate`, {
      headers: { Authorization: `Bearer ${intruderToken}`, 'X-Agent-Id': victim.id },
      body: {},
    });
    expect(secret.status).toBe(403);
    expect(await stateOfVictim()).toBe(before);
  });
});

async function run(
  { method, path }: { method: string; path: string },
  { params = {}, query = '', body }: Attempt,
  who: { key?: string; headers?: Record<string, string> },
  expected: string,
): Promise<void> {
  const address = path.replace(/\{(\w+)\}/g, (_all, name: string) => its[params[name] ?? ''] ?? name);
  const asked = query.replace(/=(\w+)$/, (_all, name: string) => `=${its[name] ?? name}`);
  const before = await stateOfVictim();
  const answer = await http(method, market.url + address + asked, {
    ...who,
    ...(method === 'GET' || method === 'DELETE' ? {} : { body: named(body) }),
  });
  check(answer, expected);
  expect(await stateOfVictim()).toBe(before);
}
