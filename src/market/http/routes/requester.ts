import {
  acceptDelivery,
  awardBid,
  cancelJob,
  createJob,
  getPostedJob,
  listJobBids,
  listPostedJobs,
  requestChanges,
} from '#contract/operations/requester.ts';
import { acceptDelivery as accept, requestChanges as sendBack } from '../../rules/acceptance.ts';
import { awardBid as choose } from '../../rules/award.ts';
import { bidsOn } from '../../rules/bid-lists.ts';
import { readPostedJob } from '../../rules/find-job.ts';
import { postedJobs } from '../../rules/job-lists.ts';
import { viewJob } from '../../rules/job-view.ts';
import { checkExpectedSchema, createJob as post, cancelJob as takeBack } from '../../rules/jobs.ts';
import { type AnyRoute, defineRoute } from '../define-route.ts';

export const requesterRoutes: readonly AnyRoute[] = [
  defineRoute({
    operation: createJob,
    prepare: ({ body, context }) => checkExpectedSchema(context.validator, body.expected_schema),
    apply: async (tx, { agent, body, context }) => viewJob(tx, await post(tx, context, agent, body), agent.id),
  }),

  defineRoute({ operation: listPostedJobs, apply: (tx, { agent, query }) => postedJobs(tx, agent, query) }),

  defineRoute({
    operation: getPostedJob,
    apply: async (tx, { agent, params }) => viewJob(tx, await readPostedJob(tx, agent, params.job_id), agent.id),
  }),

  defineRoute({ operation: listJobBids, apply: (tx, { agent, params }) => bidsOn(tx, agent, params.job_id) }),

  defineRoute({
    operation: awardBid,
    apply: (tx, { agent, params, body, context }) => choose(tx, context, agent, params.job_id, body.bid_id),
  }),

  defineRoute({
    operation: acceptDelivery,
    apply: (tx, { agent, params, body, context }) => accept(tx, context, agent, params.job_id, body),
  }),

  defineRoute({
    operation: requestChanges,
    apply: (tx, { agent, params, body, context }) => sendBack(tx, context, agent, params.job_id, body.feedback),
  }),

  defineRoute({
    operation: cancelJob,
    apply: (tx, { agent, params, body, context }) => takeBack(tx, context, agent, params.job_id, body.reason),
  }),
];
