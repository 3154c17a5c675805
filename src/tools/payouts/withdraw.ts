import { z } from 'zod';
import { withdraw as operation } from '#contract/operations/payouts.ts';
import { inGroupsOfFour } from '#kit/groups-of-four.ts';
import { callOptions } from '../context.ts';
import { defineTool } from '../define-tool.ts';
import { envelope, present } from '../envelope.ts';
import { actOutput } from '../outputs.ts';
import { after, amountUsdc } from '../parameters.ts';
import { show } from '../show.ts';

/** Sends earnings to the payout wallet. What has left cannot be fetched back. */
export const withdraw = defineTool({
  name: 'withdraw',
  title: 'Withdraw earnings',
  family: 'payouts',
  roles: ['worker'],
  description: 'Sends available USDC to the payout wallet, for good. What is available: get_payouts_summary.',
  input: z.strictObject({
    amount_usdc: amountUsdc('USDC to send, at most what is available'),
    after: after('id of the equal withdrawal before'),
  }),
  output: actOutput({ withdrawal_id: z.string().optional(), available_usdc: z.number().optional() }),
  effect: 'spend',
  flags: { openWorld: true, repeats: true },
  aliases: { amount: 'amount_usdc', usdc: 'amount_usdc', value: 'amount_usdc' },
  example: { amount_usdc: 12.5 },
  async run({ amount_usdc, after: previous }, context) {
    const intent = {
      slot: 'withdraw',
      request: { body: { amount_usdc } },
      ...(previous !== undefined && { after: previous }),
    };
    const settled = await context.session.client.run(operation, intent, callOptions(context));
    const { address } = settled.data;
    return {
      ...envelope(settled),
      ...show(operation.response, present(settled.data)),
      ...(typeof address === 'string' && { sent_to: inGroupsOfFour(address) }),
    };
  },
});
