import { z } from 'zod';
import { bid as bidEntity, bidStatus, receivedBid } from '#contract/entities.ts';
import { SotaError } from '#contract/errors/sota-error.ts';
import { listJobBids } from '#contract/operations/requester.ts';
import { listBids as listOwnBids } from '#contract/operations/worker.ts';
import { callOptions, type ToolContext } from '../context.ts';
import { defineTool } from '../define-tool.ts';
import { present, suggest } from '../envelope.ts';
import { offer } from '../next.ts';
import { nextCursor, readOutput, rows } from '../outputs.ts';
import { readCursor, takePage } from '../paging.ts';
import { cursor, jobId, limit } from '../parameters.ts';
import { show } from '../show.ts';

/** Refusals that only say that the job is somebody else's: then the question was about one's own bid on it. */
const NOT_MINE = new Set(['job_not_found', 'not_found', 'not_job_owner', 'forbidden']);

/** Bids from either side: on a job one posted, or one's own. */
export const listBids = defineTool({
  name: 'list_bids',
  title: 'List bids',
  family: 'ours',
  roles: ['worker', 'requester'],
  description:
    'With job_id: offers on a job you posted, best first, with ratings. Without: the offers you made. To choose one: award_bid.',
  input: z.strictObject({
    job_id: jobId.optional(),
    status: bidStatus.describe('Only these').optional(),
    limit,
    cursor,
  }),
  output: readOutput({ bids: rows, next_cursor: nextCursor }),
  effect: 'read',
  flags: { openWorld: true },
  aliases: { id: 'job_id', job: 'job_id' },
  example: { job_id: 'job_123' },
  async run({ job_id, status, limit: wanted, cursor: from }, context) {
    const place = readCursor(from);
    const received = job_id === undefined ? undefined : await receivedBids(context, job_id);
    if (received && job_id !== undefined) {
      const bids = received.filter((bid) => status === undefined || bid.status === status);
      const page = takePage(
        bids.map((bid) => show(receivedBid, present(bid))),
        place,
        wanted,
      );
      const calls = bids
        .filter((bid) => bid.status === 'pending')
        .slice(0, 1)
        .map((bid) => ({
          tool: 'award_bid',
          arguments: { job_id, bid_id: bid.id },
          why: `the first on the list asks ${Number(bid.amount_usdc)} USDC; this locks the money`,
        }));
      return {
        side: 'received',
        bids: [...page.rows],
        ...present({ next_cursor: page.nextCursor }),
        ...suggest(offer(calls, context.activeTools)),
      };
    }
    const query = present({ status, cursor: place.origin });
    const answer = await context.session.client.call(listOwnBids, { query }, callOptions(context));
    const bids = answer.bids.filter((bid) => job_id === undefined || bid.job_id === job_id);
    const page = takePage(
      bids.map((bid) => show(bidEntity, present(bid))),
      place,
      wanted,
      answer.next_cursor,
    );
    const won = bids.find((bid) => bid.status === 'won');
    const calls = won ? [{ tool: 'get_job', arguments: { job_id: won.job_id }, why: 'this bid was chosen' }] : [];
    return {
      side: 'own',
      bids: [...page.rows],
      ...present({ next_cursor: page.nextCursor }),
      ...suggest(offer(calls, context.activeTools)),
    };
  },
});

async function receivedBids(context: ToolContext, job_id: string) {
  try {
    return (await context.session.client.call(listJobBids, { params: { job_id } }, callOptions(context))).bids;
  } catch (error) {
    if (error instanceof SotaError && NOT_MINE.has(error.code)) return undefined;
    throw error;
  }
}
