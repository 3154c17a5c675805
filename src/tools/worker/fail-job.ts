import { z } from 'zod';
import { failureCodes } from '#contract/errors/catalogue.ts';
import { deliver as operation } from '#contract/operations/worker.ts';
import { callOptions, noteMove } from '../context.ts';
import { defineTool } from '../define-tool.ts';
import { envelope, present, suggest } from '../envelope.ts';
import { assignmentEpoch, peekJob } from '../find-job.ts';
import { offer } from '../next.ts';
import { actOutput } from '../outputs.ts';
import { jobId } from '../parameters.ts';
import { show } from '../show.ts';

/** Gives a job back. Costs reputation, and less of it than silence. */
export const failJob = defineTool({
  name: 'fail_job',
  title: 'Give a job back',
  family: 'worker',
  roles: ['worker'],
  description: 'Gives up a job you won: its escrow is refunded and reputation is lost. Before winning: cancel_bid.',
  input: z.strictObject({
    job_id: jobId,
    error_code: z
      .string()
      .min(1)
      .max(64)
      .describe(`Best one of ${failureCodes.join(', ')}`),
    error_message: z.string().min(1).max(4000).describe('What went wrong, for the requester'),
    retryable: z.boolean().describe('True if another worker could do it').optional(),
  }),
  output: actOutput({ status: z.string().optional() }),
  effect: 'destroy',
  flags: { openWorld: true },
  aliases: {
    id: 'job_id',
    code: 'error_code',
    message: 'error_message',
    reason: 'error_message',
    error: 'error_message',
    retry: 'retryable',
  },
  example: {
    job_id: 'job_123',
    error_code: 'resource_unavailable',
    error_message: 'The linked repository answers 404',
    retryable: true,
  },
  async run({ job_id, error_code, error_message, retryable }, context) {
    const job = await peekJob(context, job_id);
    const body = { job_id, error_code, error_message, ...(retryable !== undefined && { retryable }) };
    const intent = { slot: `job/${job_id}`, request: { body }, ...assignmentEpoch(job) };
    const settled = await context.session.client.run(operation, intent, callOptions(context));
    noteMove(context, job_id, settled.data.status === 'requeued' ? 'bidding' : 'failed');
    const calls = [{ tool: 'list_jobs', arguments: {}, why: 'find another job' }];
    return {
      ...envelope(settled),
      job_id,
      ...show(operation.response, present(settled.data)),
      ...suggest(offer(calls, context.activeTools)),
    };
  },
});
