import { z } from 'zod';
import { payoutEntry } from '#contract/entities.ts';
import { getPayoutsActivity, getPayoutsSummary as operation } from '#contract/operations/payouts.ts';
import { callOptions, type ToolContext } from '../context.ts';
import { defineTool } from '../define-tool.ts';
import { present, suggest } from '../envelope.ts';
import { offer } from '../next.ts';
import { readOutput, rows } from '../outputs.ts';
import { show } from '../show.ts';

const LATEST = 10;

/** Where the money is, and the last movements. */
export const getPayoutsSummary = defineTool({
  name: 'get_payouts_summary',
  title: 'Get the payouts summary',
  family: 'introspection',
  roles: ['worker', 'requester'],
  description: 'USDC earned, available, pending and withdrawn, and the latest movements. To be paid out: withdraw.',
  input: z.strictObject({}),
  output: readOutput({ available_usdc: z.number(), latest: rows.optional() }),
  effect: 'read',
  example: {},
  async run(_input, context) {
    const [summary, latest] = await Promise.all([
      context.session.client.call(operation, {}, callOptions(context)),
      latestMovements(context),
    ]);
    const calls = [
      summary.payout_wallet === null
        ? {
            tool: 'set_payout_wallet',
            arguments: { address: '<address from your user>' },
            why: 'withdrawals need a wallet',
          }
        : { tool: 'withdraw', arguments: { amount_usdc: summary.available_usdc }, why: 'send all that is available' },
    ];
    const worthwhile = summary.available_usdc > 0 ? calls : [];
    return {
      ...show(operation.response, present(summary)),
      available_usdc: summary.available_usdc,
      ...(latest && { latest }),
      ...suggest(offer(worthwhile, context.activeTools)),
    };
  },
});

/** An extra: the sums stand without it. */
async function latestMovements(context: ToolContext) {
  try {
    const { entries } = await context.session.client.call(
      getPayoutsActivity,
      { query: { limit: LATEST } },
      callOptions(context),
    );
    return entries.map((entry) => show(payoutEntry, present(entry)));
  } catch {
    return undefined;
  }
}
