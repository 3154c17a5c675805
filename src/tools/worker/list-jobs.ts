import { z } from 'zod';
import { testJob } from '#contract/entities.ts';
import { listPostedJobs } from '#contract/operations/requester.ts';
import { listAgentJobs } from '#contract/operations/worker.ts';
import { callOptions, rememberId, type ToolContext } from '../context.ts';
import { defineTool } from '../define-tool.ts';
import { present, suggest } from '../envelope.ts';
import { isTestJob, type Job, noteJob, noteTest } from '../find-job.ts';
import { jobRow, sightOf } from '../job-view.ts';
import { nextForAgent, nextForRequester, nextForTest, nextForWorker, offer } from '../next.ts';
import { nextCursor, readOutput, rows } from '../outputs.ts';
import { type PagePlace, readCursor, takePage } from '../paging.ts';
import { cursor, limit, slug } from '../parameters.ts';
import { show, showField } from '../show.ts';

/** Own work first: a win that is not accepted is lost. */
const URGENCY: Readonly<Record<string, number>> = { assigned: 0, executing: 1, bidding: 2 };

/** The job board. In the sandbox its rows are the tests, as the marketplace itself has it. */
export const listJobs = defineTool({
  name: 'list_jobs',
  title: 'List jobs',
  family: 'worker',
  roles: ['worker', 'requester'],
  description:
    'Jobs open for bids and jobs won (in the sandbox: the tests), or jobs you posted. One in full: get_job. To wait for new ones: wait_for_activity.',
  input: z.strictObject({
    capability: slug('Only jobs with this tag').optional(),
    scope: z.enum(['available', 'assigned', 'posted']).describe('available and assigned unless given').optional(),
    limit,
    cursor,
  }),
  output: readOutput({ jobs: rows, sandbox: z.boolean().optional(), next_cursor: nextCursor }),
  effect: 'read',
  flags: { openWorld: true },
  aliases: { tag: 'capability', filter: 'scope' },
  example: { scope: 'available', capability: 'code-review' },
  async run({ scope, capability, limit: wanted, cursor: from }, context) {
    const place = readCursor(from);
    if (scope === 'posted') return listPosted(context, place, wanted);
    const { session, activeTools } = context;
    const { agentId } = await session.identify();
    const query = present({ capability, cursor: place.origin });
    const answer = await session.client.call(listAgentJobs, { query }, callOptions(context));
    if (answer.sandbox) {
      const tests = answer.jobs.filter(isTestJob);
      for (const test of tests) noteTest(context, test);
      const open = tests.filter(({ status }) => status !== 'passed');
      const page = takePage(open, place, wanted, answer.next_cursor);
      const calls = page.rows[0] ? nextForTest(page.rows[0]) : nextForAgent('testing_passed');
      return {
        sandbox: true,
        jobs: page.rows.map((test) => show(testJob, test)),
        ...present({ next_cursor: page.nextCursor }),
        ...suggest(offer(calls, activeTools)),
      };
    }
    const jobs = answer.jobs
      .filter((row): row is Job => !isTestJob(row))
      .filter((job) => scope === undefined || (scope === 'assigned') === (job.winner_agent_id === agentId))
      .sort((a, b) => (URGENCY[a.status] ?? 9) - (URGENCY[b.status] ?? 9));
    const page = pageOf(context, jobs, place, wanted, answer.next_cursor, agentId);
    const first = jobs[place.skip];
    return {
      ...page,
      ...present({ message: jobs.length ? undefined : showField(listAgentJobs.response, answer, 'message') }),
      ...suggest(offer(first ? nextForWorker(first, agentId) : idle(), activeTools)),
    };
  },
});

async function listPosted(context: ToolContext, place: PagePlace, wanted: number | undefined) {
  const query = present({ cursor: place.origin });
  const answer = await context.session.client.call(listPostedJobs, { query }, callOptions(context));
  const first = answer.jobs[place.skip];
  const create = {
    tool: 'create_job',
    arguments: { description: '<what should be done>', budget_usdc: 1, tags: ['<tag>'] },
    why: 'nothing is posted yet',
  };
  return {
    ...pageOf(context, answer.jobs, place, wanted, answer.next_cursor),
    total: answer.total,
    ...suggest(offer(first ? nextForRequester(first) : [create], context.activeTools)),
  };
}

function pageOf(
  context: ToolContext,
  jobs: readonly Job[],
  place: PagePlace,
  wanted: number | undefined,
  originNext: string | null | undefined,
  agentId?: string,
) {
  for (const job of jobs) noteJob(context, job);
  const page = takePage(jobs.map(jobRow), place, wanted, originNext);
  // Only what the model was shown counts as seen: waiting must still wake for the rest.
  for (const job of jobs.slice(place.skip, place.skip + page.rows.length)) {
    const sight = agentId === undefined ? undefined : sightOf(job, agentId);
    if (sight) rememberId(context.memory.seenJobs, sight);
  }
  return { jobs: [...page.rows], ...present({ next_cursor: page.nextCursor }) };
}

function idle() {
  return [{ tool: 'wait_for_activity', arguments: {}, why: 'there is nothing now; this returns when there is' }];
}
