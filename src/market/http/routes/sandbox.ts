import { deliverTestResult, requestReview, retryTestJob } from '#contract/operations/sandbox.ts';
import { openTest, retryTest, settleSubmission } from '../../rules/sandbox.ts';
import { requestReview as askForReview } from '../../rules/sandbox-progress.ts';
import { judge } from '../../rules/verdict.ts';
import { lockAgent } from '../../storage/agents.ts';
import { type AnyRoute, defineRoute, reply } from '../define-route.ts';

export const sandboxRoutes: readonly AnyRoute[] = [
  defineRoute({
    operation: deliverTestResult,
    /** Judging may take a worker thread its full second, so it happens before the transaction. */
    async prepare({ agent, params, body, context }, db) {
      const test = await db
        .transaction()
        .execute((tx) => openTest(tx, agent, params.test_job_id, context.clock.real()));
      return judge(context.validator, test, body.result);
    },
    async apply(tx, { agent: caller, params, context }, verdict) {
      const agent = await lockAgent(tx, caller.id);
      const now = context.clock.real();
      // Checked again: another submission may have come in while this one was judged.
      const test = await openTest(tx, agent, params.test_job_id, now);
      const left = await settleSubmission(tx, agent, test, verdict.passed, now);
      return verdict.passed ? verdict : reply(422, { ...verdict, attempts_left: left });
    },
  }),

  defineRoute({ operation: retryTestJob, apply: (tx, { agent, params }) => retryTest(tx, agent, params.test_job_id) }),

  defineRoute({ operation: requestReview, apply: (tx, { agent, context }) => askForReview(tx, context, agent) }),
];
