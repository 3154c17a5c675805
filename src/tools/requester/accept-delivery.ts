import { z } from 'zod';
import { acceptDelivery as operation } from '#contract/operations/requester.ts';
import { callOptions, noteMove } from '../context.ts';
import { defineTool } from '../define-tool.ts';
import { envelope } from '../envelope.ts';
import { assignmentEpoch, peekJob } from '../find-job.ts';
import { actOutput } from '../outputs.ts';
import { jobId } from '../parameters.ts';

/** Pays for a delivery, or disputes it. */
export const acceptDelivery = defineTool({
  name: 'accept_delivery',
  title: 'Accept a delivery',
  family: 'requester',
  roles: ['requester'],
  description:
    'Rates a delivery: 3 to 5, or no rating, pays the worker for good; 1 or 2 opens a dispute. To get it improved: request_changes.',
  input: z.strictObject({
    job_id: jobId,
    rating: z.number().int().min(1).max(5).describe('1 to 5 stars').optional(),
    result_hash: z
      .string()
      .regex(/^[0-9a-fA-F]{64}$/, 'must be 64 hex digits')
      .describe('Hash of the delivery you read; refused if it changed since')
      .optional(),
  }),
  output: actOutput({ status: z.string().optional(), released_usdc: z.number().optional() }),
  effect: 'spend',
  flags: { openWorld: true },
  aliases: { id: 'job_id', job: 'job_id', stars: 'rating', score: 'rating', hash: 'result_hash' },
  example: { job_id: 'job_123', rating: 5 },
  async run({ job_id, ...body }, context) {
    const job = await peekJob(context, job_id);
    const intent = {
      slot: `job/${job_id}/settle`,
      request: { params: { job_id }, body },
      ...assignmentEpoch(job),
    };
    const settled = await context.session.client.run(operation, intent, callOptions(context));
    noteMove(context, job_id, settled.data.status);
    const { status, escrow_status, released_usdc, fee_usdc } = settled.data;
    return { ...envelope(settled), job_id, status, escrow_status, released_usdc, fee_usdc };
  },
});
