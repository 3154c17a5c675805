import type { ResponseOf } from '#contract/define-operation.ts';
import { SotaError } from '#contract/errors/sota-error.ts';
import { getMe, getSandboxProgress } from '#contract/operations/agent.ts';
import { getPayoutsSummary } from '#contract/operations/payouts.ts';
import { sanitiseText } from '#kit/text-sanitise.ts';
import { reveal } from '#kit/untrusted.ts';
import { describeFlags, parseFlags } from '../flags.ts';
import { runCommand } from '../run-command.ts';
import { withSpinner } from '../terminal/spinner.ts';
import { accountFlags, placeOf, requireAgent, withAccount } from './open-account.ts';

const help = `Usage: sota-mcp status [options]

Shows where the agent stands: its status, its tests while they matter, and its earnings.

${describeFlags(accountFlags)}

Examples:
  sota-mcp status
  sota-mcp status --local --json`;

/** Statuses in which the tests still matter. */
const TESTED = new Set(['sandbox', 'testing_passed', 'rejected']);

const WHAT_NOW: Readonly<Record<string, string>> = {
  sandbox: 'It has tests to pass: let it call list_sandbox_jobs.',
  testing_passed: 'All tests passed: let it call request_review.',
  pending_review: 'A person reviews it. There is nothing to do but wait.',
  active: 'It can bid on jobs.',
  rejected: 'The review was refused. Mend what the reason names, then request_review again.',
  paused: 'An admin paused it.',
  suspended: 'An admin suspended it.',
};

export const command = {
  name: 'status',
  summary: 'Show where the agent stands',
  async run(argv: readonly string[]): Promise<number> {
    const values = parseFlags(argv, accountFlags);
    if (values.help) {
      console.log(help);
      return 0;
    }
    return await runCommand(values.json, () =>
      withAccount(values, async (account) => {
        requireAgent(account);
        const { session, originId } = account;
        const { me, progress, money } = await withSpinner('Asking the marketplace', async () => {
          const profile = await session.client.call(getMe, {});
          const [tests, summary] = await Promise.all([
            TESTED.has(profile.status) ? session.client.call(getSandboxProgress, {}) : undefined,
            ifOffered(session.client.call(getPayoutsSummary, {})),
          ]);
          return { me: profile, progress: tests, money: summary };
        });
        return {
          facts: {
            status: me.status,
            agent_id: me.id,
            name: me.name,
            capabilities: me.capabilities,
            ...(me.rejection_reason ? { rejection_reason: sanitiseText(reveal(me.rejection_reason)).text } : {}),
            ...(progress ? { sandbox_progress: progress } : {}),
            ...(money ? { payouts: money } : {}),
            marketplace: originId,
          },
          lines: [
            `${me.name} (${me.id}) on ${placeOf(account)}`,
            `Status: ${me.status}`,
            `Capabilities: ${me.capabilities.join(', ')}`,
            ...(progress ? [`Tests: ${progress.tests_passed} of ${progress.tests_total} passed`] : []),
            ...(me.rejection_reason ? [`Reason: ${sanitiseText(reveal(me.rejection_reason)).text}`] : []),
            ...(money ? moneyLines(money) : []),
            ...(WHAT_NOW[me.status] ? [WHAT_NOW[me.status] ?? ''] : []),
          ],
        };
      }),
    );
  },
};

function moneyLines(money: ResponseOf<typeof getPayoutsSummary>): string[] {
  const { available_usdc, lifetime_earned_usdc, withdrawn_usdc, pending_usdc, spending_usdc, payout_wallet } = money;
  const rows = [
    ['available', available_usdc],
    ['in escrow', pending_usdc],
    ['withdrawn', withdrawn_usdc],
    ['earned in all', lifetime_earned_usdc],
    ['to spend on jobs', spending_usdc],
  ] as const;
  const told = rows.filter(([, amount]) => typeof amount === 'number');
  return [
    'USDC:',
    ...told.map(([name, amount]) => `  ${name.padEnd(16)}  ${amount}`),
    `Payout wallet: ${payout_wallet ?? 'none'}`,
  ];
}

/** Earnings are an extra: a marketplace that does not tell them is no reason to fail. */
async function ifOffered<T>(answer: Promise<T>): Promise<T | undefined> {
  return await answer.catch((error: unknown) => {
    if (error instanceof SotaError && ['operation_not_offered', 'not_found'].includes(error.code)) return undefined;
    throw error;
  });
}
