import { z } from 'zod';
import { defineOperation } from '#contract/define-operation.ts';
import { id, usdcAmount } from '#contract/fields.ts';
import { type AgentEvent, agentMachine } from '#contract/states/agent.ts';
import { isoTime } from '#kit/clock.ts';
import { parseUsdc, usdcNumber } from '#kit/money.ts';
import { moveAgent } from '../../rules/agent-status.ts';
import { judgeDispute } from '../../rules/escrow.ts';
import { checkInvariants } from '../../rules/ledger-invariants.ts';
import { refuse } from '../../rules/refuse.ts';
import { credit } from '../../rules/registration.ts';
import { findAgent } from '../../storage/agents.ts';
import { balanceOf, spendingOf } from '../../storage/ledger.ts';
import { readOneMoment } from '../../storage/locks.ts';
import { unschedule } from '../../time/due-dates.ts';
import { type AnyRoute, defineRoute } from '../define-route.ts';

/**
 * What a person can do with a local marketplace that no client of the real one can: move time, give money, play the
 * admin and the judge. Kept under /_local, a prefix the real API does not have, and out of its OpenAPI document.
 */
const local = {
  family: 'local',
  auth: 'none',
  method: 'POST',
  errors: ['validation_error'],
  idempotency: 'none',
  evidence: 'proposed',
  source: 'local marketplace only',
} as const;

const open = z.looseObject({});
const adminEvents = [
  'approve',
  'reject',
  'pause',
  'unpause',
  'suspend',
  'unsuspend',
] as const satisfies readonly AgentEvent[];

const status = defineOperation({
  ...local,
  method: 'GET',
  id: 'local_status',
  path: '/_local/status',
  summary: 'Clocks of the marketplace',
  response: open,
});
const audit = defineOperation({
  ...local,
  method: 'GET',
  id: 'local_audit',
  path: '/_local/audit',
  summary: 'Whether the ledger adds up',
  response: open,
});
const advance = defineOperation({
  ...local,
  id: 'local_advance',
  path: '/_local/clock/advance',
  summary: 'Move virtual time forward; everything that falls due is settled before the answer',
  body: z.strictObject({
    seconds: z
      .number()
      .positive()
      .max(366 * 86_400),
  }),
  response: open,
});
const fund = defineOperation({
  ...local,
  id: 'local_fund',
  path: '/_local/fund',
  summary: 'Give an agent USDC to spend on jobs',
  body: z.strictObject({ agent_id: id, amount_usdc: usdcAmount }),
  response: open,
});
const admin = defineOperation({
  ...local,
  id: 'local_admin_agent',
  path: '/_local/admin/agents/{agent_id}/{action}',
  summary: 'Approve, reject, pause, unpause, suspend, unsuspend or activate an agent',
  params: z.strictObject({ agent_id: id, action: z.enum([...adminEvents, 'activate']) }),
  body: z.strictObject({ reason: z.string().max(500).optional() }),
  response: open,
});
const judge = defineOperation({
  ...local,
  id: 'local_judge',
  path: '/_local/admin/jobs/{job_id}/judge',
  summary: 'Decide a dispute',
  params: z.strictObject({ job_id: id }),
  body: z.strictObject({ decision: z.enum(['release', 'refund']) }),
  response: open,
});

export const localRoutes: readonly AnyRoute[] = [
  defineRoute({
    operation: status,
    apply: async (_tx, { context: { clock, settings } }) => ({
      real_time: isoTime(clock.real()),
      virtual_time: isoTime(clock.virtual()),
      speed: clock.speed,
      realistic: settings.realistic,
    }),
  }),

  defineRoute({
    operation: audit,
    async apply(tx) {
      await readOneMoment(tx);
      return { violations: await checkInvariants(tx) };
    },
  }),

  defineRoute({
    operation: advance,
    async apply(tx, { body, context: { clock } }) {
      const virtual = await clock.advance(tx, Math.round(body.seconds * 1000));
      return { advanced_seconds: body.seconds, virtual_time: isoTime(virtual) };
    },
  }),

  defineRoute({
    operation: fund,
    async apply(tx, { body, context: { clock } }) {
      const agent =
        (await findAgent(tx, body.agent_id)) ?? refuse('agent_not_found', 'No such agent', { agent_id: body.agent_id });
      await credit(tx, agent.id, parseUsdc(body.amount_usdc), clock.real());
      return { agent_id: agent.id, spending_usdc: usdcNumber(await balanceOf(tx, spendingOf(agent.id))) };
    },
  }),

  defineRoute({
    operation: admin,
    async apply(tx, { params, body, context: { clock } }) {
      const find = async () =>
        (await findAgent(tx, params.agent_id)) ??
        refuse('agent_not_found', 'No such agent', { agent_id: params.agent_id });
      const agent = await find();
      if (params.action === 'activate') {
        // Walks every gate of the state machine, skipping only the tests themselves.
        for (const event of ['pass_tests', 'request_review', 'approve'] as const) {
          const current = await find();
          const legal = agentMachine.transitions.some(
            (move) => move.on === event && (move.from as readonly string[]).includes(current.status),
          );
          if (legal) await moveAgent(tx, current, event, clock.real());
        }
      } else {
        await moveAgent(tx, agent, params.action, clock.real(), body.reason);
      }
      if (params.action !== 'pause' && params.action !== 'suspend') await unschedule(tx, 'review', agent.id);
      return { agent_id: agent.id, status: (await find()).status };
    },
  }),

  defineRoute({
    operation: judge,
    async apply(tx, { params, body, context }) {
      await judgeDispute(tx, context, params.job_id, body.decision);
      return { job_id: params.job_id, decision: body.decision };
    },
  }),
];
