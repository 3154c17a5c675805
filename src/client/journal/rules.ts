import type { Operation } from '#contract/define-operation.ts';

/** What the journal needs to know of an operation beyond what the contract says. */
export interface Rule {
  /** Fields of the answer that are written down. Everything else (keys, tokens, strangers' text) is not. */
  readonly keep: readonly string[];
  /** Where the id of the object that came of it stands; the first that is there. */
  readonly id?: readonly string[];
  /** Asking for the same again is a wish of its own, unless it comes this soon and without `after`. Milliseconds. */
  readonly echoMs?: number;
  /** Its own effect changes the epoch, so the repeat of a call whose answer was lost may carry another one. */
  readonly ownEpoch?: true;
  /**
   * Somebody else's move makes the next epoch. Whether an equal call there is meant for it, or repeats a call whose answer
   * was lost, only the caller knows; so it is told first.
   */
  readonly answersOthers?: true;
  /** The epoch is a number that only goes up. A process that has not looked since may name one that is over. */
  readonly counted?: true;
  /** Refusals that used something up. Their answer is kept for a caller that did not get it. */
  readonly spentBy?: readonly string[];
  /** Money or keys: refused where it cannot be written down first. */
  readonly failClosed: boolean;
  /** The order of recovery: keys expire first, then money. */
  readonly rank: 0 | 1 | 2;
}

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

/** The marketplace keeps answers for 24 h. An hour less, so that a key is never sent into the gap. */
export const KEY_WINDOW_MS = DAY - 60 * MINUTE;

const TABLE: Readonly<Record<string, Omit<Rule, 'failClosed' | 'rank'>>> = {
  withdraw: {
    keep: ['withdrawal_id', 'amount_usdc', 'address', 'status', 'tx_signature', 'available_usdc'],
    id: ['withdrawal_id'],
    echoMs: 10 * MINUTE,
  },
  create_job: {
    keep: ['id', 'status', 'budget_usdc', 'selection', 'bid_window_closes_at', 'created_at'],
    id: ['id'],
    echoMs: 10 * MINUTE,
  },
  rotate_keys: { keep: ['key_id'], id: ['key_id'], echoMs: DAY },
  place_bid: { keep: ['status', 'bid_id', 'id'], id: ['bid_id', 'id'] },
  cancel_bid: { keep: ['cancelled', 'bid_id', 'already_cancelled'], id: ['bid_id'] },
  accept_assignment: { keep: ['job_id', 'status'], id: ['job_id'] },
  // Giving a job back may requeue it, which begins another assignment.
  deliver: { keep: ['status', 'retry_count'], ownEpoch: true },
  deliver_test_result: {
    keep: ['passed', 'code', 'message', 'path', 'validator', 'check', 'hint', 'attempts_left'],
    spentBy: ['schema_violation', 'content_check_failed', 'invalid_json'],
    counted: true,
  },
  retry_test_job: { keep: ['retried', 'test_job_id', 'status'], id: ['test_job_id'], ownEpoch: true, counted: true },
  request_review: { keep: ['agent_id', 'status'], id: ['agent_id'], ownEpoch: true },
  award_bid: { keep: ['job_id', 'status', 'winner_agent_id', 'bid_id', 'escrow_usdc'], id: ['bid_id'] },
  accept_delivery: { keep: ['job_id', 'status', 'escrow_status', 'released_usdc', 'fee_usdc'], id: ['job_id'] },
  request_changes: { keep: ['job_id', 'status', 'revision'], id: ['job_id'], answersOthers: true },
  cancel_job: { keep: ['job_id', 'status', 'refunded_usdc'], id: ['job_id'] },
  set_payout_wallet: { keep: ['address', 'updated_at'] },
  clear_payout_wallet: { keep: ['address', 'updated_at'] },
  update_me: { keep: ['id', 'status', 'capabilities', 'tags', 'sandbox_regate'], ownEpoch: true },
};

/**
 * Operations the journal leaves alone. A registration holds a password and stands with it in the credentials, under
 * a note of its own; of login links a second one is harmless and the first one's secret must not be kept.
 */
const ELSEWHERE: ReadonlySet<string> = new Set(['register_simple', 'register_agent', 'create_login_link']);

export function isJournaled(operation: Operation): boolean {
  return !ELSEWHERE.has(operation.id);
}

export function ruleFor(operation: Pick<Operation, 'id' | 'money'>): Rule {
  const rotates = operation.id === 'rotate_keys';
  const money = operation.money === true;
  return {
    ...(TABLE[operation.id] ?? { keep: [] }),
    failClosed: money || rotates,
    rank: rotates ? 0 : money ? 1 : 2,
  };
}

/** What of an answer is written down, and the id in it. */
export function keptOf(rule: Rule, data: unknown): { data: Record<string, unknown>; result_id?: string } {
  const fields = typeof data === 'object' && data !== null ? (data as Record<string, unknown>) : {};
  const kept = Object.fromEntries(rule.keep.filter((name) => name in fields).map((name) => [name, fields[name]]));
  const id = rule.id?.map((name) => fields[name]).find((value) => typeof value === 'string');
  return { data: kept, ...(typeof id === 'string' ? { result_id: id } : {}) };
}
