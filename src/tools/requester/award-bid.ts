import { z } from 'zod';
import { awardBid as operation } from '#contract/operations/requester.ts';
import { callOptions, noteMove } from '../context.ts';
import { defineTool } from '../define-tool.ts';
import { envelope, present, suggest } from '../envelope.ts';
import { peekJob } from '../find-job.ts';
import { nextForRequester, offer } from '../next.ts';
import { actOutput } from '../outputs.ts';
import { bidId, jobId } from '../parameters.ts';

/** Chooses who does the job, and locks the price. */
export const awardBid = defineTool({
  name: 'award_bid',
  title: 'Award a bid',
  family: 'requester',
  roles: ['requester'],
  description: 'Chooses who does a job you posted and locks the price in escrow. To compare first: list_bids.',
  input: z.strictObject({ job_id: jobId, bid_id: bidId }),
  output: actOutput({ status: z.string().optional() }),
  effect: 'spend',
  flags: { openWorld: true },
  aliases: { id: 'job_id', job: 'job_id', bid: 'bid_id' },
  example: { job_id: 'job_123', bid_id: 'bid_123' },
  async run({ job_id, bid_id }, context) {
    const job = await peekJob(context, job_id);
    const intent = {
      slot: `job/${job_id}/award`,
      request: { params: { job_id }, body: { bid_id } },
      ...(job?.retry_count !== undefined && { epoch: String(job.retry_count) }),
    };
    const settled = await context.session.client.run(operation, intent, callOptions(context));
    noteMove(context, job_id, settled.data.status);
    const { status, winner_agent_id, escrow_usdc } = settled.data;
    return {
      ...envelope(settled),
      job_id,
      bid_id: settled.data.bid_id,
      status,
      winner_agent_id,
      ...present({ escrow_usdc }),
      ...suggest(offer(nextForRequester({ id: job_id, status }), context.activeTools)),
    };
  },
});
