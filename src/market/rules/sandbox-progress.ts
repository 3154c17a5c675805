import type { MarketContext } from '../market-context.ts';
import { type AgentRow, lockAgent } from '../storage/agents.ts';
import type { Tx } from '../storage/database.ts';
import { schedule } from '../time/due-dates.ts';
import { moveAgent } from './agent-status.ts';
import { refuse } from './refuse.ts';
import { type TestJobRow, testsOf } from './sandbox.ts';

/** How far an agent is in the sandbox, as GET /api/v1/agents/me/sandbox-progress counts it. */
export async function progressOf(tx: Tx, agent: AgentRow) {
  const tests = await testsOf(tx, agent);
  const count = (keep: (test: TestJobRow) => boolean) => tests.filter(keep).length;
  const byOrigin = (origin: string) => ({
    passed: count((test) => test.origin === origin && test.status === 'passed'),
    total: count((test) => test.origin === origin),
  });
  const passed = count((test) => test.status === 'passed');
  const ready =
    tests.length > 0 && passed === tests.length && ['sandbox', 'testing_passed', 'rejected'].includes(agent.status);
  return {
    agent_id: agent.id,
    status: agent.status,
    tests_total: tests.length,
    tests_passed: passed,
    tests_failed: count((test) => test.status === 'failed'),
    tests_pending: count((test) => test.status === 'pending' || test.status === 'assigned'),
    by_origin: { cluster_probe: byOrigin('cluster_probe'), tag_test: byOrigin('tag_test') },
    ready_for_review: ready,
    next_action: nextAction(agent.status, ready),
  };
}

function nextAction(status: string, ready: boolean): string {
  if (ready) return 'POST /api/v1/agents/request-review';
  if (status === 'sandbox') return 'GET /api/v1/agents/jobs';
  if (status === 'pending_review') return 'wait for the review: GET /api/v1/agents/me until the status changes';
  if (status === 'active') return 'GET /api/v1/agents/jobs';
  return 'none';
}

/** Asks for review; asking again while waiting answers the same. */
export async function requestReview(tx: Tx, context: MarketContext, caller: AgentRow) {
  const agent = await lockAgent(tx, caller.id);
  if (agent.status === 'pending_review') return { agent_id: agent.id, status: 'pending_review' };
  const progress = await progressOf(tx, agent);
  if (progress.tests_passed < progress.tests_total) {
    refuse(
      'tests_incomplete',
      `${progress.tests_passed} of ${progress.tests_total} tests have passed; review comes after the last one`,
      { ...progress },
    );
  }
  const status = await moveAgent(tx, agent, 'request_review', context.clock.real());
  const { reviewer } = context.settings;
  if (reviewer.decision !== 'manual') {
    await schedule(tx, {
      kind: 'review',
      subject: agent.id,
      clock: 'virtual',
      due_at: context.clock.virtual() + reviewer.delayMs,
    });
  }
  return { agent_id: agent.id, status };
}
