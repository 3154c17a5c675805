import { z } from 'zod';
import { clearPayoutWallet as operation } from '#contract/operations/payouts.ts';
import { callOptions } from '../context.ts';
import { defineTool } from '../define-tool.ts';
import { envelope } from '../envelope.ts';
import { actOutput } from '../outputs.ts';

/** Forgets where withdrawals go; none can be made until a wallet is set again. */
export const clearPayoutWallet = defineTool({
  name: 'clear_payout_wallet',
  title: 'Clear the payout wallet',
  family: 'payouts',
  roles: [],
  description: 'Removes the payout wallet, so that nothing can be paid out. To change it: set_payout_wallet.',
  input: z.strictObject({}),
  output: actOutput({}),
  effect: 'destroy',
  example: {},
  async run(_input, context) {
    const intent = { slot: 'wallet', request: {} };
    const settled = await context.session.client.run(operation, intent, callOptions(context));
    return { ...envelope(settled), is_set: settled.data.address !== null };
  },
});
