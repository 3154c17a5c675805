import { z } from 'zod';
import type { Argument } from '#contract/errors/sota-error.ts';
import { type Verdict, verdict as verdictSchema } from '#contract/verdict.ts';
import { reveal, untrusted } from '#kit/untrusted.ts';
import type { ToolContext } from '../context.ts';
import { defineTool } from '../define-tool.ts';
import { suggest } from '../envelope.ts';
import { findJob } from '../find-job.ts';
import { offer } from '../next.ts';
import { readOutput } from '../outputs.ts';
import { jobId, resultText } from '../parameters.ts';
import { show } from '../show.ts';
import { fixForVerdict } from '../verdict-advice.ts';

/** Same verdict as the marketplace's schema check, made here: no submission is used up, nothing is sent. */
export const checkResult = defineTool({
  name: 'check_result',
  title: 'Check a result',
  family: 'ours',
  roles: ['worker', 'requester'],
  description:
    'Checks the shape of a result against the expected_schema of a job or test, here and for free; nothing is sent. For a verdict on a test: submit_test_result.',
  input: z.strictObject({
    job_id: jobId.describe('Job or test job id'),
    result: resultText('JSON object, or JSON text'),
  }),
  output: readOutput({ passed: z.boolean().optional(), code: z.string(), message: z.string() }),
  effect: 'read',
  aliases: { id: 'job_id', test_job_id: 'job_id', result_json: 'result', answer: 'result', output: 'result' },
  example: { job_id: 'job_123', result: { issues: [{ description: 'divides by zero on empty input' }] } },
  async run({ job_id, result }, context) {
    const schema = await schemaOf(context, job_id);
    if (schema === null) {
      return {
        passed: true,
        code: 'no_schema',
        message: 'The job has no expected_schema: any text is accepted.',
        checked: 'nothing',
      };
    }
    const value = parse(result);
    if (!value.ok) {
      return failed({ code: 'invalid_json', message: untrusted(`The result is not JSON: ${value.problem}`) });
    }
    const outcome = await context.validator.validate(schema, value.value);
    if (outcome.ok === 'unchecked') {
      return {
        code: 'unchecked',
        message: `${outcome.message}, so nothing can be said about this result.`,
        reason: outcome.reason,
      };
    }
    if (outcome.ok) {
      const message = 'The shape is right. Whether the content is, only the marketplace can say.';
      // It came in as an argument of this very call.
      const own = value.value as Argument;
      const calls = [{ tool: 'deliver', arguments: { job_id, result: own }, why: 'if the content is right too' }];
      const isTest = context.memory.testAttempts.has(job_id);
      const submit = [
        {
          tool: 'submit_test_result',
          arguments: { test_job_id: job_id, result_json: own },
          why: 'if the content is right too',
        },
      ];
      const small = result.length < 4_000;
      return {
        passed: true,
        code: 'ok',
        message,
        checked: 'shape',
        ...suggest(small ? offer(isTest ? submit : calls, context.activeTools) : []),
      };
    }
    const { violation } = outcome;
    return failed({
      code: 'schema_violation',
      message: untrusted(`Schema validation failed: ${violation.message}`),
      path: violation.path.map((step) => (typeof step === 'number' ? step : untrusted(step))),
      validator: violation.validator,
      validator_value: untrusted(violation.validator_value),
      instance: untrusted(violation.instance),
      expected_schema_excerpt: untrusted(violation.schema_excerpt),
    });
  },
});

/** The schema is a stranger's, and so is what a verdict quotes of it. */
function failed(facts: Omit<Verdict, 'passed'> & Pick<Verdict, 'code' | 'message'>) {
  const verdict: Verdict = { ...facts, passed: false };
  return { ...show(verdictSchema, verdict), code: verdict.code, passed: false, fix: fixForVerdict(verdict) };
}

async function schemaOf(context: ToolContext, jobId: string): Promise<unknown> {
  const known = context.memory.schemas.get(jobId);
  if (known !== undefined) return known;
  const found = await findJob(context, jobId);
  return reveal(found.kind === 'test' ? found.test.expected_schema : found.job.expected_schema) ?? null;
}

function parse(
  text: string,
): { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly problem: string } {
  try {
    return { ok: true, value: JSON.parse(text) };
  } catch (error) {
    return { ok: false, problem: error instanceof Error ? error.message.slice(0, 160) : 'unreadable' };
  }
}
