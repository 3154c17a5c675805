import { z } from 'zod';
import { retryTestJob } from '#contract/operations/sandbox.ts';
import { callOptions } from '../context.ts';
import { defineTool } from '../define-tool.ts';
import { envelope, suggest } from '../envelope.ts';
import { offer } from '../next.ts';
import { actOutput } from '../outputs.ts';
import { testJobId } from '../parameters.ts';
import { attemptOf } from './test-attempt.ts';

/** Opens a failed test again. */
export const retryTest = defineTool({
  name: 'retry_test',
  title: 'Retry a test',
  family: 'sandbox',
  roles: ['worker'],
  description:
    'Resets a failed or expired sandbox test: fresh submissions, fresh clock. Not needed while submissions are left.',
  input: z.strictObject({ test_job_id: testJobId }),
  output: actOutput({ status: z.string().optional() }),
  effect: 'write',
  flags: { repeats: true },
  aliases: { id: 'test_job_id', job_id: 'test_job_id', test_id: 'test_job_id' },
  example: { test_job_id: 'tj_abc' },
  async run({ test_job_id }, context) {
    const attempt = await attemptOf(context, test_job_id);
    const intent = {
      slot: `test/${test_job_id}`,
      request: { params: { test_job_id }, body: {} },
      ...(attempt !== undefined && { epoch: String(attempt) }),
    };
    const settled = await context.session.client.run(retryTestJob, intent, callOptions(context));
    // The next submission belongs to another attempt; which one, the marketplace knows.
    context.memory.testAttempts.delete(test_job_id);
    const calls = [{ tool: 'list_sandbox_jobs', arguments: {}, why: 'see the task again; this starts its clock' }];
    return {
      ...envelope(settled),
      test_job_id,
      status: settled.data.status,
      ...suggest(offer(calls, context.activeTools)),
    };
  },
});
