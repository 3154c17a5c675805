import type { Selectable } from 'kysely';
import { nextState } from '#contract/states/define-machine.ts';
import {
  MAX_RUNNING_TESTS,
  MAX_TEST_SUBMISSIONS,
  type TestJobStatus,
  testJobMachine,
} from '#contract/states/test-job.ts';
import { isoTime } from '#kit/clock.ts';
import type { MarketContext } from '../market-context.ts';
import { genericTagTest, probesFor, tagTestFor } from '../sandbox-content/catalogue.ts';
import { record } from '../storage/activity.ts';
import { type AgentRow, lockAgent, timeOrNull } from '../storage/agents.ts';
import type { Tx } from '../storage/database.ts';
import { newId } from '../storage/ids.ts';
import { fromJson } from '../storage/rows.ts';
import type { TestJobTable } from '../storage/schema.ts';
import { schedule, unschedule } from '../time/due-dates.ts';
import { moveAgent } from './agent-status.ts';
import { refuse } from './refuse.ts';
import type { Skills } from './skills.ts';

export type TestJobRow = Selectable<TestJobTable>;

/** Creates the tests of one sandbox epoch: three probes per cluster and one test per tag, different for every agent. */
export async function issueTests(
  tx: Tx,
  context: MarketContext,
  { agentId, epoch, skills }: { agentId: string; epoch: number; skills: Skills },
): Promise<void> {
  const now = context.clock.real();
  // Numbered by order of arrival, not by id: one seed and one order of registrations give the same tests again.
  const { count } = await tx
    .selectFrom('agents')
    .select((e) => e.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  const rng = context.rng.fork(`tests/${Number(count)}/${epoch}`);
  const tests = [
    ...skills.clusters.flatMap((cluster) =>
      probesFor(cluster).map((probe, i) => ({
        test: probe,
        origin: 'cluster_probe',
        cluster,
        label: `${cluster}/${i}`,
      })),
    ),
    ...skills.tags.map((tag) => ({
      test: tagTestFor(tag) ?? genericTagTest(tag),
      origin: 'tag_test',
      cluster: '',
      label: tag,
    })),
  ];
  const sources = await sourceIds(tx);
  for (const [position, { test, origin, label, cluster }] of tests.entries()) {
    const instance = test.generate(rng.fork(label));
    const capability = origin === 'cluster_probe' ? cluster : label;
    await tx
      .insertInto('test_jobs')
      .values({
        id: newId('tj'),
        agent_id: agentId,
        epoch,
        position,
        capability,
        origin,
        source_id: sources.get(capability) ?? capability,
        description: instance.description,
        parameters: JSON.stringify(instance.parameters),
        expected_schema: JSON.stringify(instance.expected_schema),
        status: 'pending',
        attempt: 1,
        submissions: 0,
        time_limit_seconds: instance.time_limit_seconds,
        deadline_at: null,
        created_at: now,
      })
      .execute();
  }
  await record(tx, {
    agentId,
    type: 'tests_issued',
    payload: { count: tests.length },
    at: now,
    event: 'test_job.issued',
  });
}

async function sourceIds(tx: Tx): Promise<Map<string, string>> {
  const tags = await tx.selectFrom('tags').select(['slug', 'id']).execute();
  const clusters = await tx.selectFrom('clusters').select(['slug', 'id']).execute();
  return new Map([...tags, ...clusters].map((row) => [row.slug, row.id]));
}

export async function testsOf(tx: Tx, agent: AgentRow): Promise<TestJobRow[]> {
  return tx
    .selectFrom('test_jobs')
    .selectAll()
    .where('agent_id', '=', agent.id)
    .where('epoch', '=', agent.sandbox_epoch)
    .orderBy('position')
    .execute();
}

/**
 * Starts the clocks of waiting tests until three run, so that a slow thinker is never failed for tests it has not
 * begun. A test answered wrongly still runs while it has submissions left.
 */
export async function handOut(tx: Tx, context: MarketContext, agent: AgentRow): Promise<TestJobRow[]> {
  const now = context.clock.real();
  const seen = await testsOf(tx, agent);
  if (!startable(seen, now).length) return seen;
  // Two lists asked for at once must not start six clocks.
  const current = await lockAgent(tx, agent.id);
  for (const test of startable(await testsOf(tx, current), now)) await startClock(tx, context, test, now);
  return testsOf(tx, current);
}

function startable(tests: readonly TestJobRow[], now: number): TestJobRow[] {
  const running = tests.filter((test) => isRunning(test, now)).length;
  return tests.filter((test) => test.status === 'pending').slice(0, Math.max(0, MAX_RUNNING_TESTS - running));
}

async function startClock(tx: Tx, context: MarketContext, test: TestJobRow, now: number): Promise<void> {
  const deadline = now + Math.round((test.time_limit_seconds * 1000) / context.settings.testTimeScale);
  await tx
    .updateTable('test_jobs')
    .set({ status: 'assigned', deadline_at: deadline })
    .where('id', '=', test.id)
    .execute();
  await schedule(tx, { kind: 'test_deadline', subject: test.id, clock: 'real', due_at: deadline });
}

function isRunning(test: TestJobRow, now: number): boolean {
  const open = test.status === 'assigned' || (test.status === 'failed' && test.submissions < MAX_TEST_SUBMISSIONS);
  return open && test.deadline_at !== null && Number(test.deadline_at) > now;
}

/** The row a submission is for, after checking that it still takes one. */
export async function openTest(tx: Tx, agent: AgentRow, id: string, now: number): Promise<TestJobRow> {
  const test = await findTest(tx, agent, id);
  if (test.status === 'passed')
    refuse('test_job_locked', 'This test has passed already; there is nothing to submit', { status: 'passed' });
  if (test.deadline_at !== null && Number(test.deadline_at) <= now) {
    refuse(
      'deadline_exceeded',
      `The time limit of ${test.time_limit_seconds} s is over; retry the test for a fresh clock`,
      { test_job_id: id },
    );
  }
  if (test.submissions >= MAX_TEST_SUBMISSIONS) {
    refuse('test_job_locked', `All ${MAX_TEST_SUBMISSIONS} submissions are used; retry the test for fresh ones`, {
      status: test.status,
      submissions: test.submissions,
    });
  }
  return test;
}

export async function findTest(tx: Tx, agent: AgentRow, id: string): Promise<TestJobRow> {
  const test = await tx
    .selectFrom('test_jobs')
    .selectAll()
    .where('id', '=', id)
    .where('agent_id', '=', agent.id)
    .where('epoch', '=', agent.sandbox_epoch)
    .executeTakeFirst();
  return test ?? refuse('test_job_not_found', 'This agent has no such test job', { test_job_id: id });
}

/**
 * Notes a right or wrong answer; the last right one completes the sandbox. The caller holds the agent, so that two right
 * answers at once cannot each believe the other to be missing. Returns the submissions left.
 */
export async function settleSubmission(
  tx: Tx,
  agent: AgentRow,
  test: TestJobRow,
  passed: boolean,
  now: number,
): Promise<number> {
  const status = nextState(testJobMachine, test.status as TestJobStatus, passed ? 'pass' : 'miss');
  if (!status) refuse('test_job_locked', 'This test takes no more submissions', { status: test.status });
  await tx
    .updateTable('test_jobs')
    .set({ status, submissions: test.submissions + 1 })
    .where('id', '=', test.id)
    .execute();
  await record(tx, {
    agentId: agent.id,
    type: passed ? 'test_passed' : 'test_failed',
    level: passed ? 'info' : 'warn',
    payload: { test_job_id: test.id, capability: test.capability },
    at: now,
  });
  if (passed) {
    await unschedule(tx, 'test_deadline', test.id);
    await completeSandbox(tx, agent, now);
  }
  return MAX_TEST_SUBMISSIONS - test.submissions - 1;
}

async function completeSandbox(tx: Tx, agent: AgentRow, now: number): Promise<void> {
  const tests = await testsOf(tx, agent);
  if (agent.status === 'sandbox' && tests.every((test) => test.status === 'passed'))
    await moveAgent(tx, agent, 'pass_tests', now);
}

/** A test whose time is over counts as failed until it is retried. */
export async function expireTest(tx: Tx, testId: string): Promise<void> {
  await tx
    .updateTable('test_jobs')
    .set({ status: 'failed' })
    .where('id', '=', testId)
    .where('status', '=', 'assigned')
    .execute();
}

/** Resets submissions and clock of a failed test. */
export async function retryTest(tx: Tx, agent: AgentRow, id: string) {
  const test = await findTest(tx, await lockAgent(tx, agent.id), id);
  if (test.status === 'passed')
    refuse('test_job_already_passed', 'This test has passed; there is nothing to retry', { test_job_id: id });
  // Nothing was used up in a test that waits or runs: a repeated retry must not cost an attempt.
  const retried = test.status === 'failed';
  if (retried) {
    await tx
      .updateTable('test_jobs')
      .set({ status: 'pending', attempt: test.attempt + 1, submissions: 0, deadline_at: null })
      .where('id', '=', id)
      .execute();
    await unschedule(tx, 'test_deadline', id);
  }
  return { retried, test_job_id: id, status: retried ? 'pending' : test.status };
}

/** A test job as the list shows it. Times are real: the clock runs against the agent's own thinking. */
export function testJobView(test: TestJobRow, now: number) {
  const deadline = test.deadline_at === null ? null : Number(test.deadline_at);
  return {
    id: test.id,
    capability: test.capability,
    origin: test.origin as 'cluster_probe' | 'tag_test',
    source_id: test.source_id,
    description: test.description,
    parameters: fromJson(test.parameters),
    expected_schema: fromJson(test.expected_schema),
    status: test.status as TestJobStatus,
    deadline_at: timeOrNull(deadline),
    seconds_remaining: deadline === null ? null : Math.max(0, Math.floor((deadline - now) / 1000)),
    time_limit_seconds: test.time_limit_seconds,
    attempt: test.attempt,
    submissions_left: Math.max(0, MAX_TEST_SUBMISSIONS - test.submissions),
    created_at: isoTime(Number(test.created_at)),
  };
}
