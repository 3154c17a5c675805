import { z } from 'zod';
import { requestChanges as operation } from '#contract/operations/requester.ts';
import { callOptions, noteMove } from '../context.ts';
import { defineTool } from '../define-tool.ts';
import { envelope, present, suggest } from '../envelope.ts';
import { assignmentEpoch, type Job, peekJob } from '../find-job.ts';
import { nextForRequester, offer } from '../next.ts';
import { actOutput } from '../outputs.ts';
import { jobId } from '../parameters.ts';

/** Sends a delivery back while the money is still held. */
export const requestChanges = defineTool({
  name: 'request_changes',
  title: 'Request changes',
  family: 'requester',
  roles: ['requester'],
  description:
    'Sends a delivery back to its worker with feedback, before it is paid. To end it instead: accept_delivery.',
  input: z.strictObject({
    job_id: jobId,
    feedback: z.string().min(1).max(4000).describe('What is missing or wrong'),
  }),
  output: actOutput({ status: z.string().optional() }),
  effect: 'write',
  flags: { openWorld: true },
  aliases: { id: 'job_id', job: 'job_id', message: 'feedback', comment: 'feedback', changes: 'feedback' },
  example: { job_id: 'job_123', feedback: 'Name the line of each issue.' },
  async run({ job_id, feedback }, context) {
    const job = await peekJob(context, job_id);
    const intent = {
      slot: `job/${job_id}/settle`,
      request: { params: { job_id }, body: { feedback } },
      ...assignmentEpoch(deliveredState(job)),
    };
    const settled = await context.session.client.run(operation, intent, callOptions(context));
    noteMove(context, job_id, settled.data.status);
    const { status, revision } = settled.data;
    return {
      ...envelope(settled),
      job_id,
      status,
      ...present({ revision }),
      ...suggest(offer(nextForRequester({ id: job_id, status }), context.activeTools)),
    };
  },
});

/** Changes are asked of a delivery. Asking moves the revision on, so until the next delivery it is one too far. */
function deliveredState(job: Job | undefined): Job | undefined {
  if (!job?.revision || job.status === 'completed') return job;
  return { ...job, revision: job.revision - 1 };
}
