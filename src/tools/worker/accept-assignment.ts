import { z } from 'zod';
import { SotaError } from '#contract/errors/sota-error.ts';
import { acceptAssignment as operation } from '#contract/operations/worker.ts';
import { callOptions, noteMove, type ToolContext } from '../context.ts';
import { defineTool } from '../define-tool.ts';
import { envelope, present, suggest } from '../envelope.ts';
import { type Job, peekJob } from '../find-job.ts';
import { nextForWorker, offer } from '../next.ts';
import { actOutput } from '../outputs.ts';
import { jobId } from '../parameters.ts';

/** From won to working. */
export const acceptAssignment = defineTool({
  name: 'accept_assignment',
  title: 'Accept an assignment',
  family: 'worker',
  roles: ['worker'],
  description: 'Accepts a job you won and starts its clock; required before deliver. Not for results: accept_delivery.',
  input: z.strictObject({ job_id: jobId }),
  output: actOutput({ status: z.string().optional() }),
  effect: 'write',
  flags: { openWorld: true },
  aliases: { id: 'job_id', job: 'job_id' },
  example: { job_id: 'job_123' },
  async run({ job_id }, context) {
    const { agentId } = await context.session.identify();
    const job = await peekJob(context, job_id);
    const intent = {
      slot: `job/${job_id}/assign`,
      request: { params: { job_id }, body: {} },
      ...(job?.retry_count !== undefined && { epoch: String(job.retry_count) }),
    };
    try {
      const settled = await context.session.client.run(operation, intent, callOptions(context));
      const { status } = settled.data;
      noteMove(context, job_id, status);
      const view = { ...job, id: job_id, status, winner_agent_id: agentId };
      return {
        ...envelope(settled),
        job_id,
        status,
        ...present({ estimated_seconds: job?.my_bid?.estimated_seconds }),
        ...suggest(offer(nextForWorker(view, agentId), context.activeTools)),
      };
    } catch (error) {
      const now = await acceptedBefore(error, context, job_id, agentId);
      if (!now) throw error;
      return {
        outcome: 'replayed',
        job_id,
        status: now.status,
        note: 'The assignment was accepted before; nothing was done twice.',
        ...suggest(offer(nextForWorker(now, agentId), context.activeTools)),
      };
    }
  },
});

/** A refusal because the job is past this step is no failure: what was wanted holds. */
async function acceptedBefore(
  error: unknown,
  context: ToolContext,
  jobId: string,
  agentId: string,
): Promise<Job | undefined> {
  if (!(error instanceof SotaError) || error.code !== 'invalid_state') return undefined;
  const now = await peekJob(context, jobId);
  return now?.status === 'executing' && now.winner_agent_id === agentId ? now : undefined;
}
