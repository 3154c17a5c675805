import type { VerdictAnswer } from '#contract/verdict.ts';
import { sha256Hex } from '#kit/hash.ts';
import type { KillableValidator } from '#kit/json-schema/killable-validator.ts';
import type { JobRow } from './find-job.ts';
import { refuseField } from './pages.ts';
import { judgeShape } from './verdict.ts';

/**
 * What is wrong with the shape of a delivery, in the words of a sandbox verdict, or undefined. A schema that cannot be
 * evaluated (its author's doing, not the worker's) judges nothing: the delivery goes to the requester's own eyes,
 * because a pattern that never ends must not keep a worker from its pay. Runs before the transaction.
 */
export async function checkDelivery(
  validator: KillableValidator,
  job: JobRow,
  result: string,
): Promise<VerdictAnswer | undefined> {
  if (job.expected_schema === null) return undefined;
  const shape = await judgeShape(validator, JSON.parse(job.expected_schema), result);
  return shape === 'unjudged' ? undefined : shape;
}

/**
 * The SHA-256 of a result, and that the worker computed the same, if it did: a difference means that the text was
 * changed on the way.
 * @throws Refusal validation_error
 */
export function hashOf(result: string, claimed: string | null | undefined): string {
  const hash = sha256Hex(result);
  if (claimed && claimed.toLowerCase() !== hash) {
    refuseField('body', 'result_hash', `Not the SHA-256 of result, which is ${hash}`);
  }
  return hash;
}
