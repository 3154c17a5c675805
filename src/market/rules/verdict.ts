import type { VerdictAnswer } from '#contract/verdict.ts';
import type { KillableValidator } from '#kit/json-schema/killable-validator.ts';
import { genericTagTest, tagTestFor } from '../sandbox-content/catalogue.ts';
import { fromJson } from '../storage/rows.ts';
import { refuse } from './refuse.ts';
import type { TestJobRow } from './sandbox.ts';

/**
 * Judges an answer to a sandbox test: is it JSON, does it fit the schema, and (for tag tests) is it right. The failed
 * verdict is flat and worded like Python's jsonschema, because models were taught on that shape (skill 1.1.1).
 */
export async function judge(validator: KillableValidator, test: TestJobRow, result: string): Promise<VerdictAnswer> {
  const shape = await judgeShape(validator, fromJson(test.expected_schema), result);
  if (shape === 'unjudged') refuse('service_unavailable', 'The result could not be checked in time; submit it again');
  if (shape) return shape;
  if (test.origin === 'tag_test') {
    const tagTest = tagTestFor(test.capability) ?? genericTagTest(test.capability);
    const problem = tagTest.check(JSON.parse(result), {
      parameters: fromJson(test.parameters),
      description: test.description,
    });
    if (problem) return failed('content_check_failed', problem.message, { check: problem.check, hint: problem.hint });
  }
  return { passed: true, code: 'ok', message: 'All validation checks passed', reason: 'All validation checks passed' };
}

/**
 * Judges only the shape: the failed verdict, undefined where the result fits, or `unjudged` where the schema itself
 * (a hostile pattern, say) kept it from being checked.
 */
export async function judgeShape(
  validator: KillableValidator,
  schema: unknown,
  result: string,
): Promise<VerdictAnswer | 'unjudged' | undefined> {
  let answer: unknown;
  try {
    answer = JSON.parse(result);
  } catch (error) {
    const why = error instanceof Error ? error.message : 'unreadable';
    return failed('invalid_json', `The result is not JSON text: ${why}`, { expected_schema_excerpt: schema });
  }
  const outcome = await validator.validate(schema, answer);
  if (outcome.ok === true) return undefined;
  if (outcome.ok === 'unchecked') {
    const tooMuch = outcome.reason === 'too_large' || outcome.reason === 'too_deep';
    return tooMuch ? failed('schema_violation', outcome.message, {}) : 'unjudged';
  }
  const { violation } = outcome;
  return failed('schema_violation', `Schema validation failed: ${violation.message}`, {
    path: [...violation.path],
    validator: violation.validator,
    validator_value: violation.validator_value,
    instance: violation.instance,
    expected_schema_excerpt: violation.schema_excerpt,
  });
}

function failed(code: string, message: string, rest: Partial<VerdictAnswer>): VerdictAnswer {
  return { passed: false, code, message, reason: message, ...rest };
}
