import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningMarket, startMarket } from '#market/serve.ts';
import { http } from '../support/http.ts';
import { type Answer, connect, type TestClient, temporaryHome } from '../support/mcp-clients.ts';

/** What a model gets wrong, through the real process: every mistake is answered with how to put it right, and changes nothing. */
const home = temporaryHome();
let running: RunningMarket;
let agent: TestClient;
let agentId: string;

beforeAll(async () => {
  running = await startMarket({ port: 0, data: ':memory:' });
  // Room enough that the marketplace is who says no.
  const limits = { SOTA_MAX_JOB_USDC: '10000', SOTA_MAX_DAY_USDC: '10000', SOTA_MAX_OPEN_ESCROW_USDC: '10000' };
  agent = await connect('v2 modern', { env: { SOTA_HOME: home.path, SOTA_API_URL: running.url, ...limits } });
  const answer = await agent.call('register_agent', {
    email: 'bad@example.test',
    name: 'clumsy',
    clusters: ['code'],
    tags: ['code-review'],
  });
  agentId = String(answer.agent_id);
  await http('POST', `${running.url}/_local/admin/agents/${agentId}/activate`);
});
afterAll(async () => {
  await agent?.close();
  await running?.close();
  home.remove();
});

const spending = async () => (await agent.call('get_payouts_summary')).spending_usdc;
const goodJob = { description: 'd', budget_usdc: 5, tags: ['code-review'] };

describe('arguments', () => {
  it.each<[string, string, Record<string, unknown>, Record<string, unknown>]>([
    ['an unknown tool', 'list_job', {}, { did_you_mean: 'list_jobs' }],
    [
      'a missing argument',
      'bid',
      { job_id: 'j', amount_usdc: 1 },
      { message: expect.stringContaining('eta_seconds'), example: expect.anything() },
    ],
    [
      'a misspelt argument',
      'get_tag',
      { tag_slgu: 'code-review' },
      { did_you_mean: expect.stringContaining('tag_slug') },
    ],
    [
      'an argument of the wrong type',
      'bid',
      { job_id: 'j', amount_usdc: true, eta_seconds: 60 },
      { message: expect.stringContaining('amount_usdc') },
    ],
    [
      'a negative amount',
      'create_job',
      { ...goodJob, budget_usdc: -1 },
      { message: expect.stringContaining('budget_usdc') },
    ],
    [
      'seven decimals',
      'create_job',
      { ...goodJob, budget_usdc: 0.1234567 },
      { message: expect.stringContaining('6 decimals') },
    ],
    [
      'an absurd amount',
      'create_job',
      { ...goodJob, budget_usdc: 1e30 },
      { message: expect.stringContaining('budget_usdc') },
    ],
    [
      'text for an amount',
      'create_job',
      { ...goodJob, budget_usdc: 'NaN' },
      { message: expect.stringContaining('budget_usdc') },
    ],
    ['a comma', 'create_job', { ...goodJob, budget_usdc: '1,5' }, { message: expect.stringContaining('budget_usdc') }],
    [
      'an unknown tag',
      'create_job',
      { ...goodJob, tags: ['code-reveiw'] },
      { code: 'unknown_tag', marketplace_said: expect.stringContaining('code-review') },
    ],
    ['more than there is', 'create_job', { ...goodJob, budget_usdc: 5000 }, { code: 'insufficient_funds' }],
    ['an unknown job', 'get_job', { job_id: 'job_none' }, { code: 'job_not_found' }],
    ['an empty list', 'create_job', { ...goodJob, tags: [] }, { message: expect.stringContaining('tags') }],
    [
      'an argument too many',
      'withdraw',
      { amount_usdc: 1, address: 'somewhere' },
      { message: expect.stringContaining('address') },
    ],
  ])('%s is taught', async (_what, tool, args, expected) => {
    const before = await spending();
    const error = await agent.refusal(tool, args);
    expect(error).toMatchObject({
      code: expect.any(String),
      message: expect.any(String),
      fix: expect.any(String),
      retryable: expect.any(Boolean),
      ...expected,
    });
    expect(JSON.stringify(error)).not.toMatch(/\bat \S+\.(ts|js):\d+|ZodError|undefined\b/);
    expect(await spending()).toBe(before);
  });

  it.each<[string, string, Record<string, unknown>]>([
    ['an object that came as text', 'create_job', { ...goodJob, parameters: '{"a":1}' }],
    ['a list that came as text', 'create_job', { ...goodJob, tags: '["code-review"]' }],
    ['a number that came as text', 'get_activity_log', { limit: '3' }],
    ['an obvious other name', 'create_job', { description: 'd', budget: 5, tags: ['code-review'] }],
    ['the payload of the published signature', 'create_job', { payload: goodJob }],
  ])('%s is repaired, and the repair is told', async (_what, tool, args) => {
    const answer: Answer = await agent.call(tool, args);
    expect(answer.repaired).toEqual(expect.arrayContaining([expect.any(String)]));
  });
});

describe('a schema from a stranger', () => {
  it('with a pattern that never ends, neither stops the server nor keeps a worker from delivering', async () => {
    const otherHome = temporaryHome();
    const requester = await connect('v2 modern', { env: { SOTA_HOME: otherHome.path, SOTA_API_URL: running.url } });
    await requester.call('register_agent', {
      email: 'hostile@example.test',
      name: 'hostile',
      clusters: ['text'],
      tags: ['summarization'],
    });
    const { job_id } = await requester.call('create_job', {
      ...goodJob,
      selection: 'manual',
      bid_window_seconds: 600,
      expected_schema: { type: 'object', required: ['a'], properties: { a: { type: 'string', pattern: '^(a+)+$' } } },
    });
    const result = { a: `${'a'.repeat(60)}!` };
    await agent.call('bid', { job_id, amount_usdc: 5, eta_seconds: 60 });
    const bids = (await requester.call('list_bids', { job_id })).bids as { id: string }[];
    await requester.call('award_bid', { job_id, bid_id: bids[0]?.id });
    await agent.call('accept_assignment', { job_id });

    const checking = agent.call('check_result', { job_id, result });
    const meanwhile = await Promise.race([
      agent.call('heartbeat').then(() => 'answered meanwhile'),
      checking.then(() => 'was blocked'),
    ]);
    expect(meanwhile).toBe('answered meanwhile');
    expect(await checking).toMatchObject({ code: 'unchecked' });
    expect(await agent.call('deliver', { job_id, result })).toMatchObject({ outcome: 'done', status: 'delivered' });
    await requester.close();
    otherHome.remove();
  });
});

describe('a key that cannot be one', () => {
  it.each([
    '${SOTA_API_KEY}',
    '${env:SOTA_API_KEY}',
    '$env:SOTA_API_KEY',
    '{{SOTA_API_KEY}}',
    '"sk_live_x"',
    ' ',
  ])('%s counts as none, and the error names it', async (value) => {
    const emptyHome = temporaryHome();
    const client = await connect('v2 legacy', {
      env: { SOTA_HOME: emptyHome.path, SOTA_API_URL: running.url, SOTA_API_KEY: value },
    });
    expect((await client.call('list_clusters')).clusters).toBeTruthy();
    const error = await client.refusal('list_jobs');
    if (value.trim()) expect(JSON.stringify(error)).toContain(JSON.stringify(value.trim()).slice(1, -1));
    expect(error.fix).toBeTruthy();
    await client.close();
    emptyHome.remove();
  });
});
