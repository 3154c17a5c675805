import type { Verdict } from '#contract/verdict.ts';
import type { KillableValidator } from '#kit/json-schema/killable-validator.ts';
import { genericTagTest, tagTestFor } from '../sandbox-content/catalogue.ts';
import { fromJson } from '../storage/rows.ts';
import { refuse } from './refuse.ts';
import type { TestJobRow } from './sandbox.ts';

/**
 * Judges an answer to a sandbox test: is it JSON, does it fit the schema, and (for tag tests) is it right. The failed
 * verdict is flat and worded like Python's jsonschema, because models were taught on that shape (skill 1.1.1).
 */
export async function judge(validator: KillableValidator, test: TestJobRow, result: string): Promise<Verdict> {
  const expectedSchema = fromJson(test.expected_schema);
  let answer: unknown;
  try {
    answer = JSON.parse(result);
  } catch (error) {
    const why = error instanceof Error ? error.message : 'unreadable';
    return failed('invalid_json', `The result is not JSON text: ${why}`, { expected_schema_excerpt: expectedSchema });
  }
  const outcome = await validator.validate(expectedSchema, answer);
  if (outcome.ok === 'unchecked') {
    if (outcome.reason === 'too_large' || outcome.reason === 'too_deep')
      return failed('schema_violation', outcome.message, {});
    refuse('service_unavailable', `The result could not be checked: ${outcome.message}`);
  }
  if (!outcome.ok) {
    const { violation } = outcome;
    return failed('schema_violation', `Schema validation failed: ${violation.message}`, {
      path: [...violation.path],
      validator: violation.validator,
      validator_value: violation.validator_value,
      instance: violation.instance,
      expected_schema_excerpt: violation.schema_excerpt,
    });
  }
  if (test.origin === 'tag_test') {
    const tagTest = tagTestFor(test.capability) ?? genericTagTest(test.capability);
    const problem = tagTest.check(answer, { parameters: fromJson(test.parameters), description: test.description });
    if (problem) return failed('content_check_failed', problem.message, { check: problem.check, hint: problem.hint });
  }
  return { passed: true, code: 'ok', message: 'All validation checks passed', reason: 'All validation checks passed' };
}

function failed(code: string, message: string, rest: Partial<Verdict>): Verdict {
  return { passed: false, code, message, reason: message, ...rest };
}
