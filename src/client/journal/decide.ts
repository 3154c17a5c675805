/**
 * What to do with a call, given what its slot holds. Pure, so that the whole table can be tested.
 *
 * A slot is the history of one resource. Whether a call is new is decided by its newest entry: `cancel_bid` between two
 * equal bids, or `retry_test` between two equal submissions, makes the second one new by standing between them. What
 * may rightly be wanted twice (withdrawals, posted jobs, rotations) is looked for in all of the history instead,
 * because two callers may take turns in one slot.
 *
 *   newest entry       the call              then
 *   none               any                   start
 *   no outcome         equal                 resume: the stored bytes under the stored key
 *   no outcome         other                 settle_first: nothing new while something old may still act
 *   done, unseen       equal                 repeat the stored answer
 *   done, seen         equal, repeatable     duplicate, unless `after` names it or it was long ago
 *   done, seen         equal, keyed          repeat the stored answer, if it still holds
 *   done, seen         equal, natural        start: sending again changes nothing
 *   rejected or other  any                   start
 */
import type { Idempotency } from '#contract/define-operation.ts';
import type { Generation, Slot } from './records.ts';
import type { Rule } from './rules.ts';

export interface Call {
  readonly operation: string;
  readonly idempotency: Idempotency;
  readonly fp: string;
  readonly epoch: string;
  readonly after?: string | undefined;
  readonly explicit: boolean;
  readonly rule: Rule;
}

export type Plan =
  | { readonly kind: 'start'; readonly gen: number }
  | { readonly kind: 'resume'; readonly of: Generation }
  | { readonly kind: 'settle_first'; readonly of: Generation }
  /** `check`: only if a look at the marketplace does not show that it is gone. */
  | { readonly kind: 'repeat_answer'; readonly of: Generation; readonly check: boolean }
  | { readonly kind: 'duplicate'; readonly of: Generation }
  /** A caller's own key was used for something else. */
  | { readonly kind: 'key_reused'; readonly of: Generation };

/**
 * @param now milliseconds
 * @param gone generation whose effect no longer holds: it counts as if it were not there
 */
export function decide(slot: Slot, call: Call, now: number, gone?: number): Plan {
  const start: Plan = { kind: 'start', gen: slot.next };
  const tail = slot.generations.at(-1);
  if (!tail) return start;
  const same = ({ intent }: Generation) => intent.op === call.operation && intent.fp === call.fp;
  if (call.explicit && !same(tail)) return { kind: 'key_reused', of: tail };
  if (!tail.out) return same(tail) ? { kind: 'resume', of: tail } : { kind: 'settle_first', of: tail };

  const { rule } = call;
  const last = rule.echoMs === undefined ? tail : slot.generations.findLast((entry) => same(entry) && isDone(entry));
  if (!last?.out || !same(last) || last.gen === gone) return start;
  if (call.explicit) return { kind: 'repeat_answer', of: last, check: false };
  if (last.out.outcome === 'rejected') {
    const spent = rule.spentBy?.includes(last.out.error?.code ?? '') ?? false;
    return spent && !last.seen && last.intent.epoch === call.epoch
      ? { kind: 'repeat_answer', of: last, check: false }
      : start;
  }
  if (rule.echoMs !== undefined) {
    if (call.after !== undefined && call.after === last.out.result_id) return start;
    if (!last.seen) return { kind: 'repeat_answer', of: last, check: false };
    // A caller that names an older one has lost the answer to the newer one.
    if (call.after !== undefined) return { kind: 'duplicate', of: last };
    return now - Date.parse(last.out.at) < rule.echoMs ? { kind: 'duplicate', of: last } : start;
  }
  if (!rule.ownEpoch && last.intent.epoch !== call.epoch) return start;
  if (last.seen && call.idempotency !== 'key') return start;
  return { kind: 'repeat_answer', of: last, check: rule.spentBy === undefined || last.seen };
}

function isDone({ out }: Generation): boolean {
  return out?.outcome === 'done';
}
