import { sql } from 'kysely';
import type { Database, Tx } from '../storage/database.ts';
import { EXTERNAL, escrowOf, holdOf } from '../storage/ledger.ts';
import { micro } from '../storage/rows.ts';

/** The statuses in which the whole budget of a job is held. */
const HELD = ['open', 'bidding', 'selecting'];
const OPEN_ESCROW = ['funded', 'delivered', 'disputed'];

/**
 * Everything that must be true of the money at any moment between two transactions, checked from the tables alone.
 * @returns one sentence per violation; empty when the books are in order
 */
export async function checkInvariants(db: Database | Tx): Promise<string[]> {
  return [
    ...(await balancesAddUp(db)),
    ...(await jobMoneyIsWhereItBelongs(db)),
    ...(await paidOnce(db)),
    ...(await onePendingBid(db)),
  ];
}

async function balancesAddUp(db: Database | Tx): Promise<string[]> {
  const found: string[] = [];
  const accounts = await db.selectFrom('accounts').selectAll().execute();
  const sums = await db
    .selectFrom('ledger_entries')
    .select(['account', sql<string>`cast(sum(amount_micro) as text)`.as('sum')])
    .groupBy('account')
    .execute();
  const entered = new Map(sums.map((row) => [row.account, BigInt(row.sum)]));
  let total = 0n;
  for (const { id, balance_micro } of accounts) {
    const balance = micro(balance_micro);
    total += balance;
    const sum = entered.get(id) ?? 0n;
    if (balance !== sum) found.push(`Account ${id} shows ${balance} but its entries sum to ${sum}`);
    if (balance < 0n && id !== EXTERNAL) found.push(`Account ${id} is negative: ${balance}`);
  }
  if (total !== 0n) found.push(`All balances sum to ${total} instead of 0`);
  const lopsided = await db
    .selectFrom('ledger_entries')
    .select('transfer_id')
    .groupBy('transfer_id')
    .having(sql<boolean>`sum(amount_micro) <> 0 or count(*) <> 2`)
    .execute();
  for (const { transfer_id } of lopsided) found.push(`Transfer ${transfer_id} does not take what it gives`);
  return found;
}

/** A job's budget is held until it is awarded, the winning bid is in escrow until it is settled, and nothing remains. */
async function jobMoneyIsWhereItBelongs(db: Database | Tx): Promise<string[]> {
  const found: string[] = [];
  const accounts = await db.selectFrom('accounts').selectAll().execute();
  const balances = new Map(accounts.map((row) => [row.id, micro(row.balance_micro)]));
  const jobs = await db.selectFrom('jobs').select(['id', 'status', 'budget_micro']).execute();
  const escrows = await db
    .selectFrom('escrows')
    .select(['job_id', 'amount_micro'])
    .where('status', 'in', OPEN_ESCROW)
    .execute();
  const locked = new Map(escrows.map((row) => [row.job_id, micro(row.amount_micro)]));
  for (const job of jobs) {
    const held = balances.get(holdOf(job.id)) ?? 0n;
    const shouldHold = HELD.includes(job.status) ? micro(job.budget_micro) : 0n;
    if (held !== shouldHold)
      found.push(`Job ${job.id} is ${job.status} and holds ${held} micro-USDC instead of ${shouldHold}`);
    const inEscrow = balances.get(escrowOf(job.id)) ?? 0n;
    const shouldLock = locked.get(job.id) ?? 0n;
    if (inEscrow !== shouldLock)
      found.push(`Job ${job.id} has ${inEscrow} micro-USDC in escrow, its open escrow says ${shouldLock}`);
    const underWay = job.status === 'assigned' || job.status === 'executing';
    if (underWay && !locked.has(job.id)) found.push(`Job ${job.id} is ${job.status} without an open escrow`);
    if (HELD.includes(job.status) && locked.has(job.id))
      found.push(`Job ${job.id} is ${job.status} and has an open escrow`);
  }
  return found;
}

async function paidOnce(db: Database | Tx): Promise<string[]> {
  const released = await db
    .selectFrom('escrows')
    .select('job_id')
    .where('status', '=', 'released')
    .groupBy('job_id')
    .having(sql<boolean>`count(*) > 1`)
    .execute();
  const paid = await db
    .selectFrom('payouts')
    .select('job_id')
    .where('type', '=', 'earning')
    .groupBy('job_id')
    .having(sql<boolean>`count(*) > 1`)
    .execute();
  return [
    ...released.map((row) => `The escrow of job ${row.job_id} was released more than once`),
    ...paid.map((row) => `Job ${row.job_id} was paid out more than once`),
  ];
}

async function onePendingBid(db: Database | Tx): Promise<string[]> {
  const rows = await db
    .selectFrom('bids')
    .select(['job_id', 'agent_id'])
    .where('status', '=', 'pending')
    .groupBy(['job_id', 'agent_id'])
    .having(sql<boolean>`count(*) > 1`)
    .execute();
  return rows.map((row) => `Agent ${row.agent_id} has more than one pending bid on job ${row.job_id}`);
}
