import type { Verdict } from '#contract/verdict.ts';
import { sha256Hex } from '#kit/hash.ts';
import type { KillableValidator } from '#kit/json-schema/killable-validator.ts';
import type { JobRow } from './find-job.ts';
import { refuseField } from './pages.ts';
import { refuse } from './refuse.ts';

/**
 * What is wrong with a delivery, in the words of a sandbox verdict, or undefined. For a job with `expected_schema` the
 * result is JSON text that satisfies it; for any other it is whatever text the worker wrote. Runs before the
 * transaction, because the schema is a stranger's and may take the validator its whole second.
 * @throws Refusal service_unavailable where the schema cannot be evaluated on this result
 */
export async function checkDelivery(
  validator: KillableValidator,
  job: JobRow,
  result: string,
): Promise<Verdict | undefined> {
  if (job.expected_schema === null) return undefined;
  const schema: unknown = JSON.parse(job.expected_schema);
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
    if (outcome.reason === 'too_large' || outcome.reason === 'too_deep')
      return failed('schema_violation', outcome.message, {});
    refuse('service_unavailable', `The result could not be checked: ${outcome.message}`);
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

function failed(code: string, message: string, rest: Partial<Verdict>): Verdict {
  return { passed: false, code, message, reason: message, ...rest };
}

/**
 * The SHA-256 of a result, and that the worker computed the same, if it did: a difference means that the text was
 * changed on the way.
 * @throws Refusal validation_error
 */
export function hashOf(result: string, claimed: string | undefined): string {
  const hash = sha256Hex(result);
  if (claimed !== undefined && claimed.toLowerCase() !== hash) {
    refuseField('body', 'result_hash', `Not the SHA-256 of result, which is ${hash}`);
  }
  return hash;
}
