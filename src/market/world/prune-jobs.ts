import { sql } from 'kysely';
import type { Micro } from '#kit/money.ts';
import type { Tx } from '../storage/database.ts';
import { escrowOf, holdOf } from '../storage/ledger.ts';
import { micro } from '../storage/rows.ts';
import { peopleOf, type World } from './world.ts';

/**
 * Keeps a world that runs for weeks from filling the disk: old jobs in which only its own people took part disappear,
 * with their bids, activity and escrows. Jobs an agent of the owner ever bid on, posted or won stay for good. The money
 * stays where it is: what a job moved is carried forward into one pair of entries per payer and payee, so every account
 * still equals the sum of its entries.
 */
const BATCH = 100;
const FINISHED_ESCROW = ['released', 'refunded'];

export async function pruneJobs(tx: Tx, world: World): Promise<void> {
  const ours = peopleOf(world);
  const ids = await finishedJobs(tx, world, ours);
  for (const id of ids) {
    await carryForward(tx, id);
    await tx.deleteFrom('payouts').where('job_id', '=', id).execute();
    await tx.deleteFrom('escrows').where('job_id', '=', id).execute();
    await tx.deleteFrom('bids').where('job_id', '=', id).execute();
    await tx.deleteFrom('job_tags').where('job_id', '=', id).execute();
    await tx.deleteFrom('activity').where('job_id', '=', id).execute();
    await tx.deleteFrom('jobs').where('id', '=', id).execute();
  }
  // Nobody has the keys of the world's people, so nobody ever reads or receives their events.
  await tx.deleteFrom('webhook_events').where('agent_id', 'in', ours).execute();
}

async function finishedJobs(tx: Tx, { cast, settings }: World, ours: readonly string[]): Promise<string[]> {
  const rows = await tx
    .selectFrom('jobs')
    .select('id')
    .where('requester_id', 'in', cast.requesters)
    .where('status', 'in', ['failed', 'completed', 'disputed'])
    .where((e) =>
      e.not(
        e.exists(
          e
            .selectFrom('escrows')
            .select('escrows.id')
            .whereRef('escrows.job_id', '=', 'jobs.id')
            .where('escrows.status', 'not in', FINISHED_ESCROW),
        ),
      ),
    )
    .where((e) =>
      e.not(
        e.exists(
          e
            .selectFrom('bids')
            .select('bids.id')
            .whereRef('bids.job_id', '=', 'jobs.id')
            .where('bids.agent_id', 'not in', ours),
        ),
      ),
    )
    .orderBy('seq', 'desc')
    .offset(settings.keepFinishedJobs)
    .limit(BATCH)
    .execute();
  return rows.map(({ id }) => id);
}

async function carryForward(tx: Tx, jobId: string): Promise<void> {
  const entries = await tx
    .selectFrom('ledger_entries')
    .select(['account', 'amount_micro', 'created_at'])
    .where('job_id', '=', jobId)
    .execute();
  const moved = new Map<string, Micro>();
  for (const { account, amount_micro } of entries) {
    moved.set(account, (moved.get(account) ?? 0n) + micro(amount_micro));
  }
  await tx.deleteFrom('ledger_entries').where('job_id', '=', jobId).execute();
  await tx
    .deleteFrom('accounts')
    .where('id', 'in', [holdOf(jobId), escrowOf(jobId)])
    .execute();
  const payer = [...moved].find(([, amount]) => amount < 0n)?.[0];
  const at = Math.max(0, ...entries.map(({ created_at }) => Number(created_at)));
  for (const [payee, amount] of moved) {
    if (amount > 0n && payer !== undefined) await carry(tx, payer, payee, amount, at);
  }
}

async function carry(tx: Tx, payer: string, payee: string, amount: Micro, at: number): Promise<void> {
  const transfer_id = `carried ${payer} ${payee}`;
  for (const [account, change] of [
    [payer, -amount],
    [payee, amount],
  ] as const) {
    const { numUpdatedRows } = await tx
      .updateTable('ledger_entries')
      .set({ amount_micro: sql`amount_micro + ${change}`, created_at: at })
      .where('transfer_id', '=', transfer_id)
      .where('account', '=', account)
      .executeTakeFirst();
    if (numUpdatedRows > 0n) continue;
    await tx
      .insertInto('ledger_entries')
      .values({ transfer_id, account, amount_micro: change, kind: 'carried', job_id: null, created_at: at })
      .execute();
  }
}
