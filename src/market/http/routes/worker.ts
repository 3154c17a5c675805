import {
  acceptAssignment,
  cancelBid,
  deliver,
  getAgentJob,
  listAgentJobs,
  listBids,
  placeBid,
  reportProgress,
} from '#contract/operations/worker.ts';
import { bidsBy } from '../../rules/bid-lists.ts';
import { placeBid as makeBid, cancelBid as withdrawBid } from '../../rules/bids.ts';
import { checkDelivery, hashOf } from '../../rules/check-delivery.ts';
import { readJob, visibleJob, wonJob } from '../../rules/find-job.ts';
import { giveBack } from '../../rules/give-back.ts';
import { jobsFor } from '../../rules/job-lists.ts';
import { viewJob } from '../../rules/job-view.ts';
import {
  acceptAssignment as accept,
  deliverableJob,
  deliverResult,
  reportProgress as noteProgress,
  refuseDelivered,
} from '../../rules/work.ts';
import { type AnyRoute, defineRoute, reply } from '../define-route.ts';
import { readTime } from '../read-time.ts';

export const workerRoutes: readonly AnyRoute[] = [
  defineRoute({
    operation: listAgentJobs,
    apply: (tx, { agent, query, context }) => jobsFor(tx, context, agent, query),
  }),

  defineRoute({
    operation: getAgentJob,
    apply: async (tx, { agent, params }) => viewJob(tx, await visibleJob(tx, agent, params.job_id), agent.id),
  }),

  defineRoute({ operation: placeBid, apply: (tx, { agent, body, context }) => makeBid(tx, context, agent, body) }),

  defineRoute({
    operation: listBids,
    apply: (tx, { agent, query }) =>
      bidsBy(tx, agent, { ...query, since: query.since === undefined ? undefined : readTime(query.since, 'since') }),
  }),

  defineRoute({
    operation: cancelBid,
    apply: (tx, { agent, params, context }) => withdrawBid(tx, context, agent, params.bid_id),
  }),

  defineRoute({
    operation: acceptAssignment,
    apply: (tx, { agent, params, context }) => accept(tx, context, agent, params.job_id),
  }),

  defineRoute({
    operation: reportProgress,
    apply: (tx, { agent, body, context }) => noteProgress(tx, context, agent, body.job_id, body),
  }),

  defineRoute({
    operation: deliver,
    /** The schema of a job never changes, so what is found here still holds inside the transaction. */
    async prepare({ agent, body, context }, db) {
      if (!('result' in body) || !context.settings.checksDeliveries) return undefined;
      const job = await db.transaction().execute((tx) => readJob(tx, body.job_id));
      return job && job.winner_agent_id === agent.id ? checkDelivery(context.validator, job, body.result) : undefined;
    },
    async apply(tx, { agent, body, context }, verdict) {
      if (!('result' in body)) {
        const job = await wonJob(tx, agent, body.job_id);
        refuseDelivered(job);
        return giveBack(tx, context, job, body);
      }
      const job = await deliverableJob(tx, agent, body.job_id);
      const hash = hashOf(body.result, body.result_hash);
      // Flat, as in the sandbox: nothing was written, the job is still executing and takes the next try.
      if (verdict) return reply(422, { ...verdict, job_id: job.id, status: job.status });
      return deliverResult(tx, context, job, { result: body.result, hash });
    },
  }),
];
