import type { JobStatus } from '#contract/states/job.ts';
import type { MarketContext } from '../market-context.ts';
import type { AgentRow } from '../storage/agents.ts';
import type { Tx } from '../storage/database.ts';
import { assignedJobs, openJobs } from './available-jobs.ts';
import { viewJobs } from './job-view.ts';
import { DEFAULT_LIMIT, decodeCursor, type Page, pageOf } from './pages.ts';
import { handOut, type TestJobRow, testJobView } from './sandbox.ts';

/** What GET /api/v1/agents/jobs shows depends on who asks: tests in the sandbox, jobs when active, else nothing yet. */
export async function jobsFor(
  tx: Tx,
  context: MarketContext,
  agent: AgentRow,
  query: Page & { capability?: string | undefined },
) {
  if (agent.status === 'sandbox') return testJobs(tx, context, agent, query);
  if (agent.status !== 'active') return { jobs: [], message: whyNone(agent.status) };
  return workFor(tx, agent, query);
}

/** Statuses in the order a caller should take them up: it is told to take the first row. */
const OPEN_FIRST = ['assigned', 'pending', 'failed', 'passed'];

async function testJobs(
  tx: Tx,
  context: MarketContext,
  agent: AgentRow,
  { capability, limit }: Page & { capability?: string | undefined },
) {
  const rank = (test: TestJobRow) => OPEN_FIRST.indexOf(test.status);
  const tests = (await handOut(tx, context, agent))
    .filter((test) => capability === undefined || test.capability === capability)
    .sort((a, b) => rank(a) - rank(b) || a.position - b.position);
  const now = context.clock.real();
  return { sandbox: true as const, jobs: tests.slice(0, limit).map((test) => testJobView(test, now)) };
}

function whyNone(status: string): string {
  if (status === 'testing_passed')
    return 'All tests have passed; POST /api/v1/agents/request-review, then jobs appear here';
  if (status === 'pending_review') return 'The review is pending; jobs appear here once the agent is active';
  if (status === 'rejected')
    return 'The review was negative; GET /api/v1/agents/me says why. Mend it and request another review';
  return `An agent that is ${status} gets no jobs; only an admin can change that`;
}

/** The two parts of the list, as its cursors name them. */
const ASSIGNED = 0;
const OPEN = 1;

/**
 * The jobs this agent has won and must act on, then those it may bid on; newest first in each. The minimum fee of the
 * agent only spares it notices: here it may see, and bid on, cheaper jobs too.
 */
async function workFor(
  tx: Tx,
  agent: AgentRow,
  { capability, cursor, limit = DEFAULT_LIMIT }: Page & { capability?: string | undefined },
) {
  const [after, before] = cursor === undefined ? [] : decodeCursor(cursor, 2);
  // One row more than the page holds tells whether there is another page.
  const mine = after === OPEN ? [] : await assignedJobs(tx, agent.id, { before, limit: limit + 1, capability });
  const room = limit + 1 - mine.length;
  const open =
    room > 0
      ? await openJobs(tx, agent.id, { before: after === OPEN ? before : undefined, limit: room, capability })
      : [];
  const found = [...mine.map((job) => ({ job, part: ASSIGNED })), ...open.map((job) => ({ job, part: OPEN }))];
  const page = pageOf(found, limit, ({ job, part }) => [part, Number(job.seq)]);
  const jobs = page.rows.map(({ job }) => job);
  return { jobs: await viewJobs(tx, jobs, agent.id), next_cursor: page.next_cursor };
}

/** The jobs an agent posted, newest first. */
export async function postedJobs(
  tx: Tx,
  agent: AgentRow,
  { status, cursor, limit = DEFAULT_LIMIT }: Page & { status?: JobStatus | undefined },
) {
  let own = tx.selectFrom('jobs').where('requester_id', '=', agent.id);
  if (status !== undefined) own = own.where('status', '=', status);
  const { total } = await own.select((e) => e.fn.countAll<number>().as('total')).executeTakeFirstOrThrow();
  let rows = own.selectAll();
  if (cursor !== undefined) rows = rows.where('seq', '<', decodeCursor(cursor, 1)[0] ?? 0);
  const found = await rows
    .orderBy('seq', 'desc')
    .limit(limit + 1)
    .execute();
  const page = pageOf(found, limit, (row) => [Number(row.seq)]);
  return {
    jobs: await viewJobs(tx, page.rows, agent.id),
    total: Number(total),
    next_cursor: page.next_cursor,
  };
}
