import { PLATFORM_FEE_BPS } from '#contract/states/escrow.ts';
import { formatUsdc, parseUsdc, shareOf } from '#kit/money.ts';
import { publicWallet } from '../public-wallet.ts';
import type { AgentActor, MarketActor, ToolAnswer } from './actors.ts';
import { expectEqual, list, number, text, Unexpected } from './expect.ts';
import type { Actor } from './report.ts';
import { extractRecords } from './solvers/extract-records.ts';
import { solve } from './solvers/solve.ts';

/** The cast, and what one step leaves for the next. */
export interface Stage {
  readonly market: MarketActor;
  readonly worker: AgentActor;
  readonly requester: AgentActor;
  readonly notes: Map<string, string>;
}

export interface Step {
  readonly actor: Actor;
  readonly title: string;
  /** Acts, verifies what came back, and returns the facts worth printing. */
  run(stage: Stage): Promise<readonly string[]>;
}

const TAGS = ['data-extraction', 'data-aggregation'];
const BUDGET = parseUsdc('20');
/** Not a round number, so that the flooring of the fee can be seen. */
export const BID = parseUsdc('12.345678');
export const FEE = shareOf(BID, PLATFORM_FEE_BPS);
export const NET = BID - FEE;
const FUNDS = parseUsdc('50');

const JOB = {
  title: 'Orders of the week as records',
  description:
    'Extract one record per order of the text, with the listed fields: name is the key, label what the text calls it.',
  budget_usdc: formatUsdc(BUDGET),
  tags: ['data-extraction'],
  bid_window_seconds: 2,
  parameters: {
    format: 'csv',
    text: 'Order,Customer,Amount,Paid\n1041,"Okafor, Ada",310.50,yes\n1042,"Lindqvist, Per",18.20,no\n1043,"Moreau, Inès",99.90,yes',
    fields: [
      { name: 'order', label: 'Order', type: 'number' },
      { name: 'customer', label: 'Customer', type: 'string' },
      { name: 'amount', label: 'Amount', type: 'number' },
      { name: 'paid', label: 'Paid', type: 'boolean' },
    ],
  },
  expected_schema: {
    type: 'object',
    required: ['records'],
    properties: {
      records: {
        type: 'array',
        minItems: 1,
        items: { type: 'object', required: ['order', 'customer', 'amount', 'paid'] },
      },
    },
  },
};

export const journey: readonly Step[] = [
  {
    actor: 'worker',
    title: 'reads what skills the marketplace knows',
    async run({ worker }) {
      const clusters = list(await worker.call('list_clusters'), 'clusters');
      const tags = list(await worker.call('list_tags', { cluster: 'data' }), 'tags');
      for (const tag of TAGS)
        if (!tags.some(({ slug }) => slug === tag)) throw new Unexpected(`there is no tag ${tag}`);
      return [`${clusters.length} clusters; data has ${tags.map(({ slug }) => slug).join(', ')}`];
    },
  },
  {
    actor: 'worker',
    title: 'registers',
    async run({ worker, notes }) {
      const answer = await worker.call('register_agent', {
        email: 'worker@example.com',
        name: 'demo-worker',
        clusters: ['data'],
        tags: TAGS,
      });
      expectEqual('status', answer.status, 'sandbox');
      notes.set('worker', text(answer, 'agent_id'));
      if (/sk_live_\w{16}/.test(JSON.stringify(answer))) throw new Unexpected('the answer shows the API key');
      return [`agent ${text(answer, 'agent_id')}; the key went to the state folder, not to the model`];
    },
  },
  {
    actor: 'worker',
    title: 'answers a sandbox test wrongly, reads the verdict, repairs it',
    async run({ worker }) {
      const [test] = await openTests(worker);
      if (!test) throw new Unexpected('no test is open');
      const wrong = await worker.call('submit_test_result', { test_job_id: test.id, result_json: {} });
      expectEqual('passed', wrong.passed, false);
      const repaired = await worker.call('submit_test_result', { test_job_id: test.id, result_json: solve(test) });
      expectEqual('passed', repaired.passed, true);
      return [`verdict: ${unfenced(text(wrong, 'message'))}`, 'second answer: passed'];
    },
  },
  {
    actor: 'worker',
    title: 'passes every other test',
    async run({ worker }) {
      let passed = 0;
      for (let open = await openTests(worker); open.length; open = await openTests(worker)) {
        for (const test of open) {
          const answer = await worker.call('submit_test_result', { test_job_id: test.id, result_json: solve(test) });
          expectEqual(`verdict on ${test.capability}`, answer.passed, true);
          passed += 1;
        }
      }
      const status = await worker.call('get_status');
      expectEqual('status', text(status, 'status'), 'testing_passed');
      return [
        `${passed} more passed, ${number(status, 'sandbox_progress', 'tests_passed')} of ${number(status, 'sandbox_progress', 'tests_total')} in all`,
      ];
    },
  },
  {
    actor: 'worker',
    title: 'requests review and becomes active',
    async run({ worker }) {
      expectEqual('status', text(await worker.call('request_review'), 'status'), 'pending_review');
      await until(worker, async () => text(await worker.call('get_status'), 'status') === 'active');
      return ['the local reviewer approved after a second'];
    },
  },
  {
    actor: 'requester',
    title: 'registers and is given money to spend',
    async run({ requester, market, notes }) {
      const answer = await requester.call('register_agent', {
        email: 'requester@example.com',
        name: 'demo-requester',
        clusters: ['text'],
        tags: ['summarization'],
      });
      notes.set('requester', text(answer, 'agent_id'));
      const before = number(await requester.call('get_payouts_summary'), 'spending_usdc');
      const funded = await market.local('POST', 'fund', {
        agent_id: text(answer, 'agent_id'),
        amount_usdc: Number(formatUsdc(FUNDS)),
      });
      expectEqual('spending balance', parseUsdc(number(funded, 'spending_usdc')), parseUsdc(before) + FUNDS);
      notes.set('spending', formatUsdc(parseUsdc(before) + FUNDS));
      return [`spending balance ${formatUsdc(parseUsdc(before) + FUNDS)} USDC`];
    },
  },
  {
    actor: 'requester',
    title: 'posts a job',
    async run({ requester, notes }) {
      const answer = await requester.call('create_job', JOB);
      notes.set('job', text(answer, 'job_id'));
      const summary = await requester.call('get_payouts_summary');
      expectEqual(
        'spending balance',
        parseUsdc(number(summary, 'spending_usdc')),
        parseUsdc(note(notes, 'spending')) - BUDGET,
      );
      return [`job ${text(answer, 'job_id')}; its budget of ${formatUsdc(BUDGET)} USDC is held`];
    },
  },
  {
    actor: 'worker',
    title: 'finds the job and bids',
    async run({ worker, notes }) {
      const jobs = list(await worker.call('list_jobs', { scope: 'available' }), 'jobs');
      expectEqual(
        'the job on the board',
        jobs.some(({ id }) => id === note(notes, 'job')),
        true,
      );
      await worker.call('bid', { job_id: note(notes, 'job'), amount_usdc: formatUsdc(BID), eta_seconds: 60 });
      return [`bid ${formatUsdc(BID)} USDC, 60 s`];
    },
  },
  {
    actor: 'worker',
    title: 'wins, accepts, reports progress',
    async run({ worker, notes }) {
      const job_id = note(notes, 'job');
      await until(worker, async () => text(await worker.call('get_job', { job_id }), 'job', 'status') === 'assigned');
      expectEqual('status', text(await worker.call('accept_assignment', { job_id }), 'status'), 'executing');
      await worker.call('report_progress', { job_id, percent: 50, message: 'half of the orders are read' });
      return [`${formatUsdc(BID)} USDC are locked in escrow`];
    },
  },
  {
    actor: 'worker',
    title: 'checks the result against the schema, then delivers',
    async run({ worker, notes }) {
      const job_id = note(notes, 'job');
      const result = resultOf(await worker.call('get_job', { job_id }));
      expectEqual('check_result', (await worker.call('check_result', { job_id, result })).passed, true);
      const delivered = await worker.call('deliver', { job_id, result });
      expectEqual('status', text(delivered, 'status'), 'delivered');
      return [`${result.records.length} records`];
    },
  },
  {
    actor: 'requester',
    title: 'reads the delivery and asks for changes',
    async run({ requester, notes }) {
      const job_id = note(notes, 'job');
      expectEqual('status', text(await requester.call('get_job', { job_id }), 'job', 'status'), 'completed');
      await requester.call('request_changes', { job_id, feedback: 'Sort by amount, largest first.' });
      return ['feedback: Sort by amount, largest first.'];
    },
  },
  {
    actor: 'worker',
    title: 'is woken by the feedback and delivers again',
    async run({ worker, notes }) {
      const job_id = note(notes, 'job');
      let job: ToolAnswer = {};
      await until(worker, async () => {
        job = await worker.call('get_job', { job_id });
        return text(job, 'job', 'status') === 'executing';
      });
      if (!text(job, 'job', 'feedback').includes('largest first')) throw new Unexpected('the feedback did not arrive');
      const { records } = resultOf(job);
      const sorted = [...records].sort((a, b) => Number(b.amount) - Number(a.amount));
      await worker.call('deliver', { job_id, result: { records: sorted } });
      return [`first record now: order ${sorted[0]?.order}, ${sorted[0]?.amount}`];
    },
  },
  {
    actor: 'requester',
    title: 'accepts with five stars',
    async run({ requester, notes }) {
      const job_id = note(notes, 'job');
      const seen = await requester.call('get_job', { job_id });
      const accepted = await requester.call('accept_delivery', {
        job_id,
        rating: 5,
        result_hash: text(seen, 'job', 'result_hash'),
      });
      expectEqual('released to the worker', parseUsdc(number(accepted, 'released_usdc')), NET);
      expectEqual('fee', parseUsdc(number(accepted, 'fee_usdc')), FEE);
      return [`${formatUsdc(BID)} = ${formatUsdc(NET)} to the worker + ${formatUsdc(FEE)} fee (10 %, floored)`];
    },
  },
  {
    actor: 'worker',
    title: 'sees the earnings, sets a wallet, withdraws',
    async run({ worker, notes }) {
      expectEqual('available', parseUsdc(number(await worker.call('get_payouts_summary'), 'available_usdc')), NET);
      const wallet = publicWallet('sota demo wallet');
      await worker.call('set_payout_wallet', { address: wallet });
      const withdrawn = await worker.call('withdraw', { amount_usdc: formatUsdc(NET) });
      expectEqual('withdrawn to', text(withdrawn, 'address'), wallet);
      expectEqual('withdrawn', parseUsdc(number(withdrawn, 'amount_usdc')), NET);
      notes.set('wallet', wallet);
      return [`${formatUsdc(NET)} USDC to ${wallet}`];
    },
  },
  {
    actor: 'market',
    title: 'audits its books',
    async run({ market, worker, requester, notes }) {
      expectEqual('violations', (await market.local('GET', 'audit')).violations, []);
      const earned = await worker.call('get_payouts_summary');
      expectEqual('available', parseUsdc(number(earned, 'available_usdc')), 0n);
      expectEqual('withdrawn', parseUsdc(number(earned, 'withdrawn_usdc')), NET);
      const spent = await requester.call('get_payouts_summary');
      expectEqual('left to spend', parseUsdc(number(spent, 'spending_usdc')), parseUsdc(note(notes, 'spending')) - BID);
      notes.set('left', formatUsdc(parseUsdc(note(notes, 'spending')) - BID));
      return ['every account equals the sum of its entries, and all accounts sum to zero'];
    },
  },
];

type OpenTest = Readonly<Record<string, unknown>> & {
  readonly id: string;
  readonly capability: string;
  readonly parameters: Record<string, unknown>;
  readonly expected_schema: unknown;
};

async function openTests(worker: AgentActor): Promise<OpenTest[]> {
  const jobs = list(await worker.call('list_sandbox_jobs'), 'jobs') as OpenTest[];
  return jobs.filter(({ status }) => status === 'assigned');
}

function resultOf(answer: ToolAnswer): { records: Record<string, unknown>[] } {
  const { parameters } = (answer as { job: { parameters: Record<string, unknown> } }).job;
  return extractRecords(parameters);
}

/** For people: the tags around other people's words are for models. */
function unfenced(words: string): string {
  return words.replace(/<\/?untrusted-[\w-]+>/g, '').trim();
}

/** Waits for a state the way an agent would: by sleeping on its activity, at most ten times. */
async function until(agent: AgentActor, reached: () => Promise<boolean>): Promise<void> {
  for (let look = 0; look < 10; look += 1) {
    if (await reached()) return;
    await agent.call('wait_for_activity', { timeout_seconds: 5 });
  }
  throw new Unexpected('the state that was waited for did not come');
}

export function note(notes: ReadonlyMap<string, string>, name: string): string {
  const value = notes.get(name);
  if (value === undefined) throw new Unexpected(`no step left ${name}`);
  return value;
}
