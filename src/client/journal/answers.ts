/** What a call is answered with from what was written down. */
import { SotaError } from '#contract/errors/sota-error.ts';
import { HeldBack } from '../intents.ts';
import type { Settled } from '../types.ts';
import type { Generation, OutRecord } from './records.ts';
import type { Rule } from './rules.ts';

/** That a request was held back, and what there is to know of the earlier one. */
export function heldBack(outcome: HeldBack['outcome'], { intent, out }: Generation, same = false): HeldBack {
  return new HeldBack(
    outcome,
    { operation: intent.op, at: out?.at ?? intent.created_at, ...(same && { same_arguments: true }), ...out?.data },
    outcome === 'previous_resolved'
      ? { action: 'call_again' }
      : { action: 'repeat_with_after', ...(out?.result_id === undefined ? {} : { after: out.result_id }) },
  );
}

/** How the same is done once more on purpose, where that can be wanted. */
export function repetition(rule: Rule, out: OutRecord): Pick<Settled<unknown>, 'recovery'> {
  return rule.echoMs === undefined || out.result_id === undefined
    ? {}
    : { recovery: { action: 'repeat_with_after', after: out.result_id } };
}

/** The refusal that was written down. */
export function refusalOf({ error }: OutRecord): SotaError {
  return new SotaError({
    code: error?.code ?? 'rejected',
    message: error?.message ?? 'It was refused.',
    fix: error?.fix ?? 'Look before calling again.',
    repeated: true,
    ...(error?.http_status === undefined ? {} : { httpStatus: error.http_status }),
    ...(error?.details === undefined ? {} : { details: error.details }),
  });
}
