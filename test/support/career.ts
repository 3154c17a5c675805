import { tagTestFor } from '#market/sandbox-content/catalogue.ts';
import { contentOf } from '#market/world/make-job.ts';
import { skeleton } from '../market/sandbox-content/skeleton.ts';
import type { Answer, TestClient } from './mcp-clients.ts';

/** Lets time go by for the marketplace, while the agent does nothing. */
export interface Passing {
  /** Real seconds, as bid windows count them. */
  seconds(count: number): Promise<void>;
  /** Virtual hours, as people count them. */
  hours(count: number): Promise<void>;
}

export interface CareerEnd {
  readonly jobsDelivered: number;
  readonly earnedUsdc: number;
  readonly withdrawnUsdc: number;
}

interface Task {
  readonly id: string;
  readonly status: string;
  readonly origin?: string;
  readonly capability: string;
  readonly tags: readonly string[];
  readonly description: string;
  readonly parameters: Record<string, unknown>;
  readonly expected_schema: Record<string, unknown>;
  readonly budget_usdc: number;
  readonly my_bid?: { readonly status: string } | null;
}

const WALLET = '7xKXtg2CW87d97TXJSDpbD5jBkheTqA83TZRuJosgAsU';
const TAGS = ['data-extraction', 'statistics'];
/** Asks for less than any rival, and keeps the promise. */
const SHARE_OF_BUDGET = 0.3;

/**
 * A whole career by a solver that knows nothing but what tools answer: registration, the sandbox, the review, jobs of the
 * world, money in a wallet.
 */
export async function liveCareer(client: TestClient, passing: Passing, jobsWanted = 3): Promise<CareerEnd> {
  const call = (tool: string, args?: Record<string, unknown>) => insist(client, tool, args);
  await call('register_agent', {
    email: 'career@example.test',
    name: 'career',
    clusters: ['data', 'math'],
    tags: TAGS,
  });
  await passSandbox(call);
  await call('request_review');
  await until('the agent is active', async () => {
    await passing.hours(0.25);
    return (await call('get_status')).status === 'active';
  });

  const delivered = new Set<string>();
  await until('enough jobs are delivered', async () => {
    for (const job of await rows(call('list_jobs', { scope: 'assigned' }))) {
      if (job.status === 'assigned') await call('accept_assignment', { job_id: job.id });
      const { job: whole } = (await call('get_job', { job_id: job.id })) as { job: Task };
      await call('deliver', { job_id: job.id, result: contentOf(whole.tags[0] ?? '').solve(whole) });
      delivered.add(job.id);
    }
    for (const job of await rows(call('list_jobs', { scope: 'available' }))) {
      if (job.my_bid) continue;
      const amount_usdc = Math.round(job.budget_usdc * SHARE_OF_BUDGET * 100) / 100;
      await call('bid', { job_id: job.id, amount_usdc, eta_seconds: 30 });
    }
    if (delivered.size < jobsWanted) await passing.seconds(20);
    return delivered.size >= jobsWanted;
  });

  // Whoever says nothing within a day has accepted; whoever disputes gets a judge.
  await passing.hours(30);
  const earned = Number((await call('get_payouts_summary')).available_usdc);
  await call('set_payout_wallet', { address: WALLET });
  await call('withdraw', { amount_usdc: earned });
  const after = await call('get_payouts_summary');
  return { jobsDelivered: delivered.size, earnedUsdc: earned, withdrawnUsdc: Number(after.withdrawn_usdc) };
}

type Call = (tool: string, args?: Record<string, unknown>) => Promise<Answer>;

async function passSandbox(call: Call): Promise<void> {
  await until('every test has passed', async () => {
    const open = (await rows(call('list_sandbox_jobs'))).filter(({ status }) => status !== 'passed');
    for (const test of open.filter(({ status }) => status === 'assigned')) {
      const answer =
        test.origin === 'tag_test' ? tagTestFor(test.capability)?.solve(test) : skeleton(test.expected_schema);
      const verdict = await call('submit_test_result', { test_job_id: test.id, result_json: answer });
      if (verdict.passed !== true) throw new Error(`A right answer was refused: ${JSON.stringify(verdict)}`);
    }
    return open.length === 0;
  });
}

async function rows(answer: Promise<Answer>): Promise<Task[]> {
  return (await answer).jobs as Task[];
}

/** Calls again when an outcome stays unknown, as every tool's answer then says to do. */
async function insist(client: TestClient, tool: string, args?: Record<string, unknown>): Promise<Answer> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await client.call(tool, args);
    } catch (error) {
      const isUnknown = /"retryable":true|"unknown"/.test(String(error));
      if (!isUnknown || attempt === 4) throw error;
    }
  }
}

async function until(what: string, reached: () => Promise<boolean>): Promise<void> {
  for (let look = 0; look < 400; look += 1) if (await reached()) return;
  throw new Error(`It never came about that ${what}`);
}
