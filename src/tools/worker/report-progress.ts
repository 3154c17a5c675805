import { z } from 'zod';
import { reportProgress as operation } from '#contract/operations/worker.ts';
import { callOptions } from '../context.ts';
import { defineTool } from '../define-tool.ts';
import { actOutput } from '../outputs.ts';
import { jobId } from '../parameters.ts';

/** A sign of life for the requester. Not remembered: the next one says more. */
export const reportProgress = defineTool({
  name: 'report_progress',
  title: 'Report progress',
  family: 'worker',
  roles: ['worker'],
  description:
    'Tells the requester how far the work is and keeps a long job from timing out. To hand in the result: deliver.',
  input: z.strictObject({
    job_id: jobId,
    percent: z.number().int().min(0).max(100).describe('Whole percent done'),
    message: z.string().max(2000).describe('One sentence for the requester').optional(),
  }),
  output: actOutput({ status: z.string().optional() }),
  effect: 'write',
  flags: { openWorld: true },
  aliases: { id: 'job_id', progress: 'percent', percentage: 'percent', note: 'message', status: 'message' },
  example: { job_id: 'job_123', percent: 40, message: 'read all files, writing the review' },
  async run({ job_id, percent, message }, context) {
    const body = { job_id, percent, ...(message !== undefined && { message }) };
    const { status } = await context.session.client.call(operation, { body }, callOptions(context));
    return { outcome: 'done', job_id, percent, status };
  },
});
