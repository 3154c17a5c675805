import { z } from 'zod';
import { getPayoutWallet as operation } from '#contract/operations/payouts.ts';
import { callOptions } from '../context.ts';
import { defineTool } from '../define-tool.ts';
import { present } from '../envelope.ts';
import { readOutput } from '../outputs.ts';

/** Where withdrawals go. */
export const getPayoutWallet = defineTool({
  name: 'get_payout_wallet',
  title: 'Get the payout wallet',
  family: 'payouts',
  roles: [],
  description: 'The Solana address money is sent to, if one is set. Amounts: get_payouts_summary.',
  input: z.strictObject({}),
  output: readOutput({ address: z.string().optional(), is_set: z.boolean() }),
  effect: 'read',
  example: {},
  async run(_input, context) {
    const { address, updated_at } = await context.session.client.call(operation, {}, callOptions(context));
    return { is_set: address !== null, ...present({ address, updated_at }) };
  },
});
