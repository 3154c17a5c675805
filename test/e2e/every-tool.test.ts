import { createHash } from 'node:crypto';
import { ed25519 } from '@noble/curves/ed25519.js';
import { base58 } from '@scure/base';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tagTestFor } from '#market/sandbox-content/catalogue.ts';
import { type RunningMarket, startMarket } from '#market/serve.ts';
import { tools } from '#tools/registry.ts';
import { skeleton } from '../market/sandbox-content/skeleton.ts';
import { http } from '../support/http.ts';
import {
  type Answer,
  connect,
  type Generation,
  generations,
  type TestClient,
  temporaryHome,
} from '../support/mcp-clients.ts';

/** All tools, through the shipped server process, by each generation of the official clients, against the real marketplace. */
let running: RunningMarket;
beforeAll(async () => {
  running = await startMarket({ port: 0, data: ':memory:' });
});
afterAll(() => running.close());

/** Counts which tools were used, so that a new tool without a test here is noticed. */
interface Player extends TestClient {
  readonly used: Set<string>;
}

async function player(generation: Generation, home: string): Promise<Player> {
  const client = await connect(generation, { env: { SOTA_HOME: home, SOTA_API_URL: running.url } });
  const used = new Set<string>();
  const counted =
    <T>(invoke: (name: string, args?: Record<string, unknown>) => Promise<T>) =>
    (name: string, args?: Record<string, unknown>) => {
      used.add(name);
      return invoke(name, args);
    };
  return { ...client, used, call: counted(client.call), refusal: counted(client.refusal) };
}

// biome-ignore lint/suspicious/noExplicitAny: answers are read by path, as a model reads them
const at = (answer: Answer, path: string): any => path.split('.').reduce<any>((value, key) => value?.[key], answer);
const wallet = base58.encode(ed25519.getPublicKey(createHash('sha256').update('every tool').digest()));

describe.each(generations)('%s', (generation) => {
  const homes = [temporaryHome(), temporaryHome()] as const;
  let worker: Player;
  let requester: Player;
  const jobs: Record<string, string> = {};

  beforeAll(async () => {
    [worker, requester] = await Promise.all([player(generation, homes[0].path), player(generation, homes[1].path)]);
  });
  afterAll(async () => {
    await Promise.all([worker?.close(), requester?.close()]);
    for (const home of homes) home.remove();
  });

  const post = async (name: string, changes: Record<string, unknown> = {}): Promise<string> => {
    const answer = await requester.call('create_job', {
      title: `${generation} ${name}`,
      description: `Work on ${name}`,
      budget_usdc: 10,
      tags: ['summarization'],
      selection: 'manual',
      bid_window_seconds: 600,
      ...changes,
    });
    expect(answer).toMatchObject({ outcome: 'done', status: 'bidding' });
    jobs[name] = at(answer, 'job_id');
    return jobs[name] ?? '';
  };
  const bidAndAward = async (job_id: string): Promise<void> => {
    await worker.call('bid', { job_id, amount_usdc: '4.5', eta_seconds: 60 });
    const bids = await requester.call('list_bids', { job_id });
    const awarded = await requester.call('award_bid', { job_id, bid_id: at(bids, 'bids.0.id') });
    expect(awarded).toMatchObject({ outcome: 'done', status: 'assigned' });
    await worker.call('accept_assignment', { job_id });
  };

  it('discovery needs no key', async () => {
    expect(at(await worker.call('list_clusters'), 'clusters').length).toBeGreaterThanOrEqual(6);
    expect(at(await worker.call('list_tags', { cluster: 'text' }), 'tags').map((tag: Answer) => tag.slug)).toContain(
      'summarization',
    );
    expect(JSON.stringify(await worker.call('get_tag', { tag_slug: 'summarization' }))).toContain('text');
    const operation = JSON.stringify(
      await worker.call('get_openapi_operation', { method: 'POST', path: '/api/v1/agents/bid' }),
    );
    expect(operation).toContain('amount_usdc');
    expect(operation).not.toContain('withdraw');
    expect(at(await worker.call('read_doc', { topic: 'sandbox' }), 'text')).toMatch(/sandbox/i);
  });

  it('without a key everything else says how to get one', async () => {
    for (const tool of ['get_status', 'list_jobs', 'withdraw']) {
      const error = await worker.refusal(tool, tool === 'withdraw' ? { amount_usdc: 1 } : {});
      expect(error).toMatchObject({
        code: expect.stringMatching(/key/),
        fix: expect.stringContaining('register_agent'),
      });
    }
  });

  it('register_agent stores the key and does not show it', async () => {
    const answer = await worker.call('register_agent', {
      email: `${generation.replaceAll(' ', '')}@example.test`,
      name: 'worker',
      clusters: ['text'],
      tags: ['summarization'],
    });
    expect(answer).toMatchObject({ outcome: 'done', status: 'sandbox' });
    expect(JSON.stringify(answer)).not.toMatch(/sk_live_[\w-]{20}|rec_|whsec_/);
    await requester.call('register_agent', {
      email: `r-${generation.replaceAll(' ', '')}@example.test`,
      name: 'requester',
      clusters: ['code'],
      tags: ['code-review'],
    });
  });

  it('the sandbox: list, check, submit wrong and right, retry, review', async () => {
    const first = await worker.call('list_sandbox_jobs');
    const test = at(first, 'jobs.0');
    expect(await worker.call('check_result', { job_id: test.id, result: {} })).toMatchObject({
      passed: false,
      code: 'schema_violation',
    });
    expect(await worker.call('submit_test_result', { test_job_id: test.id, result_json: '{}' })).toMatchObject({
      passed: false,
      attempts_left: 3,
    });
    expect(await worker.call('retry_test', { test_job_id: test.id })).toMatchObject({ outcome: 'done' });
    for (
      let open = openOf(await worker.call('list_sandbox_jobs'));
      open.length;
      open = openOf(await worker.call('list_sandbox_jobs'))
    ) {
      for (const row of open) {
        const answer =
          row.origin === 'tag_test' ? tagTestFor(row.capability)?.solve(row) : skeleton(row.expected_schema);
        expect(await worker.call('submit_test_result', { test_job_id: row.id, result_json: answer })).toMatchObject({
          passed: true,
        });
      }
    }
    expect(await worker.call('get_status')).toMatchObject({
      status: 'testing_passed',
      sandbox_progress: { ready_for_review: true },
    });
    expect(await worker.call('request_review')).toMatchObject({ status: 'pending_review' });
    await http('POST', `${running.url}/_local/clock/advance`, { body: { seconds: 5 } });
    expect(await worker.call('get_status')).toMatchObject({ status: 'active' });
  });

  it('a job from post to payout, with progress, a check and a change', async () => {
    const job_id = await post('main', {
      parameters: { text: 'a  b' },
      expected_schema: { type: 'object', required: ['summary'] },
    });
    expect(at(await worker.call('list_jobs', { scope: 'available' }), 'jobs').map((job: Answer) => job.id)).toContain(
      job_id,
    );
    expect(at(await worker.call('get_job', { job_id }), 'job.parameters')).toEqual({ text: 'a  b' });
    await bidAndAward(job_id);
    expect(await worker.call('report_progress', { job_id, percent: 40, message: 'under way' })).toBeTruthy();
    expect(await worker.call('check_result', { job_id, result: { summary: 's' } })).toMatchObject({ passed: true });
    expect(await worker.refusal('deliver', { job_id, result: { wrong: 1 } })).toMatchObject({
      code: 'schema_violation',
    });
    expect(await worker.call('deliver', { job_id, result: { summary: 'first' } })).toMatchObject({
      outcome: 'done',
      status: 'delivered',
    });
    expect(await requester.call('request_changes', { job_id, feedback: 'shorter please' })).toMatchObject({
      outcome: 'done',
    });
    expect(JSON.stringify(await worker.call('get_job', { job_id }))).toContain('shorter please');
    await worker.call('deliver', { job_id, result: { summary: 'second' } });
    const seen = await requester.call('get_job', { job_id });
    const accepted = await requester.call('accept_delivery', {
      job_id,
      rating: 5,
      result_hash: at(seen, 'job.result_hash'),
    });
    expect(accepted).toMatchObject({ outcome: 'done', released_usdc: 4.05, fee_usdc: 0.45 });
  });

  it('bids can be placed, lowered and cancelled; jobs failed and cancelled', async () => {
    const job_id = await post('bids');
    await worker.call('bid', { job_id, amount_usdc: 9, eta_seconds: 60 });
    expect(await worker.refusal('bid', { job_id, amount_usdc: 9.5, eta_seconds: 60 })).toMatchObject({
      code: 'bid_cannot_increase',
    });
    const lowered = await worker.call('bid', { job_id, amount_usdc: 8, eta_seconds: 60 });
    expect(await worker.call('cancel_bid', { bid_id: at(lowered, 'bid_id') })).toMatchObject({ outcome: 'done' });
    expect(await worker.call('bid', { job_id, amount_usdc: 8, eta_seconds: 60 })).toMatchObject({ outcome: 'done' });
    expect(at(await worker.call('list_bids'), 'bids').length).toBeGreaterThan(0);
    expect(await requester.call('cancel_job', { job_id })).toMatchObject({ outcome: 'done', refunded_usdc: 10 });

    const failing = await post('failing');
    await bidAndAward(failing);
    const failed = await worker.call('fail_job', {
      job_id: failing,
      error_code: 'invalid_input',
      error_message: 'no input',
      retryable: false,
    });
    expect(failed).toMatchObject({ outcome: 'done', status: 'failed' });
  });

  it('money: summary, wallet, withdrawal to the micro-USDC', async () => {
    expect(await worker.call('get_payouts_summary')).toMatchObject({ available_usdc: 4.05 });
    expect(await worker.refusal('withdraw', { amount_usdc: 1 })).toMatchObject({ code: 'no_payout_wallet' });
    expect(await worker.refusal('set_payout_wallet', { address: '1'.repeat(44) })).toMatchObject({
      code: 'invalid_wallet_address',
    });
    await worker.call('set_payout_wallet', { address: wallet });
    expect(await worker.call('get_payout_wallet')).toMatchObject({ address: wallet });
    expect(await worker.refusal('withdraw', { amount_usdc: '4.050001' })).toMatchObject({
      code: 'insufficient_balance',
    });
    expect(await worker.call('withdraw', { amount_usdc: '4.049999' })).toMatchObject({
      outcome: 'done',
      amount_usdc: 4.049999,
      address: wallet,
    });
    expect(await worker.call('get_payouts_summary')).toMatchObject({
      available_usdc: 0.000001,
      withdrawn_usdc: 4.049999,
    });
    await worker.call('clear_payout_wallet');
  });

  it('housekeeping: log, waiting, heartbeat, keys, login link, profile', async () => {
    const log = await worker.call('get_activity_log', { limit: 5 });
    expect(at(log, 'entries').length).toBe(5);
    expect(await worker.call('wait_for_activity', { timeout_seconds: 0 })).toHaveProperty('woke_by');
    expect(await worker.call('heartbeat')).toBeTruthy();
    const rotated = await worker.call('rotate_keys');
    expect(JSON.stringify(rotated)).not.toMatch(/sk_live_[\w-]{20}/);
    expect(await worker.call('get_status')).toMatchObject({ status: 'active' });
    expect(JSON.stringify(await worker.call('generate_human_login_link'))).toContain('/login?token=');
    expect(await worker.call('update_profile', { description: 'Summarises.' })).toMatchObject({ outcome: 'done' });
    expect(await worker.refusal('update_profile', { tags: ['translation'] })).toMatchObject({
      code: expect.any(String),
    });
    expect(await worker.call('update_profile', { tags: ['translation'], accept_regate: true })).toMatchObject({
      sandbox_regate: true,
    });
  });

  it('left no tool out, and the books are right', async () => {
    const used = new Set([...worker.used, ...requester.used]);
    expect(tools.map(({ name }) => name).filter((name) => !used.has(name))).toEqual([]);
    expect((await http('GET', `${running.url}/_local/audit`)).body).toEqual({ violations: [] });
  });
});

interface TestRow {
  readonly id: string;
  readonly status: string;
  readonly origin: string;
  readonly capability: string;
  readonly description: string;
  readonly parameters: Record<string, unknown>;
  readonly expected_schema: Record<string, unknown>;
}

function openOf(answer: Answer): TestRow[] {
  return (answer.jobs as TestRow[]).filter((row) => row.status === 'assigned');
}
