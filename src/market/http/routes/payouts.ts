import {
  clearPayoutWallet,
  getPayoutsActivity,
  getPayoutsSummary,
  getPayoutWallet,
  setPayoutWallet,
  withdraw,
} from '#contract/operations/payouts.ts';
import { withdraw as payOut, payoutsActivity, payoutsSummary, setWallet, walletView } from '../../rules/payouts.ts';
import { type AnyRoute, defineRoute } from '../define-route.ts';

export const payoutRoutes: readonly AnyRoute[] = [
  defineRoute({ operation: getPayoutsSummary, apply: (tx, { agent }) => payoutsSummary(tx, agent) }),

  defineRoute({
    operation: getPayoutsActivity,
    apply: (tx, { agent, query }) => payoutsActivity(tx, agent, query),
  }),

  defineRoute({ operation: getPayoutWallet, apply: async (_tx, { agent }) => walletView(agent) }),

  defineRoute({
    operation: setPayoutWallet,
    apply: (tx, { agent, body, context }) => setWallet(tx, context, agent, body.address),
  }),

  defineRoute({
    operation: clearPayoutWallet,
    apply: (tx, { agent, context }) => setWallet(tx, context, agent, null),
  }),

  defineRoute({
    operation: withdraw,
    apply: (tx, { agent, body, context }) => payOut(tx, context, agent, body.amount_usdc),
  }),
];
