import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { SotaError } from '#contract/errors/sota-error.ts';
import type { Clock } from '#kit/clock.ts';
import { createMemory } from '#tools/context.ts';
import { tools } from '#tools/registry.ts';
import { runTool } from '#tools/run-tool.ts';
import { AGENT_ID, type Answers, contextOf, fakeSession } from './fake-session.ts';

/** What only the tool decides. Wires, rules and retries are tested where they are real. */

const tool = (name: string) => tools.find((candidate) => candidate.name === name)!;
const test = {
  id: 'tj_1',
  capability: 'code',
  origin: 'cluster_probe',
  source_id: 's',
  description: 'Do it',
  parameters: {},
  expected_schema: { type: 'object' },
  status: 'assigned',
  deadline_at: null,
  seconds_remaining: 100,
  time_limit_seconds: 120,
  created_at: '',
  attempt: 2,
};
const progress = { agent_id: AGENT_ID, status: 'sandbox', tests_total: 2, tests_passed: 2, ready_for_review: true };
const me = { id: AGENT_ID, name: 'n', status: 'active', capabilities: ['code-review'], updated_at: 't1' };
const job = (extra = {}) => ({
  id: 'job-1',
  title: 'T',
  description: 'D',
  parameters: {},
  budget_usdc: 5,
  tags: ['code'],
  status: 'bidding',
  created_at: '',
  retry_count: 0,
  ...extra,
});

/** Time passes only when it is waited for. */
function jumpingClock(): Clock {
  let now = 0;
  return {
    now: () => now,
    after(ms, run) {
      queueMicrotask(() => {
        now += ms;
        run();
      });
      return () => {};
    },
  };
}

describe('submit_test_result', () => {
  const verdict = {
    passed: false,
    code: 'schema_violation',
    message: "Schema validation failed: 'a' is a required property",
    path: [],
    validator: 'required',
    validator_value: ['a'],
    attempts_left: 2,
  };

  it('answers a failed verdict with what to fix and what is left, not with an error', async () => {
    const { session, sent } = fakeSession({
      list_agent_jobs: () => ({ sandbox: true, jobs: [test] }),
      deliver_test_result: () => {
        throw new SotaError({ code: 'schema_violation', message: 'refused', fix: '', details: verdict });
      },
    });
    const result = await runTool(
      tool('submit_test_result'),
      { test_job_id: 'tj_1', result_json: {} },
      contextOf(session),
    );
    expect(result).toMatchObject({
      outcome: 'done',
      passed: false,
      attempts_left: 2,
      message: expect.stringContaining(verdict.message),
    });
    expect(result.fix).toMatch(/Repair the top level.*Submissions left: 2/s);
    expect((result.next as { tool: string }[]).map((call) => call.tool)).toEqual([
      'check_result',
      'submit_test_result',
    ]);
    expect(sent.at(-1)).toMatchObject({ slot: 'test/tj_1', epoch: '2', request: { body: { result: '{}' } } });
  });

  it('offers only retry_test once the submissions are used up', async () => {
    const { session } = fakeSession({
      list_agent_jobs: () => ({ sandbox: true, jobs: [test] }),
      deliver_test_result: () => {
        throw new SotaError({
          code: 'content_check_failed',
          message: 'm',
          fix: '',
          details: { ...verdict, code: 'content_check_failed', attempts_left: 0 },
        });
      },
    });
    const { next } = await runTool(
      tool('submit_test_result'),
      { test_job_id: 'tj_1', result_json: {} },
      contextOf(session),
    );
    expect(next).toEqual([expect.objectContaining({ tool: 'retry_test', arguments: { test_job_id: 'tj_1' } })]);
  });

  it('leads to the review after the last pass', async () => {
    const { session } = fakeSession({
      list_agent_jobs: () => ({ sandbox: true, jobs: [test] }),
      deliver_test_result: () => ({ passed: true, code: 'ok', message: 'm' }),
      get_sandbox_progress: () => progress,
    });
    const result = await runTool(
      tool('submit_test_result'),
      { test_job_id: 'tj_1', result_json: '[1]' },
      contextOf(session),
    );
    expect(result).toMatchObject({ passed: true, tests_passed: 2, next: [{ tool: 'request_review' }] });
  });

  it('sends nothing that is not JSON', async () => {
    const { session, sent } = fakeSession({});
    const call = runTool(
      tool('submit_test_result'),
      { test_job_id: 'tj_1', result_json: '```json\n{}\n```' },
      contextOf(session),
    );
    await expect(call).rejects.toMatchObject({
      code: 'invalid_json',
      message: expect.stringContaining('markdown fence'),
    });
    expect(sent).toEqual([]);
  });

  it('belongs to another attempt after retry_test', async () => {
    let attempt = 1;
    const { session, sent } = fakeSession({
      list_agent_jobs: () => ({ sandbox: true, jobs: [{ ...test, attempt }] }),
      deliver_test_result: () => ({ passed: true, code: 'ok', message: 'm' }),
      retry_test_job: () => ({ status: 'pending' }),
      get_sandbox_progress: () => progress,
    });
    const context = contextOf(session);
    const submit = () => runTool(tool('submit_test_result'), { test_job_id: 'tj_1', result_json: {} }, context);
    await submit();
    await submit();
    await runTool(tool('retry_test'), { test_job_id: 'tj_1' }, context);
    attempt = 2;
    await submit();
    expect(
      sent.filter(({ slot }) => slot === 'test/tj_1').map(({ operation, epoch }) => `${operation} ${epoch}`),
    ).toEqual(['deliver_test_result 1', 'deliver_test_result 1', 'retry_test_job 1', 'deliver_test_result 2']);
  });
});

describe('bids and deliveries', () => {
  it('a bid on a job that was requeued is another bid', async () => {
    const { session, sent } = fakeSession({
      get_agent_job: () => job({ retry_count: 1 }),
      place_bid: () => ({ status: 'bid_accepted', id: 'b' }),
    });
    const result = await runTool(
      tool('bid'),
      { job_id: 'job-1', amount_usdc: '2.5', eta_seconds: 60 },
      contextOf(session),
    );
    expect(sent.at(-1)).toMatchObject({
      slot: 'bid/job-1',
      epoch: '1',
      request: { body: { job_id: 'job-1', amount_usdc: 2.5, estimated_seconds: 60 } },
    });
    expect(result).toMatchObject({ outcome: 'done', bid_id: 'b', budget_usdc: 5 });
  });

  it('cancelling stands in the slot of the bid it cancels', async () => {
    const { session, sent } = fakeSession({
      list_bids: () => ({ bids: [{ id: 'b', job_id: 'job-1' }], total: 1 }),
      cancel_bid: () => ({ cancelled: true, bid_id: 'b' }),
    });
    await runTool(tool('cancel_bid'), { bid_id: 'b' }, contextOf(session));
    expect(sent.at(-1)).toMatchObject({ operation: 'cancel_bid', slot: 'bid/job-1' });
  });

  it('a delivery carries the hash of the exact text and belongs to a revision', async () => {
    const { session, sent } = fakeSession({
      get_agent_job: () => job({ status: 'executing', revision: 1 }),
      deliver: () => ({ status: 'delivered' }),
    });
    const result = await runTool(tool('deliver'), { job_id: 'job-1', result: 'plain text' }, contextOf(session));
    expect(sent.at(-1)).toMatchObject({ slot: 'job/job-1', epoch: '0.1', request: { body: { result: 'plain text' } } });
    expect(result.result_hash).toBe(createHash('sha256').update('plain text').digest('hex'));
    expect(sent.at(-1)?.request).toMatchObject({ body: { result_hash: result.result_hash } });
    const wrong = runTool(
      tool('deliver'),
      { job_id: 'job-1', result: 'other', result_hash: result.result_hash },
      contextOf(session),
    );
    await expect(wrong).rejects.toMatchObject({ code: 'result_hash_mismatch' });
  });

  it('accepting what was accepted before is no error', async () => {
    const { session } = fakeSession({
      get_agent_job: () => job({ status: 'executing', winner_agent_id: AGENT_ID }),
      accept_assignment: () => {
        throw new SotaError({ code: 'invalid_state', message: 'm', fix: 'f' });
      },
    });
    const result = await runTool(tool('accept_assignment'), { job_id: 'job-1' }, contextOf(session));
    expect(result).toMatchObject({ outcome: 'replayed', status: 'executing' });
  });
});

describe('update_profile', () => {
  it('says first that other tags lead back to the sandbox', async () => {
    const { session, sent } = fakeSession({
      get_me: () => me,
      update_me: () => ({ ...me, status: 'sandbox', sandbox_regate: true, capabilities: ['translation'] }),
    });
    const asked = runTool(tool('update_profile'), { tags: ['translation'] }, contextOf(session));
    await expect(asked).rejects.toMatchObject({
      code: 'regate_not_accepted',
      next: [{ arguments: { tags: ['translation'], accept_regate: true } }],
    });
    expect(sent.map(({ operation }) => operation)).toEqual(['get_me']);
    const done = await runTool(
      tool('update_profile'),
      { tags: ['translation'], accept_regate: true },
      contextOf(session),
    );
    expect(done).toMatchObject({ outcome: 'done', status: 'sandbox', sandbox_regate: true });
  });

  it('does not ask for tags that stay the same', async () => {
    const { session, sent } = fakeSession({ get_me: () => me, update_me: () => ({ ...me, sandbox_regate: false }) });
    await runTool(tool('update_profile'), { tags: ['code-review'], webhook_url: '' }, contextOf(session));
    expect(sent.at(-1)?.request).toEqual({ body: { webhook_url: null } });
  });
});

describe('check_result', () => {
  const answers: Answers = { get_agent_job: () => job({ expected_schema: { type: 'object', required: ['a'] } }) };

  it('says what could not be checked, and never passes it', async () => {
    const { session } = fakeSession(answers);
    const validator = {
      validate: async () => ({
        ok: 'unchecked' as const,
        reason: 'timeout' as const,
        message: 'Validation took longer than 1000 ms',
      }),
    };
    const result = await runTool(
      tool('check_result'),
      { job_id: 'job-1', result: {} },
      contextOf(session, { validator }),
    );
    expect(result).toMatchObject({ code: 'unchecked', reason: 'timeout' });
    expect(result).not.toHaveProperty('passed');
  });

  it('asks the marketplace for a schema once', async () => {
    const { session, sent } = fakeSession(answers);
    const context = contextOf(session);
    await runTool(tool('check_result'), { job_id: 'job-1', result: {} }, context);
    expect(await runTool(tool('check_result'), { job_id: 'job-1', result: {} }, context)).toMatchObject({
      passed: true,
      checked: 'shape',
    });
    expect(sent).toHaveLength(1);
  });
});

describe('wait_for_activity', () => {
  const entry = (id: number, event_type: string, payload = {}) => ({
    id,
    agent_id: AGENT_ID,
    event_type,
    level: 'info',
    job_id: 'job-1',
    payload,
    created_at: '',
  });

  function waiting(log: (since: number) => unknown[], jobs: () => unknown[] = () => []) {
    const { session } = fakeSession({
      get_me: () => me,
      get_activity_log: ({ query }) => ({ entries: log(Number(query?.since_id ?? 0)), next_since_id: null }),
      list_agent_jobs: () => ({ jobs: jobs() }),
    });
    const clock = jumpingClock();
    const ticks: number[] = [];
    const context = contextOf(session, { clock, memory: createMemory(clock), progress: (done) => ticks.push(done) });
    return { context, ticks, wait: (args = {}) => runTool(tool('wait_for_activity'), args, context) };
  }

  it('returns empty-handed after its time, having shown that it is alive', async () => {
    const { wait, ticks } = waiting(() => []);
    expect(await wait({ timeout_seconds: 45 })).toMatchObject({
      woke_by: 'timeout',
      entries: [],
      new_jobs: [],
      waited_seconds: 45,
    });
    expect(ticks.length).toBeGreaterThan(4);
  });

  it('wakes for what others did, and goes on from there', async () => {
    const log = [entry(1, 'registered'), entry(2, 'bid_won')];
    const { wait } = waiting((since) => log.filter(({ id }) => id > since));
    expect(await wait()).toMatchObject({ woke_by: 'activity', next_since_id: 2, waited_seconds: 0 });
    expect(await wait({ timeout_seconds: 1 })).toMatchObject({ woke_by: 'timeout', entries: [], next_since_id: 2 });
  });

  it('does not wake for the echo of its own moves, but shows it', async () => {
    let looks = 0;
    const own = entry(1, 'job_status', { from: 'assigned', to: 'executing' });
    const news = entry(2, 'job_status', { from: 'executing', to: 'completed' });
    const { wait, context } = waiting((since) => {
      looks += 1;
      return [own, ...(looks > 3 ? [news] : [])].filter(({ id }) => id > since);
    });
    context.memory.ownMoves.add('job-1:executing');
    const result = await wait();
    expect(result).toMatchObject({ woke_by: 'activity', next_since_id: 2 });
    expect((result.entries as { id: number }[]).map(({ id }) => id)).toEqual([1, 2]);
    expect(looks).toBe(4);
  });

  it('wakes for a job it can bid on, once, and again when the job is requeued', async () => {
    let jobs = [job()];
    const { wait } = waiting(
      () => [],
      () => jobs,
    );
    expect(await wait()).toMatchObject({
      woke_by: 'new_jobs',
      new_jobs: [{ id: 'job-1' }],
      next: [{ tool: 'get_job' }, { tool: 'bid' }],
    });
    expect(await wait({ timeout_seconds: 2 })).toMatchObject({ woke_by: 'timeout' });
    jobs = [job({ retry_count: 1 })];
    expect(await wait()).toMatchObject({ woke_by: 'new_jobs' });
    jobs = [job({ retry_count: 1, status: 'assigned', winner_agent_id: AGENT_ID })];
    expect(await wait()).toMatchObject({ woke_by: 'new_jobs', next: [{ tool: 'accept_assignment' }] });
  });

  it('leaves the sandbox list alone: looking at it would start clocks', async () => {
    const { session, sent } = fakeSession({
      get_me: () => ({ ...me, status: 'sandbox' }),
      get_activity_log: () => ({ entries: [], next_since_id: null }),
    });
    await runTool(tool('wait_for_activity'), { timeout_seconds: 5 }, contextOf(session, { clock: jumpingClock() }));
    expect(sent.map(({ operation }) => operation)).not.toContain('list_agent_jobs');
  });
});
