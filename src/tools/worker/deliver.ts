import { z } from 'zod';
import { deliver as operation } from '#contract/operations/worker.ts';
import { sha256Hex } from '#kit/hash.ts';
import { callOptions, noteMove } from '../context.ts';
import { defineTool } from '../define-tool.ts';
import { envelope, suggest } from '../envelope.ts';
import { assignmentEpoch, peekJob } from '../find-job.ts';
import { offer } from '../next.ts';
import { actOutput } from '../outputs.ts';
import { jobId, resultText } from '../parameters.ts';
import { parseResultJson } from '../result-json.ts';
import { hashMismatch } from '../teach-tools.ts';

/** Hands in the result. There is no way to take it back, so what can be checked here is checked before. */
export const deliver = defineTool({
  name: 'deliver',
  title: 'Deliver a result',
  family: 'worker',
  roles: ['worker'],
  description:
    'Hands in the result of a job you accepted; final unless changes are requested. Before it: check_result. For tests: submit_test_result.',
  input: z.strictObject({
    job_id: jobId,
    result: resultText('The result: text, JSON text or JSON object'),
    result_hash: z
      .string()
      .regex(/^[0-9a-fA-F]{64}$/, 'must be 64 hex digits')
      .describe('SHA-256 of the result text, hex; computed if left out')
      .optional(),
  }),
  output: actOutput({ status: z.string().optional(), result_hash: z.string().optional() }),
  effect: 'destroy',
  flags: { openWorld: true },
  aliases: {
    id: 'job_id',
    job: 'job_id',
    output: 'result',
    result_json: 'result',
    answer: 'result',
    hash: 'result_hash',
  },
  example: { job_id: 'job_123', result: { issues: [{ description: 'divides by zero on empty input' }] } },
  async run({ job_id, result, result_hash }, context) {
    const hash = sha256Hex(result);
    if (result_hash !== undefined && result_hash.toLowerCase() !== hash) throw hashMismatch(result_hash, hash);
    const job = await peekJob(context, job_id);
    // A schema describes JSON: text that is none cannot satisfy it, whatever it says.
    if (job?.expected_schema) parseResultJson(result);
    const intent = {
      slot: `job/${job_id}`,
      request: { body: { job_id, result, result_hash: hash } },
      ...assignmentEpoch(job),
    };
    const settled = await context.session.client.run(operation, intent, callOptions(context));
    noteMove(context, job_id, 'completed');
    const calls = [
      { tool: 'wait_for_activity', arguments: {}, why: 'acceptance or a request for changes wakes this call' },
      { tool: 'list_jobs', arguments: {}, why: 'take the next job' },
    ];
    return {
      ...envelope(settled),
      job_id,
      status: settled.data.status,
      result_hash: hash,
      ...suggest(offer(calls, context.activeTools)),
    };
  },
});
