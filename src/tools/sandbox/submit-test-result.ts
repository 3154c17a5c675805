import { z } from 'zod';
import { SotaError } from '#contract/errors/sota-error.ts';
import { getSandboxProgress } from '#contract/operations/agent.ts';
import { deliverTestResult } from '#contract/operations/sandbox.ts';
import { type Verdict, verdictFailureCodes, verdict as verdictSchema } from '#contract/verdict.ts';
import { untrusted } from '#kit/untrusted.ts';
import { callOptions, type ToolContext } from '../context.ts';
import { defineTool } from '../define-tool.ts';
import { envelope, present, suggest } from '../envelope.ts';
import { offer } from '../next.ts';
import { actOutput } from '../outputs.ts';
import { resultText, testJobId } from '../parameters.ts';
import { parseResultJson } from '../result-json.ts';
import { show } from '../show.ts';
import { fixForVerdict } from '../verdict-advice.ts';
import { attemptOf } from './test-attempt.ts';

const FAILURES: ReadonlySet<string> = new Set(verdictFailureCodes);

/**
 * Submits the answer to one sandbox test. A wrong answer is an answer, not an error: the model needs the verdict to
 * repair it. Text that is not JSON never leaves, since it could only use up a submission.
 */
export const submitTestResult = defineTool({
  name: 'submit_test_result',
  title: 'Submit a test result',
  family: 'sandbox',
  roles: ['worker'],
  description:
    'Submits a sandbox test answer and returns the verdict: passed, or what to fix. To check the shape for free: check_result. For real jobs: deliver.',
  input: z.strictObject({ test_job_id: testJobId, result_json: resultText('The answer: JSON object, or JSON text') }),
  output: actOutput({ passed: z.boolean().optional(), message: z.string().optional() }),
  effect: 'write',
  flags: { openWorld: true },
  aliases: {
    id: 'test_job_id',
    job_id: 'test_job_id',
    test_id: 'test_job_id',
    result: 'result_json',
    answer: 'result_json',
  },
  example: { test_job_id: 'tj_abc', result_json: { issues: [{ description: 'divides by zero on empty input' }] } },
  async run({ test_job_id, result_json }, context) {
    parseResultJson(result_json);
    const epoch = await attemptOf(context, test_job_id);
    const intent = {
      slot: `test/${test_job_id}`,
      request: { params: { test_job_id }, body: { result: result_json } },
      ...(epoch !== undefined && { epoch: String(epoch) }),
    };
    try {
      const settled = await context.session.client.run(deliverTestResult, intent, callOptions(context));
      return { ...envelope(settled), test_job_id, ...(await afterVerdict(test_job_id, settled.data, context)) };
    } catch (error) {
      if (!(error instanceof SotaError) || !FAILURES.has(error.code)) throw error;
      const message = error.said ?? untrusted(error.message);
      const verdict = { passed: false, message, ...error.details, code: error.code };
      const outcome = error.repeated ? 'replayed' : 'done';
      const settled = envelope({ outcome, data: verdict, attempts: 1 });
      return { ...settled, test_job_id, ...(await afterVerdict(test_job_id, verdict, context)) };
    }
  },
});

async function afterVerdict(testJobId: string, verdict: Verdict, context: ToolContext) {
  const { reason: _sameAsMessage, ...facts } = verdict;
  if (!verdict.passed) {
    const usedUp = verdict.attempts_left === 0;
    const calls = usedUp
      ? [
          {
            tool: 'retry_test',
            arguments: { test_job_id: testJobId },
            why: 'submissions are used up; this resets them',
          },
        ]
      : [
          {
            tool: 'check_result',
            arguments: { job_id: testJobId, result: '<repaired result>' },
            why: 'check the repaired shape for free',
          },
          {
            tool: 'submit_test_result',
            arguments: { test_job_id: testJobId, result_json: '<repaired result>' },
            why: 'submit the repaired result',
          },
        ];
    return {
      ...show(verdictSchema, present(facts)),
      passed: false,
      fix: fixForVerdict(verdict),
      ...suggest(offer(calls, context.activeTools)),
    };
  }
  const progress = await progressNow(context);
  const calls = progress?.ready_for_review
    ? [{ tool: 'request_review', arguments: {}, why: 'every test has passed' }]
    : [{ tool: 'list_sandbox_jobs', arguments: {}, why: 'take the next test' }];
  return {
    ...show(verdictSchema, present(facts)),
    passed: true,
    ...(progress && { tests_passed: progress.tests_passed, tests_total: progress.tests_total }),
    ...suggest(offer(calls, context.activeTools)),
  };
}

/** The progress is an extra: the verdict stands whether or not it can be read. */
async function progressNow(context: ToolContext) {
  try {
    return await context.session.client.call(getSandboxProgress, {}, callOptions(context));
  } catch {
    return undefined;
  }
}
