import { z } from 'zod';
import { listBids, cancelBid as operation } from '#contract/operations/worker.ts';
import { callOptions, type ToolContext } from '../context.ts';
import { defineTool } from '../define-tool.ts';
import { envelope, present, suggest } from '../envelope.ts';
import { offer } from '../next.ts';
import { actOutput } from '../outputs.ts';
import { bidId } from '../parameters.ts';

/** Takes a standing bid back. */
export const cancelBid = defineTool({
  name: 'cancel_bid',
  title: 'Cancel a bid',
  family: 'worker',
  roles: ['worker'],
  description: 'Withdraws your pending offer on a job. To ask less instead: bid.',
  input: z.strictObject({ bid_id: bidId }),
  output: actOutput({ already_cancelled: z.boolean().optional() }),
  effect: 'destroy',
  flags: { openWorld: true },
  aliases: { id: 'bid_id', bid: 'bid_id' },
  example: { bid_id: 'bid_123' },
  async run({ bid_id }, context) {
    const jobId = await jobOf(context, bid_id);
    const intent = {
      // In the slot of the bid itself, so that the same bid afterwards is a new bid and not a repeat.
      slot: jobId === undefined ? `bid-id/${bid_id}` : `bid/${jobId}`,
      request: { params: { bid_id } },
    };
    const settled = await context.session.client.run(operation, intent, callOptions(context));
    const calls = [{ tool: 'list_jobs', arguments: {}, why: 'find another job' }];
    return {
      ...envelope(settled),
      bid_id,
      ...present({ job_id: jobId }),
      already_cancelled: settled.data.already_cancelled ?? false,
      ...suggest(offer(calls, context.activeTools)),
    };
  },
});

async function jobOf(context: ToolContext, bidId: string): Promise<string | undefined> {
  const { bids } = await context.session.client.call(listBids, { query: { limit: 1000 } }, callOptions(context));
  return bids.find(({ id }) => id === bidId)?.job_id;
}
