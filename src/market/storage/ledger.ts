import { sql } from 'kysely';
import type { Micro } from '#kit/money.ts';
import type { Tx } from './database.ts';
import { newId } from './ids.ts';
import { micro } from './rows.ts';

/**
 * Double entry: every transfer takes from one account what it gives to another, so all balances sum to zero at all
 * times. `external` is the world outside (deposits come from it, withdrawals go to it) and alone may be negative.
 *
 *   external → spending:<agent>   funding
 *   spending → hold:<job>         posting a job sets its budget aside
 *   hold → escrow:<job>           awarding locks the winning bid; what is left of the hold goes back to spending
 *   escrow → earnings + fees      release
 *   escrow → spending             refund
 *   earnings → external           withdrawal
 */
export const EXTERNAL = 'external';
export const FEES = 'fees';
export const spendingOf = (agentId: string): string => `spending:${agentId}`;
export const earningsOf = (agentId: string): string => `earnings:${agentId}`;
export const holdOf = (jobId: string): string => `hold:${jobId}`;
export const escrowOf = (jobId: string): string => `escrow:${jobId}`;

export type TransferKind = 'fund' | 'hold' | 'unhold' | 'escrow' | 'release' | 'fee' | 'refund' | 'withdraw';

export interface Transfer {
  readonly from: string;
  readonly to: string;
  readonly amount: Micro;
  readonly kind: TransferKind;
  readonly at: number;
  readonly jobId?: string;
}

/** Thrown when an account does not hold what is to be taken from it. Callers check first and refuse in words. */
export class OverdrawnError extends Error {
  override readonly name = 'OverdrawnError';
}

/** Moves money between two accounts inside a transaction. A transfer of nothing leaves no trace. */
export async function transfer(tx: Tx, { from, to, amount, kind, at, jobId }: Transfer): Promise<void> {
  if (amount < 0n) throw new RangeError(`A transfer of ${amount} micro-USDC would run backwards`);
  if (amount === 0n) return;
  if (from !== EXTERNAL && (await lockBalance(tx, from)) < amount)
    throw new OverdrawnError(`${from} holds less than ${amount}`);
  const transferId = newId('tr');
  for (const [account, change] of [
    [from, -amount],
    [to, amount],
  ] as const) {
    await tx
      .insertInto('accounts')
      .values({ id: account, balance_micro: 0 })
      .onConflict((conflict) => conflict.column('id').doNothing())
      .execute();
    await tx
      .updateTable('accounts')
      .set({ balance_micro: sql`balance_micro + ${change}` })
      .where('id', '=', account)
      .execute();
    await tx
      .insertInto('ledger_entries')
      .values({ transfer_id: transferId, account, amount_micro: change, kind, job_id: jobId ?? null, created_at: at })
      .execute();
  }
}

/** What an account holds; an account never used holds nothing. */
export async function balanceOf(tx: Tx, account: string): Promise<Micro> {
  const row = await tx.selectFrom('accounts').select('balance_micro').where('id', '=', account).executeTakeFirst();
  return row ? micro(row.balance_micro) : 0n;
}

/** The same, for deciding whether something can be taken from it: nobody else takes any before this transaction ends. */
export async function lockBalance(tx: Tx, account: string): Promise<Micro> {
  const row = await tx
    .selectFrom('accounts')
    .select('balance_micro')
    .where('id', '=', account)
    .forNoKeyUpdate()
    .executeTakeFirst();
  return row ? micro(row.balance_micro) : 0n;
}
