import type { Micro } from '#kit/money.ts';
import type { Tx } from '../storage/database.ts';
import { balanceOf, holdOf, spendingOf, transfer } from '../storage/ledger.ts';
import { micro } from '../storage/rows.ts';
import type { JobRow } from './find-job.ts';

/** Sets the whole budget aside. The caller has checked that the spending balance covers it. */
export async function holdBudget(tx: Tx, job: JobRow, at: number): Promise<void> {
  const amount = micro(job.budget_micro);
  await transfer(tx, {
    from: spendingOf(job.requester_id),
    to: holdOf(job.id),
    amount,
    kind: 'hold',
    at,
    jobId: job.id,
  });
}

/** Gives back whatever of the budget is still held. Returns how much that was. */
export async function releaseHold(tx: Tx, job: JobRow, at: number): Promise<Micro> {
  const amount = await balanceOf(tx, holdOf(job.id));
  await transfer(tx, {
    from: holdOf(job.id),
    to: spendingOf(job.requester_id),
    amount,
    kind: 'unhold',
    at,
    jobId: job.id,
  });
  return amount;
}
