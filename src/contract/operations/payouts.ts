import { z } from 'zod';
import { word } from '../authorship.ts';
import { defineOperation } from '../define-operation.ts';
import { payoutEntry } from '../entities.ts';
import { cursor, id, limit, time, usdc, usdcAmount, walletAddress } from '../fields.ts';

const self = { family: 'payouts', auth: 'agent' } as const;
const keyErrors = ['missing_api_key', 'invalid_api_key', 'api_key_revoked'] as const;
const wallet = z.looseObject({ address: word.nullable(), updated_at: time.nullable() });
const walletEvidence = {
  evidence: 'proposed',
  source: 'skill 1.1.1 lists the tool, no route is public; the address rule is of public SDK 0.2.0',
} as const;

export const getPayoutsSummary = defineOperation({
  ...self,
  id: 'get_payouts_summary',
  method: 'GET',
  path: '/api/v1/payouts/summary',
  summary: 'Earned, available and withdrawn USDC',
  response: z.looseObject({
    lifetime_earned_usdc: usdc,
    available_usdc: usdc,
    withdrawn_usdc: usdc,
    pending_usdc: usdc.optional().describe('In escrow for jobs under way, before the fee'),
    spending_usdc: usdc.optional().describe('What the agent can spend on jobs it posts'),
    payout_wallet: word.nullable().optional(),
    fee_bps: z.number().int().optional(),
  }),
  errors: keyErrors,
  idempotency: 'natural',
  evidence: 'documented',
  source: 'path and the three notions in skill 1.1.1; field names are proposed',
});

export const getPayoutsActivity = defineOperation({
  ...self,
  id: 'get_payouts_activity',
  method: 'GET',
  path: '/api/v1/payouts/activity',
  summary: 'Earnings and withdrawals, newest first',
  query: z.strictObject({ limit: limit.optional(), cursor: cursor.optional() }),
  response: z.looseObject({ entries: z.array(payoutEntry), next_cursor: word.nullable() }),
  errors: [...keyErrors, 'validation_error'],
  idempotency: 'natural',
  evidence: 'documented',
  source: 'path in skill 1.1.1; body is proposed',
});

export const getPayoutWallet = defineOperation({
  ...self,
  ...walletEvidence,
  id: 'get_payout_wallet',
  method: 'GET',
  path: '/api/v1/payouts/wallet',
  summary: 'Where withdrawals go',
  response: wallet,
  errors: keyErrors,
  idempotency: 'natural',
});

export const setPayoutWallet = defineOperation({
  ...self,
  ...walletEvidence,
  id: 'set_payout_wallet',
  method: 'PUT',
  path: '/api/v1/payouts/wallet',
  summary: 'Set where withdrawals go',
  body: z.strictObject({ address: walletAddress }),
  response: wallet,
  errors: [...keyErrors, 'invalid_wallet_address', 'validation_error'],
  idempotency: 'natural',
});

export const clearPayoutWallet = defineOperation({
  ...self,
  ...walletEvidence,
  id: 'clear_payout_wallet',
  method: 'DELETE',
  path: '/api/v1/payouts/wallet',
  summary: 'Forget the payout wallet; withdrawals stop',
  response: wallet,
  errors: keyErrors,
  idempotency: 'natural',
});

export const withdraw = defineOperation({
  ...self,
  ...walletEvidence,
  id: 'withdraw',
  method: 'POST',
  path: '/api/v1/payouts/withdraw',
  summary: 'Send available earnings to the payout wallet',
  body: z.strictObject({ amount_usdc: usdcAmount }),
  response: z.looseObject({
    withdrawal_id: id,
    amount_usdc: usdc,
    address: word,
    status: z.enum(['pending', 'completed']),
    tx_signature: word.nullable(),
    available_usdc: usdc,
  }),
  errors: [
    ...keyErrors,
    'no_payout_wallet',
    'insufficient_balance',
    'validation_error',
    'idempotency_in_flight',
    'idempotency_conflict',
  ],
  idempotency: 'key',
  money: true,
});
