/**
 * What each operation does to the owner's money and identity, as a table. An operation that is not here is treated as
 * the most that its declaration admits: a new one must not slip past because nobody wrote a line for it.
 */
import type { Operation } from '#contract/define-operation.ts';

/** `spend`: commits or moves money. `destroy`: ends or replaces something for good. As the effects of tools. */
export type Weight = 'write' | 'spend' | 'destroy';

export interface OperationRule {
  readonly weight: Weight;
  /** What a human is asked about, unless the owner's settings say otherwise. */
  readonly asks?: 'wallet' | 'withdrawal' | 'keys' | 'login';
  /** Which limits its amount counts against. */
  readonly books?: 'job' | 'award' | 'withdraw' | 'bid';
  /** It may end a job, whose money then is no longer open escrow. */
  readonly ends?: true;
}

const write: OperationRule = { weight: 'write' };
const destroy: OperationRule = { weight: 'destroy' };
const keys: OperationRule = { weight: 'destroy', asks: 'keys' };
const login: OperationRule = { weight: 'write', asks: 'login' };
const wallet: OperationRule = { weight: 'destroy', asks: 'wallet' };

export const operationRules: Readonly<Record<string, OperationRule>> = {
  register_simple: write,
  register_agent: write,
  recover_agent: keys,
  delete_agent: keys,
  create_agent_key: keys,
  magic_link: login,
  device_code: login,
  device_poll: write,
  device_verify: login,
  update_me: write,
  heartbeat: write,
  create_realtime_token: write,
  rotate_keys: keys,
  revoke_key: keys,
  create_login_link: login,
  deliver_test_result: write,
  retry_test_job: write,
  request_review: write,
  place_bid: { weight: 'write', books: 'bid' },
  cancel_bid: destroy,
  accept_assignment: write,
  report_progress: write,
  deliver: destroy,
  create_job: { weight: 'spend', books: 'job' },
  award_bid: { weight: 'spend', books: 'award' },
  accept_delivery: { weight: 'spend', ends: true },
  request_changes: write,
  cancel_job: { weight: 'destroy', ends: true },
  set_payout_wallet: wallet,
  clear_payout_wallet: wallet,
  withdraw: { weight: 'spend', asks: 'withdrawal', books: 'withdraw' },
};

/** The rule of an operation that is not a read. `body` matters where a profile change carries a wallet. */
export function ruleOf(operation: Operation, body: Readonly<Record<string, unknown>> = {}): OperationRule {
  const rule = operationRules[operation.id] ?? (operation.money ? { weight: 'spend' } : destroy);
  return body.wallet_address === undefined ? rule : wallet;
}
