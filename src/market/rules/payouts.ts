import { randomBytes } from 'node:crypto';
import { base58 } from '@scure/base';
import { sql } from 'kysely';
import { PLATFORM_FEE_BPS } from '#contract/states/escrow.ts';
import { isoTime } from '#kit/clock.ts';
import { formatUsdc, type Micro, parseUsdc, usdcNumber } from '#kit/money.ts';
import type { MarketContext } from '../market-context.ts';
import { record } from '../storage/activity.ts';
import { type AgentRow, lockAgent, timeOrNull } from '../storage/agents.ts';
import type { Tx } from '../storage/database.ts';
import { newId } from '../storage/ids.ts';
import { balanceOf, EXTERNAL, earningsOf, lockBalance, spendingOf, transfer } from '../storage/ledger.ts';
import { micro } from '../storage/rows.ts';
import { DEFAULT_LIMIT, decodeCursor, type Page, pageOf } from './pages.ts';
import { refuse } from './refuse.ts';
import { checkWalletAddress } from './wallet-address.ts';

/** What an agent has earned and where it is. Earned is after the fee; pending is before it. */
export async function payoutsSummary(tx: Tx, agent: AgentRow) {
  return {
    lifetime_earned_usdc: usdcNumber(await sumOfPayouts(tx, agent.id, 'earning')),
    available_usdc: usdcNumber(await balanceOf(tx, earningsOf(agent.id))),
    withdrawn_usdc: usdcNumber(await sumOfPayouts(tx, agent.id, 'withdrawal')),
    pending_usdc: usdcNumber(await sumOfOpenEscrows(tx, agent.id)),
    spending_usdc: usdcNumber(await balanceOf(tx, spendingOf(agent.id))),
    payout_wallet: agent.wallet_address,
    fee_bps: PLATFORM_FEE_BPS,
  };
}

async function sumOfPayouts(tx: Tx, agentId: string, type: 'earning' | 'withdrawal'): Promise<Micro> {
  const row = await tx
    .selectFrom('payouts')
    .select(sumAsText('amount_micro').as('sum'))
    .where('agent_id', '=', agentId)
    .where('type', '=', type)
    .executeTakeFirst();
  return BigInt(row?.sum ?? 0);
}

async function sumOfOpenEscrows(tx: Tx, agentId: string): Promise<Micro> {
  const row = await tx
    .selectFrom('escrows')
    .select(sumAsText('amount_micro').as('sum'))
    .where('worker_id', '=', agentId)
    .where('status', 'in', ['funded', 'delivered', 'disputed'])
    .executeTakeFirst();
  return BigInt(row?.sum ?? 0);
}

/** As text, because engines hand sums back as numbers and a sum may be larger than a number is exact. */
function sumAsText(column: 'amount_micro') {
  return sql<string>`cast(coalesce(sum(${sql.ref(column)}), 0) as text)`;
}

/** Earnings and withdrawals, newest first. */
export async function payoutsActivity(tx: Tx, agent: AgentRow, { cursor, limit = DEFAULT_LIMIT }: Page) {
  let rows = tx.selectFrom('payouts').selectAll().where('agent_id', '=', agent.id);
  if (cursor !== undefined) rows = rows.where('seq', '<', decodeCursor(cursor, 1)[0] ?? 0);
  const found = await rows
    .orderBy('seq', 'desc')
    .limit(limit + 1)
    .execute();
  const page = pageOf(found, limit, (row) => [Number(row.seq)]);
  return {
    entries: page.rows.map((row) => ({
      id: row.id,
      type: row.type as 'earning' | 'withdrawal',
      amount_usdc: usdcNumber(micro(row.amount_micro)),
      ...(row.gross_micro === null ? {} : { gross_usdc: usdcNumber(micro(row.gross_micro)) }),
      ...(row.fee_micro === null ? {} : { fee_usdc: usdcNumber(micro(row.fee_micro)) }),
      ...(row.address === null ? {} : { address: row.address }),
      job_id: row.job_id,
      tx_signature: row.tx_signature,
      status: row.status,
      created_at: isoTime(Number(row.created_at)),
    })),
    next_cursor: page.next_cursor,
  };
}

export function walletView(agent: Pick<AgentRow, 'wallet_address' | 'wallet_updated_at'>) {
  return { address: agent.wallet_address, updated_at: timeOrNull(agent.wallet_updated_at) };
}

/**
 * Sets, or with null forgets, where withdrawals go; one field with the profile's `wallet_address`. The same address
 * again changes nothing.
 * @throws Refusal invalid_wallet_address
 */
export async function setWallet(tx: Tx, context: MarketContext, agent: AgentRow, address: string | null) {
  if (address !== null) checkWalletAddress(address);
  const before = await lockAgent(tx, agent.id);
  if (address === before.wallet_address) return walletView(before);
  const at = context.clock.real();
  const change = { wallet_address: address, wallet_updated_at: at };
  await tx
    .updateTable('agents')
    .set({ ...change, updated_at: at })
    .where('id', '=', agent.id)
    .execute();
  const payload = { address, before: before.wallet_address };
  await record(tx, { agentId: agent.id, type: 'payout_wallet_changed', payload, at });
  return walletView(change);
}

/**
 * Sends earnings to the payout wallet. There is no chain behind a local marketplace: the signature has the shape of one
 * and stands for nothing.
 * @throws Refusal no_payout_wallet, insufficient_balance
 */
export async function withdraw(tx: Tx, context: MarketContext, agent: AgentRow, amountUsdc: number) {
  const { wallet_address: address } = await lockAgent(tx, agent.id);
  if (address === null) refuse('no_payout_wallet', 'Set a payout wallet first: PUT /api/v1/payouts/wallet');
  const amount = parseUsdc(amountUsdc);
  const available = await lockBalance(tx, earningsOf(agent.id));
  if (available < amount) {
    refuse(
      'insufficient_balance',
      `The withdrawal is ${formatUsdc(amount)} USDC and the available earnings are ${formatUsdc(available)} USDC`,
      { available_usdc: usdcNumber(available), needed_usdc: usdcNumber(amount) },
    );
  }
  const at = context.clock.real();
  const id = newId('wd');
  const signature = base58.encode(randomBytes(64));
  await transfer(tx, { from: earningsOf(agent.id), to: EXTERNAL, amount, kind: 'withdraw', at });
  await tx
    .insertInto('payouts')
    .values({
      id,
      agent_id: agent.id,
      type: 'withdrawal',
      amount_micro: amount,
      gross_micro: null,
      fee_micro: null,
      job_id: null,
      address,
      tx_signature: signature,
      status: 'completed',
      created_at: at,
    })
    .execute();
  const payload = { withdrawal_id: id, amount_usdc: usdcNumber(amount), address, tx_signature: signature };
  await record(tx, { agentId: agent.id, type: 'payout_withdrawn', payload, at, event: 'payout.withdrawn' });
  return {
    withdrawal_id: id,
    amount_usdc: usdcNumber(amount),
    address,
    status: 'completed' as const,
    tx_signature: signature,
    available_usdc: usdcNumber(available - amount),
  };
}
