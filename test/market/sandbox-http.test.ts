import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { tagTestFor } from '#market/sandbox-content/catalogue.ts';
import { type RunningMarket, startMarket } from '#market/serve.ts';
import { lastingPlace } from '../support/engine.ts';
import { http } from '../support/http.ts';
import { manualClock, startOnEngine } from '../support/market.ts';
import { skeleton } from './sandbox-content/skeleton.ts';

/** The sandbox over real HTTP: hand-out, verdicts, attempts, deadlines, retry, review. */
let running: RunningMarket;
const api = (path: string, at = running) => `${at.url}/api/v1/${path}`;
beforeAll(async () => {
  running = await startOnEngine();
});
afterAll(() => running.close());

interface Row {
  id: string;
  status: string;
  origin: string;
  capability: string;
  description: string;
  parameters: Record<string, unknown>;
  expected_schema: Record<string, unknown>;
  deadline_at: string | null;
  seconds_remaining: number | null;
  attempt: number;
  submissions_left: number;
}

let serial = 0;
async function newAgent(tags = ['code-review', 'summarization'], at = running): Promise<{ key: string; id: string }> {
  const body = {
    email: `s${++serial}@example.test`,
    password: 'correct horse',
    agent_name: 'solver',
    capabilities: tags,
  };
  const answer = await http('POST', api('agents/register/simple', at), { body });
  return { key: answer.body.api_key, id: answer.body.agent_id };
}
const tests = async (key: string, at = running): Promise<Row[]> =>
  (await http('GET', api('agents/jobs', at), { key })).body.jobs;
const submit = (key: string, id: string, result: unknown, headers = {}, at = running) =>
  http('POST', api(`agents/test-jobs/${id}/deliver`, at), {
    key,
    headers,
    body: { result: typeof result === 'string' ? result : JSON.stringify(result) },
  });
const retry = (key: string, id: string) => http('POST', api(`agents/test-jobs/${id}/retry`), { key });
const rightAnswer = (row: Row): unknown =>
  row.origin === 'tag_test' ? tagTestFor(row.capability)?.solve(row) : skeleton(row.expected_schema);
const openOf = (rows: Row[]) => rows.filter((row) => row.status === 'assigned');

async function passAll(key: string, at = running): Promise<void> {
  for (let open = openOf(await tests(key, at)); open.length; open = openOf(await tests(key, at))) {
    for (const row of open)
      expect((await submit(key, row.id, rightAnswer(row), {}, at)).body).toMatchObject({ passed: true, code: 'ok' });
  }
}

describe('hand-out', () => {
  it('gives three probes per cluster and one test per tag, and runs three clocks at once', async () => {
    const { key } = await newAgent();
    const rows = await tests(key);
    expect(rows.filter((row) => row.origin === 'cluster_probe')).toHaveLength(6);
    expect(rows.filter((row) => row.origin === 'tag_test').map((row) => row.capability)).toEqual([
      'code-review',
      'summarization',
    ]);
    expect(rows.map((row) => row.status)).toEqual([...Array(3).fill('assigned'), ...Array(5).fill('pending')]);
    expect(rows[0]?.seconds_remaining).toBeGreaterThan(100);
    expect(rows[3]?.deadline_at).toBeNull();
  });

  it('gives two agents different tests', async () => {
    const [one, two] = [await newAgent(), await newAgent()];
    const parameters = async (key: string) =>
      (await tests(key)).filter((row) => row.origin === 'tag_test').map((row) => JSON.stringify(row.parameters));
    expect(await parameters(one.key)).not.toEqual(await parameters(two.key));
  });

  it('shows nobody the tests of another agent', async () => {
    const [one, two] = [await newAgent(), await newAgent()];
    const [row] = await tests(one.key);
    expect(await submit(two.key, row?.id ?? '', '{}')).toMatchObject({
      status: 404,
      body: { detail: { error: 'test_job_not_found' } },
    });
    expect((await retry(two.key, row?.id ?? '')).status).toBe(404);
  });
});

describe('verdicts', () => {
  it('a wrong shape is a flat 422 in the words of Python', async () => {
    const { key } = await newAgent();
    const row = openOf(await tests(key)).find((test) => Array.isArray(test.expected_schema.required));
    const answer = await submit(key, row?.id ?? '', {});
    expect(answer.status).toBe(422);
    expect(answer.body).toMatchObject({
      passed: false,
      code: 'schema_violation',
      message: expect.stringMatching(/^Schema validation failed: '\w+' is a required property$/),
      path: [],
      validator: 'required',
      instance: {},
      attempts_left: 3,
    });
    expect(answer.body.reason).toBe(answer.body.message);
    expect(answer.body.detail).toBeUndefined();
  });

  it('text that is no JSON is a verdict too', async () => {
    const { key } = await newAgent();
    const [row] = await tests(key);
    expect(await submit(key, row?.id ?? '', '{"a":')).toMatchObject({
      status: 422,
      body: { passed: false, code: 'invalid_json' },
    });
  });

  it('a tag test refuses the right shape with nothing in it, and passes real work', async () => {
    const { key } = await newAgent(['summarization']);
    let rows = await tests(key);
    for (const row of openOf(rows)) await submit(key, row.id, rightAnswer(row));
    rows = await tests(key);
    const test = rows.find((row) => row.origin === 'tag_test');
    if (!test) throw new Error('no tag test');
    const hollow = await submit(key, test.id, skeleton(test.expected_schema));
    expect(hollow).toMatchObject({
      status: 422,
      body: { passed: false, code: 'content_check_failed', check: expect.any(String), hint: expect.any(String) },
    });
    expect((await submit(key, test.id, rightAnswer(test))).body).toMatchObject({ passed: true });
  });

  it('locks after four wrong answers until a retry, which resets submissions and clock', async () => {
    const { key } = await newAgent();
    const [row] = await tests(key);
    const id = row?.id ?? '';
    for (const left of [3, 2, 1, 0]) expect((await submit(key, id, '[]x')).body.attempts_left).toBe(left);
    expect(await submit(key, id, '{}')).toMatchObject({ status: 409, body: { detail: { error: 'test_job_locked' } } });
    expect((await retry(key, id)).body).toEqual({ retried: true, test_job_id: id, status: 'pending' });
    const again = (await tests(key)).find((test) => test.id === id);
    expect(again).toMatchObject({ status: 'assigned', attempt: 2, submissions_left: 4 });
  });

  it('a passed test takes nothing more', async () => {
    const { key } = await newAgent();
    const [row] = openOf(await tests(key));
    if (!row) throw new Error('no test');
    await submit(key, row.id, rightAnswer(row));
    expect(await submit(key, row.id, rightAnswer(row))).toMatchObject({
      status: 409,
      body: { detail: { error: 'test_job_locked' } },
    });
    expect(await retry(key, row.id)).toMatchObject({
      status: 409,
      body: { detail: { error: 'test_job_already_passed' } },
    });
  });

  it('with an Idempotency-Key a repeated wrong answer costs one submission, and the verdict is the same', async () => {
    const { key } = await newAgent();
    const [row] = await tests(key);
    const headers = { 'Idempotency-Key': 'verdict-1' };
    const first = await submit(key, row?.id ?? '', '{"wrong":1}', headers);
    const again = await submit(key, row?.id ?? '', '{"wrong":1}', headers);
    expect(again).toMatchObject({ status: 422, body: first.body });
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    expect((await submit(key, row?.id ?? '', '{"wrong":1}')).body.attempts_left).toBe(2);
  });
});

describe('deadlines', () => {
  let quick: RunningMarket | undefined;
  afterEach(async () => {
    await quick?.close();
    quick = undefined;
  });

  it('a test whose time is over fails, refuses answers, and gets a fresh clock by retry', async () => {
    quick = await startOnEngine({ settings: { testTimeScale: 2000 } });
    const at = quick;
    const { key } = await newAgent(['code-review'], at);
    const [row] = await tests(key, at);
    const id = row?.id ?? '';
    await vi.waitFor(async () => expect((await tests(key, at)).find((test) => test.id === id)?.status).toBe('failed'));
    expect(await submit(key, id, '{}', {}, at)).toMatchObject({
      status: 409,
      body: { detail: { error: 'deadline_exceeded' } },
    });
    await http('POST', api(`agents/test-jobs/${id}/retry`, at), { key });
    expect((await tests(key, at)).find((test) => test.id === id)?.attempt).toBe(2);
  });

  it('a slow solver, one answer at a time with most of the time gone, still passes everything', async () => {
    const clock = manualClock();
    quick = await startOnEngine({ clock });
    const at = quick;
    const { key } = await newAgent(['code-review', 'summarization'], at);
    for (let [row] = openOf(await tests(key, at)); row; [row] = openOf(await tests(key, at))) {
      const answer = rightAnswer(row);
      // Of 120 s, and three tests run at once.
      clock.forward(25_000);
      await at.market.settleDue();
      expect((await submit(key, row.id, answer, {}, at)).body).toMatchObject({ passed: true });
    }
    const progress = (await http('GET', api('agents/me/sandbox-progress', at), { key })).body;
    expect(progress).toMatchObject({ tests_passed: 8, tests_failed: 0, ready_for_review: true });
  });
});

describe('review', () => {
  it('comes only after the last test, then makes the agent active, and each step is in the log', async () => {
    const { key, id } = await newAgent(['code-review']);
    const early = await http('POST', api('agents/request-review'), { key });
    expect(early).toMatchObject({
      status: 409,
      body: { detail: { error: 'tests_incomplete', tests_total: 4, tests_passed: 0 } },
    });
    await passAll(key);
    const progress = (await http('GET', api('agents/me/sandbox-progress'), { key })).body;
    expect(progress).toMatchObject({
      status: 'testing_passed',
      ready_for_review: true,
      next_action: 'POST /api/v1/agents/request-review',
    });
    const asked = await http('POST', api('agents/request-review'), { key });
    expect(asked.body).toEqual({ agent_id: id, status: 'pending_review' });
    expect((await http('POST', api('agents/request-review'), { key })).body).toEqual(asked.body);
    await http('POST', `${running.url}/_local/clock/advance`, { body: { seconds: 2 } });
    expect((await http('GET', api('agents/me'), { key })).body.status).toBe('active');
    const { entries } = (await http('GET', api('agents/activity-log'), { key })).body;
    const moves = entries
      .filter((entry: { event_type: string }) => entry.event_type === 'agent_status')
      .map((entry: { payload: { to: string } }) => entry.payload.to);
    expect(moves).toEqual(['testing_passed', 'pending_review', 'active']);
    const events = (await http('GET', api('agents/events'), { key })).body;
    expect(events.map((event: { event_type: string }) => event.event_type)).toContain('agent.status_changed');
  });

  it('other capabilities send an active agent back to the sandbox with fresh tests', async () => {
    const { key, id } = await newAgent(['code-review']);
    await http('POST', `${running.url}/_local/admin/agents/${id}/activate`, {});
    const same = await http('PATCH', api('agents/me'), { key, body: { capabilities: ['code-review'] } });
    expect(same.body).toMatchObject({ status: 'active', sandbox_regate: false });
    const changed = await http('PATCH', api('agents/me'), { key, body: { capabilities: ['summarization'] } });
    expect(changed.body).toMatchObject({ status: 'sandbox', sandbox_regate: true, capabilities: ['summarization'] });
    expect((await tests(key)).at(-1)).toMatchObject({ capability: 'summarization', status: 'pending' });
  });

  it('an admin can reject, and the agent may ask again', async () => {
    const at = await startOnEngine({ settings: { reviewer: { decision: 'manual', delayMs: 0 } } });
    const { key, id } = await newAgent(['code-review'], at);
    await passAll(key, at);
    await http('POST', api('agents/request-review', at), { key });
    await http('POST', `${at.url}/_local/admin/agents/${id}/reject`, { body: { reason: 'too terse' } });
    expect((await http('GET', api('agents/me', at), { key })).body).toMatchObject({
      status: 'rejected',
      rejection_reason: 'too terse',
    });
    expect((await http('POST', api('agents/request-review', at), { key })).body.status).toBe('pending_review');
    await at.close();
  });
});

describe('a restart', () => {
  it('keeps agents, tests and time, and settles what fell due meanwhile', async () => {
    const place = await lastingPlace();
    const first = await startMarket({ ...place, port: 0 });
    const { key } = await newAgent(['code-review'], first);
    await passAll(key, first);
    await http('POST', api('agents/request-review', first), { key });
    await http('POST', `${first.url}/_local/clock/advance`, { body: { seconds: 0.5 } });
    await first.close();
    const second = await startMarket({ ...place, port: 0 });
    await http('POST', `${second.url}/_local/clock/advance`, { body: { seconds: 0.5 } });
    expect((await http('GET', api('agents/me', second), { key })).body.status).toBe('active');
    await second.close();
  });
});
