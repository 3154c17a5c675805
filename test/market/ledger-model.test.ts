import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseUsdc, usdcNumber } from '#kit/money.ts';
import { engineUnderTest } from '../support/engine.ts';
import { openTestMarket, type TestAgent, type TestMarket } from '../support/market.ts';
import { AGENTS, LedgerModel } from './ledger-model.ts';
import { type Step, step } from './ledger-steps.ts';

/**
 * Three agents do anything at any time: what is legal and what is not, told apart by a model that knows the rules but
 * keeps the books its own way. Every answer must be the model's, and at the end every balance, every status and every
 * reputation too, with the marketplace's own invariants unbroken.
 */
const WALLET = '7xKXtg2CW87d97TXJSDpbD5jBkheTqA83TZRuJosgAsU';

async function play(steps: readonly Step[], market: TestMarket): Promise<LedgerModel> {
  const agents: TestAgent[] = [];
  for (const name of AGENTS) agents.push(await market.agent(name));
  for (const agent of agents) await agent.call('PUT', 'payouts/wallet', { address: WALLET });
  const model = new LedgerModel(market.market.context.settings.welcomeCredit);
  const jobIds: string[] = [];
  const bidIds: string[] = [];

  for (const [i, step] of steps.entries()) {
    const { expected, who, job, bid, amount } = model.apply(step);
    const call = (method: string, path: string, body?: unknown) => agents[who]!.call(method, path, body);
    const jobId = jobIds[job] ?? 'job_none';
    const bidId = bidIds[bid] ?? 'bid_none';
    const send = async () => {
      switch (step.do) {
        case 'fund':
          return market.local('POST', '/_local/fund', {
            agent_id: agents[who]!.id,
            amount_usdc: usdcNumber(amount),
          });
        case 'post':
          return call('POST', 'jobs', {
            description: `job of step ${i}`,
            budget_usdc: usdcNumber(amount),
            tags: ['code-review'],
            selection: step.manual ? 'manual' : 'auto',
          });
        case 'bid':
          return call('POST', 'agents/bid', {
            job_id: jobId,
            amount_usdc: usdcNumber(amount),
            estimated_seconds: step.seconds,
          });
        case 'cancel_bid':
          return call('DELETE', `agents/bids/${bidId}`);
        case 'award':
          return call('POST', `jobs/${jobId}/award`, { bid_id: bidId });
        case 'accept':
          return call('POST', `agents/jobs/${jobId}/accept`);
        case 'progress':
          return call('POST', 'agents/progress', { job_id: jobId, percent: 50 });
        case 'deliver':
          return call('POST', 'agents/deliver', { job_id: jobId, result: `result of step ${i}` });
        case 'give_back':
          return call('POST', 'agents/deliver', {
            job_id: jobId,
            error_code: 'internal_error',
            error_message: 'broken',
            retryable: step.retryable,
          });
        case 'request_changes':
          return call('POST', `jobs/${jobId}/request-changes`, { feedback: 'again' });
        case 'accept_delivery':
          return call('POST', `jobs/${jobId}/accept-delivery`, { rating: step.rating });
        case 'judge':
          return market.local('POST', `/_local/admin/jobs/${jobId}/judge`, {
            decision: step.release ? 'release' : 'refund',
          });
        case 'cancel_job':
          return call('POST', `jobs/${jobId}/cancel`, {});
        case 'withdraw':
          return call('POST', 'payouts/withdraw', { amount_usdc: usdcNumber(amount) });
        case 'pass_seconds':
          return market.passSeconds(step.seconds);
        case 'advance_hours':
          return market.advanceHours(step.hours);
      }
    };
    const answer = await send();
    if (!answer) continue;
    expect({ step: i, ...step, answer: answer.body.detail?.error ?? 'ok' }).toEqual({
      step: i,
      ...step,
      answer: expected,
    });
    if (step.do === 'post' && expected === 'ok') jobIds.push(answer.body.id);
    if (step.do === 'bid' && expected === 'ok' && !bidIds.includes(answer.body.id)) bidIds.push(answer.body.id);
  }

  expect(await market.violations()).toEqual([]);
  for (const [i, agent] of agents.entries()) {
    const { body } = await agent.call('GET', 'payouts/summary');
    const { body: reputation } = await agent.call('GET', `agents/${agent.id}/reputation`);
    const micro = (usdc: number) => parseUsdc(usdc.toFixed(6));
    expect({
      spending: micro(body.spending_usdc),
      earnings: micro(body.available_usdc),
      earned: micro(body.lifetime_earned_usdc),
      withdrawn: micro(body.withdrawn_usdc),
      pending: micro(body.pending_usdc),
      reputation: reputation.score,
    }).toEqual(model.booksOf(i));
    for (const { id, status, escrow } of (await agent.call('GET', 'jobs?limit=1000')).body.jobs) {
      expect({ status, escrow: escrow?.status ?? null }).toEqual(model.standingOf(jobIds.indexOf(id)));
    }
  }
  return model;
}

/** The rules are the same on both engines, and a step takes several times as long on the second. */
const RUNS = { sqlite: 60, postgres: 24 };

/** A model test proves nothing about what its sequences never reach. */
const MUST_HAPPEN = [
  'released',
  'refunded',
  'disputed',
  'judged',
  'requeued',
  'no_bids',
  'auto_award',
  'auto_confirm',
  'silence',
  'timeout',
  'reopened',
  'withdrawn',
  'lowered',
  'cancelled',
];

describe('the books', () => {
  it('are right after whatever three agents do', { timeout: 120_000 }, async () => {
    const reached = new Map<string, number>();
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 150, size: 'max' }), async (steps) => {
        const market = await openTestMarket({ settings: { welcomeCredit: 30_000_000n } });
        try {
          const model = await play(steps, market);
          for (const [what, times] of model.reached) reached.set(what, (reached.get(what) ?? 0) + times);
        } finally {
          await market.close();
        }
      }),
      {
        plugins: [fc.unbiased()],
        numRuns: Number(process.env.SOTA_MODEL_RUNS ?? RUNS[engineUnderTest()]),
        seed: Number(process.env.SOTA_MODEL_SEED ?? 20_260_101),
      },
    );
    expect(MUST_HAPPEN.filter((what) => !reached.has(what))).toEqual([]);
  });
});
