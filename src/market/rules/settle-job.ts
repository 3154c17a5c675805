import type { MarketContext } from '../market-context.ts';
import type { Tx } from '../storage/database.ts';
import type { DueDate } from '../time/due-dates.ts';
import { autoConfirm } from './acceptance.ts';
import { closeWindow } from './award.ts';
import { executionTimeout, winnerOffline } from './overdue-work.ts';

/** Applies what fell due about a job; a due-date of another kind is not this function's. */
export async function settleJobDue(tx: Tx, context: MarketContext, due: DueDate): Promise<void> {
  if (due.kind === 'bid_window') return closeWindow(tx, context, due.subject);
  if (due.kind === 'winner_offline') return winnerOffline(tx, context, due);
  if (due.kind === 'execution_timeout') return executionTimeout(tx, context, due);
  if (due.kind === 'auto_confirm' || due.kind === 'auto_release') return autoConfirm(tx, context, due.subject);
}
