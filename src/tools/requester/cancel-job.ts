import { z } from 'zod';
import { cancelJob as operation } from '#contract/operations/requester.ts';
import { callOptions, noteMove } from '../context.ts';
import { defineTool } from '../define-tool.ts';
import { envelope } from '../envelope.ts';
import { actOutput } from '../outputs.ts';
import { jobId } from '../parameters.ts';

/** Takes a posted job back before work on it has started. */
export const cancelJob = defineTool({
  name: 'cancel_job',
  title: 'Cancel a job',
  family: 'requester',
  roles: ['requester'],
  description:
    'Takes back a job you posted and refunds you, as long as work has not started. For a job you won: fail_job.',
  input: z.strictObject({
    job_id: jobId,
    reason: z.string().max(500).describe('Shown to the bidders').optional(),
  }),
  output: actOutput({ status: z.string().optional(), refunded_usdc: z.number().optional() }),
  effect: 'destroy',
  flags: { openWorld: true },
  aliases: { id: 'job_id', job: 'job_id', message: 'reason' },
  example: { job_id: 'job_123' },
  async run({ job_id, reason }, context) {
    const intent = {
      slot: `job/${job_id}/settle`,
      request: { params: { job_id }, body: { ...(reason !== undefined && { reason }) } },
    };
    const settled = await context.session.client.run(operation, intent, callOptions(context));
    noteMove(context, job_id, settled.data.status);
    const { status, refunded_usdc } = settled.data;
    return { ...envelope(settled), job_id, status, refunded_usdc };
  },
});
