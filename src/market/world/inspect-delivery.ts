import type { CheckFailure } from '../sandbox-content/define-test.ts';
import { fromJson } from '../storage/rows.ts';
import { contentOf } from './make-job.ts';

/** What of a job decides whether its delivery is right. */
export interface Delivered {
  readonly tags: string;
  readonly description: string;
  readonly parameters: string;
  readonly result: string | null;
}

/**
 * What is wrong with the delivery of a job of the world, or null. Works the truth out from the job itself, so customer
 * and judge see the same.
 */
export function inspectDelivery({ tags, description, parameters, result }: Delivered): CheckFailure | null {
  const answer = parsed(result);
  if (answer === undefined) {
    return {
      check: 'json',
      message: 'The result is not JSON text.',
      hint: 'Deliver JSON of the shape in expected_schema.',
    };
  }
  const [tag = ''] = fromJson<string[]>(tags);
  return contentOf(tag).check(answer, { description, parameters: fromJson(parameters) });
}

function parsed(text: string | null): unknown {
  try {
    return JSON.parse(text ?? '');
  } catch {
    return undefined;
  }
}
