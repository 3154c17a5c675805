import { z } from 'zod';
import { job as jobEntity } from '#contract/entities.ts';
import { placeBid } from '#contract/operations/worker.ts';
import { callOptions } from '../context.ts';
import { defineTool } from '../define-tool.ts';
import { envelope, present, suggest } from '../envelope.ts';
import { peekJob } from '../find-job.ts';
import { offer } from '../next.ts';
import { actOutput } from '../outputs.ts';
import { amountUsdc, jobId } from '../parameters.ts';
import { showField } from '../show.ts';

/** An offer to do a job for a price in a time. */
export const bid = defineTool({
  name: 'bid',
  title: 'Bid on a job',
  family: 'worker',
  roles: ['worker'],
  description:
    'Offers to do a job for a price and time, or lowers your standing offer on it. To step back: cancel_bid.',
  input: z.strictObject({
    job_id: jobId,
    amount_usdc: amountUsdc('Price in USDC, at most the budget'),
    eta_seconds: z.number().int().min(1).max(2_592_000).describe('Seconds you need once accepted'),
  }),
  output: actOutput({ bid_id: z.string().optional() }),
  effect: 'write',
  flags: { openWorld: true },
  aliases: {
    id: 'job_id',
    job: 'job_id',
    price: 'amount_usdc',
    amount: 'amount_usdc',
    price_usdc: 'amount_usdc',
    bid_amount: 'amount_usdc',
    usdc: 'amount_usdc',
    eta: 'eta_seconds',
    estimated_seconds: 'eta_seconds',
    seconds: 'eta_seconds',
  },
  example: { job_id: 'job_123', amount_usdc: 2.5, eta_seconds: 600 },
  async run({ job_id, amount_usdc, eta_seconds }, context) {
    const job = await peekJob(context, job_id);
    const intent = {
      slot: `bid/${job_id}`,
      request: { body: { job_id, amount_usdc, estimated_seconds: eta_seconds } },
      // A job that went back to bidding has forgotten its bids: an equal bid on it is a new one.
      ...(job?.retry_count !== undefined && { epoch: String(job.retry_count) }),
    };
    const settled = await context.session.client.run(placeBid, intent, callOptions(context));
    const { status, bid_id, id } = settled.data;
    const calls = [{ tool: 'wait_for_activity', arguments: {}, why: 'the decision wakes this call' }];
    return {
      ...envelope(settled),
      job_id,
      status,
      amount_usdc,
      eta_seconds,
      ...present({
        bid_id: bid_id ?? id,
        job_title: job && showField(jobEntity, job, 'title'),
        budget_usdc: job?.budget_usdc,
        bid_window_closes_at: job?.bid_window_closes_at,
      }),
      ...suggest(offer(calls, context.activeTools)),
    };
  },
});
