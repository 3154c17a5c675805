/**
 * What to do with a call, given what its slot holds. Pure, so that the whole table can be tested.
 *
 * A slot is the history of one resource. Whether a call is new is decided by its newest entry: `cancel_bid` between two
 * equal bids, or `retry_test` between two equal submissions, makes the second one new by standing between them. What
 * may rightly be wanted twice (withdrawals, posted jobs, rotations) is looked for in all of the history instead,
 * because two callers may take turns in one slot. What was refused changed nothing and does not count as an entry.
 *
 *   newest entry       the call              then
 *   none               any                   start
 *   no outcome         equal                 resume: the stored bytes under the stored key
 *   no outcome         other                 settle_first: nothing new while something old may still act
 *   done, unseen       equal                 repeat the stored answer
 *   done, unseen       other                 tell_first: whoever changes course must know what was done
 *   done, unseen       equal, after another's move    the same, where both can be meant
 *   done               equal, repeatable, without outcome further back    resume that one
 *   done, seen         equal, repeatable     duplicate, unless `after` names it or it was long ago
 *   done, seen         equal, keyed          repeat the stored answer, if it still holds
 *   done, seen         equal, natural        the same, and start where that cannot be told: a repeat changes nothing
 *   other              any                   start
 */
import type { Idempotency } from '#contract/define-operation.ts';
import type { Generation, Slot } from './records.ts';
import { type Rule, ruleFor } from './rules.ts';

export interface Call {
  readonly operation: string;
  readonly idempotency: Idempotency;
  readonly fp: string;
  readonly epoch: string;
  readonly after?: string | undefined;
  readonly explicit: boolean;
  readonly rule: Rule;
  /** Keys of intents whose answers this process is just handing over to calls of its own. */
  readonly handedOver?: Pick<ReadonlySet<string>, 'has'>;
}

export type Plan =
  | { readonly kind: 'start'; readonly gen: number }
  | { readonly kind: 'resume'; readonly of: Generation }
  | { readonly kind: 'settle_first' | 'tell_first'; readonly of: Generation }
  /** `check`: what a look at the marketplace must show first, or must not. */
  | { readonly kind: 'repeat_answer'; readonly of: Generation; readonly check: 'none' | 'not_gone' | 'holds' }
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

  const newest = slot.generations.findLast(changedSomething);
  const untold = newest?.out?.outcome === 'done' && !newest.seen && !call.handedOver?.has(newest.intent.key);
  if (newest && untold && !same(newest)) return { kind: 'tell_first', of: newest };

  const { rule } = call;
  // Where two processes share a slot, a power cut may take an outcome and leave what the other began after it.
  const lost = rule.echoMs === undefined ? undefined : slot.generations.findLast((entry) => !entry.out && same(entry));
  if (lost) return { kind: 'resume', of: lost };
  const last =
    rule.echoMs === undefined ? newest : slot.generations.findLast((entry) => changedSomething(entry) && same(entry));
  if (!last?.out || !same(last) || last.gen === gone) return start;
  if (call.explicit) return { kind: 'repeat_answer', of: last, check: 'none' };
  if (last.out.outcome === 'rejected') {
    if (last.intent.epoch !== call.epoch) return start;
    // Within one attempt the same answer earns the same verdict; where nobody tells attempts apart, it may be another.
    return last.seen && call.epoch === '' ? start : { kind: 'repeat_answer', of: last, check: 'none' };
  }
  if (rule.echoMs !== undefined) {
    if (call.after !== undefined && call.after === last.out.result_id) return start;
    if (!last.seen) return { kind: 'repeat_answer', of: last, check: 'none' };
    // A caller that names an older one has lost the answer to the newer one.
    if (call.after !== undefined) return { kind: 'duplicate', of: last };
    return now - Date.parse(last.out.at) < rule.echoMs ? { kind: 'duplicate', of: last } : start;
  }
  const keyed = call.idempotency === 'key';
  if (last.intent.epoch !== call.epoch && rule.answersOthers && untold) return { kind: 'tell_first', of: last };
  if (last.intent.epoch !== call.epoch && !(rule.ownEpoch && (!last.seen || !keyed))) return start;
  if (last.seen) return { kind: 'repeat_answer', of: last, check: keyed ? 'not_gone' : 'holds' };
  return { kind: 'repeat_answer', of: last, check: rule.spentBy === undefined ? 'not_gone' : 'none' };
}

/**
 * The epoch a call belongs to. Where epochs are counted, another process may have moved on since the caller looked: what
 * stands in the slot says at least so much.
 * @example attempt 2 was retried through this slot, the caller still names 2: it belongs to 3
 */
export function epochIn(slot: Slot, { rule, epoch }: Pick<Call, 'rule' | 'epoch'>): string {
  if (!rule.counted || !NUMBER.test(epoch)) return epoch;
  const reached = slot.generations.flatMap(({ intent, out }, at) => {
    if (!NUMBER.test(intent.epoch)) return [];
    const moves = ruleFor({ id: intent.op }).ownEpoch && out?.outcome === 'done';
    const said = out?.data.retried !== false;
    // A repeat of a retry whose first answer was lost is told that there is nothing to retry, and yet it was done.
    const due = () =>
      slot.generations.slice(0, at).some((earlier) => earlier.intent.epoch === intent.epoch && usedUp(earlier));
    return [Number(intent.epoch) + (moves && (said || due()) ? 1 : 0)];
  });
  return String(Math.max(Number(epoch), ...reached));
}

const NUMBER = /^\d{1,15}$/;

/** A refusal leaves everything as it was, unless it used something up. */
function changedSomething(entry: Generation): boolean {
  return entry.out?.outcome === 'done' || usedUp(entry);
}

function usedUp({ intent, out }: Generation): boolean {
  return ruleFor({ id: intent.op }).spentBy?.includes(out?.error?.code ?? '') ?? false;
}
