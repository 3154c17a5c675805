import type { JobRow } from '../rules/find-job.ts';
import { judgeShape } from '../rules/verdict.ts';
import type { CheckFailure } from '../sandbox-content/define-test.ts';
import type { Tx } from '../storage/database.ts';
import { fromJson } from '../storage/rows.ts';
import { contentOf } from './make-job.ts';
import { scriptedJob } from './scenario/script.ts';
import type { World } from './world.ts';

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

/** Whether a job was made from the content of its tag, so that its deliveries can be judged. */
export async function hasContent(tx: Tx, { cast, script }: World, job: JobRow): Promise<boolean> {
  if (cast.requesters.includes(job.requester_id)) return true;
  return (await scriptedJob(tx, script, job.id))?.tag !== undefined;
}

/**
 * What is wrong with the delivery of any job, or null. Jobs of strangers have no content to check: there a delivery of
 * the requested shape is right.
 */
export async function failureOf(tx: Tx, world: World, job: JobRow): Promise<CheckFailure | null> {
  if (await hasContent(tx, world, job)) return inspectDelivery(job);
  if (job.expected_schema === null) return null;
  const verdict = await judgeShape(world.context.validator, fromJson(job.expected_schema), job.result ?? '');
  if (verdict === undefined || verdict === 'unjudged') return null;
  return { check: 'shape', message: verdict.message, hint: 'Deliver JSON of the shape in expected_schema.' };
}

function parsed(text: string | null): unknown {
  try {
    return JSON.parse(text ?? '');
  } catch {
    return undefined;
  }
}
