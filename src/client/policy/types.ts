import type { Operation } from '#contract/define-operation.ts';
import type { SotaError } from '#contract/errors/sota-error.ts';
import type { WireRequest } from '../http.ts';
import type { SotaClient } from '../types.ts';

/** On whose behalf something is sent, and where to. */
export interface Sender {
  /** Names the marketplace in records: its origin, or a name that stays the same while the origin changes. */
  readonly origin: string;
  readonly agentId: string;
  /** Reads at the marketplace what a decision needs: the payout wallet, a job, its bids. */
  readonly look: SotaClient['call'];
}

/** One mutation the policy let pass this far. */
export interface Admission {
  /**
   * Books what `request` commits under its idempotency key, uses up the approval it needs, and then does `work`, which
   * sends it. Called again for the same key (a retry after a crash, another process) it books nothing twice.
   *
   * What `work` throws decides about the booking: a definite refusal gives it back, anything unknown leaves it counted.
   * @throws SotaError with outcome `refused_by_policy` or `needs_approval` before `work` began: nothing was sent
   */
  send<T extends { readonly data: unknown }>(request: WireRequest, key: string, work: () => Promise<T>): Promise<T>;
}

/**
 * What the owner allows, between the typed client and the wire: no tool, no model and no argument can change it.
 *
 *   blocked()  before every attempt of everything that is not a read: read-only, freeze
 *   admit()    before an intent is written down: wallet addresses, limits, whether a human must be asked
 *   send()     with the key of the intent, before its first byte leaves: books the money, uses up the approval
 */
export interface PolicyGate {
  /** Why nothing of this operation may leave now; undefined when it may. Looks at the disk, once per attempt. */
  blocked(operation: Operation): SotaError | undefined;
  /** @throws SotaError with outcome `refused_by_policy` or `needs_approval`, or `invalid_wallet_address` */
  admit(request: WireRequest, sender: () => Promise<Sender>): Promise<Admission>;
}
