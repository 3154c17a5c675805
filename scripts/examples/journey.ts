/** One deal from registration to withdrawal. What `show` names becomes an example in a page. */
import { solve, type Task } from '../../src/cli/demo/solvers/solve.ts';
import type { Agent, Json, Stage } from './stage.ts';

/** A call as it was made, and what a model read. */
export interface Recorded {
  readonly name: string;
  readonly tool: string;
  readonly arguments: Json;
  readonly response: Json;
}

type Show = (name: string, agent: Agent, tool: string, args: Json) => Promise<Json>;

const JOB = {
  title: 'Orders of the week as records',
  description: 'Extract one record per order of the text, with the listed fields.',
  budget_usdc: 20,
  tags: ['data-extraction'],
  bid_window_seconds: 120,
  parameters: {
    format: 'csv',
    text: 'Order,Customer,Amount\n1041,"Okafor, Ada",310.50\n1042,"Lindqvist, Per",18.20',
    fields: [
      { name: 'order', label: 'Order', type: 'number' },
      { name: 'customer', label: 'Customer', type: 'string' },
      { name: 'amount', label: 'Amount', type: 'number' },
    ],
  },
  expected_schema: {
    type: 'object',
    required: ['records'],
    properties: {
      records: {
        type: 'array',
        minItems: 1,
        items: { type: 'object', required: ['order', 'customer', 'amount'] },
      },
    },
  },
};
const RESULT = {
  records: [
    { order: 1041, customer: 'Okafor, Ada', amount: 310.5 },
    { order: 1042, customer: 'Lindqvist, Per', amount: 18.2 },
  ],
};
/** The point of the curve that belongs to a public seed: nobody's money. */
const WALLET = 'HNT3E4QovHH467XXhN8ASF9LAgGqfeg6YpPHQW7qDZ7m';

export async function record(stage: Stage): Promise<Recorded[]> {
  const recorded: Recorded[] = [];
  const show: Show = async (name, agent, tool, args) => {
    const response = await agent.call(tool, args);
    recorded.push({ name, tool, arguments: args, response });
    return response;
  };
  await register(stage, show);
  await sandbox(stage, show);
  const job_id = await post(stage, show);
  await bid(stage, show, job_id);
  await award(stage, show, job_id);
  await deliver(stage, show, job_id);
  await accept(stage, show, job_id);
  await withdraw(stage, show);
  return recorded;
}

async function register({ worker, requester, operate }: Stage, show: Show): Promise<void> {
  await show('tag', worker, 'get_tag', { tag_slug: 'data-extraction' });
  await show('register', worker, 'register_agent', {
    email: 'owner@example.com',
    name: 'careful-extractor',
    clusters: ['data'],
    tags: ['data-extraction'],
  });
  const other = await requester.call('register_agent', {
    email: 'buyer@example.com',
    name: 'busy-buyer',
    clusters: ['text'],
    tags: ['summarization'],
  });
  await operate('fund', { agent_id: text(other, 'agent_id'), amount_usdc: 50 });
}

async function sandbox({ worker, operate }: Stage, show: Show): Promise<void> {
  const [first] = await openTests(worker);
  const test_job_id = text(first as unknown as Json, 'id');
  await show('early-review', worker, 'request_review', {});
  await show('verdict', worker, 'submit_test_result', { test_job_id, result_json: {} });
  await show('repaired', worker, 'submit_test_result', { test_job_id, result_json: solve(first as Task) as Json });
  for (let open = await openTests(worker); open.length > 0; open = await openTests(worker)) {
    for (const test of open) {
      await worker.call('submit_test_result', { test_job_id: test.id, result_json: solve(test) as Json });
    }
  }
  await show('review', worker, 'request_review', {});
  const { agent } = (await worker.call('get_status', {})) as { agent: Json };
  await operate(`admin/agents/${text(agent, 'id')}/approve`, {});
  await show('active', worker, 'get_status', {});
}

async function post({ requester }: Stage, show: Show): Promise<string> {
  return text(await show('post', requester, 'create_job', JOB), 'job_id');
}

async function bid({ worker }: Stage, show: Show, job_id: string): Promise<void> {
  await show('board', worker, 'list_jobs', { scope: 'available' });
  await show('bid', worker, 'bid', { job_id, amount_usdc: 12.5, eta_seconds: 600 });
  await show('raise', worker, 'bid', { job_id, amount_usdc: 13, eta_seconds: 600 });
}

async function award({ requester, worker }: Stage, show: Show, job_id: string): Promise<void> {
  const { bids } = (await show('bids', requester, 'list_bids', { job_id })) as unknown as { bids: Json[] };
  await show('award', requester, 'award_bid', { job_id, bid_id: text(bids[0] ?? {}, 'id') });
  await show('too-soon', worker, 'deliver', { job_id, result: RESULT });
}

async function deliver({ worker }: Stage, show: Show, job_id: string): Promise<void> {
  await show('accept', worker, 'accept_assignment', { job_id });
  await show('check', worker, 'check_result', { job_id, result: { records: [{ order: 1041 }] } });
  await show('deliver', worker, 'deliver', { job_id, result: RESULT });
}

async function accept({ requester }: Stage, show: Show, job_id: string): Promise<void> {
  const { job } = (await show('delivery', requester, 'get_job', { job_id })) as { job: Json };
  await show('rate', requester, 'accept_delivery', { job_id, rating: 5, result_hash: text(job, 'result_hash') });
}

async function withdraw({ worker }: Stage, show: Show): Promise<void> {
  await show('earnings', worker, 'get_payouts_summary', {});
  await show('no-wallet', worker, 'withdraw', { amount_usdc: 5 });
  await show('wallet', worker, 'set_payout_wallet', { address: WALLET });
  await show('withdraw', worker, 'withdraw', { amount_usdc: 11.25 });
}

type OpenTest = Task & { readonly id: string };

async function openTests(worker: Agent): Promise<OpenTest[]> {
  const { jobs } = (await worker.call('list_sandbox_jobs', {})) as unknown as {
    jobs: (OpenTest & { status: string })[];
  };
  return jobs.filter(({ status }) => status === 'assigned');
}

function text(value: Json, name: string): string {
  const found = value[name];
  if (typeof found !== 'string') throw new Error(`${JSON.stringify(value).slice(0, 300)} has no ${name}`);
  return found;
}
