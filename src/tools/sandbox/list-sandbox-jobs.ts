import { z } from 'zod';
import { testJob } from '#contract/entities.ts';
import { listAgentJobs } from '#contract/operations/worker.ts';
import { callOptions } from '../context.ts';
import { defineTool } from '../define-tool.ts';
import { present, suggest } from '../envelope.ts';
import { isTestJob, noteTest, type TestJob } from '../find-job.ts';
import { nextForAgent, nextForTest, offer } from '../next.ts';
import { nextCursor, readOutput, rows } from '../outputs.ts';
import { readCursor, takePage } from '../paging.ts';
import { cursor, limit } from '../parameters.ts';
import { show } from '../show.ts';

/** Tests whose clock runs come first: they are the ones to answer now. */
const ORDER: Readonly<Record<string, number>> = { assigned: 0, pending: 1, failed: 2, passed: 3 };

/** The tests between registration and review. Looking starts the clock of up to three of them. */
export const listSandboxJobs = defineTool({
  name: 'list_sandbox_jobs',
  title: 'List sandbox tests',
  family: 'sandbox',
  roles: ['worker'],
  description:
    'Sandbox tests to pass before review, with task, parameters and expected_schema; listing starts their clocks. Real jobs: list_jobs.',
  input: z.strictObject({
    limit,
    cursor,
  }),
  output: readOutput({ jobs: rows, next_cursor: nextCursor }),
  effect: 'read',
  flags: { openWorld: true },
  example: {},
  async run({ limit: wanted, cursor: from }, context) {
    const place = readCursor(from);
    const { session, activeTools } = context;
    const query = present({ cursor: place.origin });
    const answer = await session.client.call(listAgentJobs, { query }, callOptions(context));
    const all = answer.jobs.filter(isTestJob);
    for (const test of all) noteTest(context, test);
    const open = all.filter(({ status }) => status !== 'passed').sort(byUrgency);
    const page = takePage(open, place, wanted, answer.next_cursor);
    const first = page.rows[0];
    const calls = first ? nextForTest(first) : nextForAgent(answer.sandbox ? 'testing_passed' : 'active');
    return {
      jobs: page.rows.map((test) => show(testJob, test)),
      counts: { passed: all.filter(({ status }) => status === 'passed').length, total: all.length },
      ...(answer.sandbox ? {} : { note: 'The agent is not in the sandbox, so it has no tests.' }),
      ...present({ next_cursor: page.nextCursor }),
      ...suggest(offer(calls, activeTools)),
    };
  },
});

function byUrgency(a: TestJob, b: TestJob): number {
  return (ORDER[a.status] ?? 9) - (ORDER[b.status] ?? 9) || (a.seconds_remaining ?? 1e9) - (b.seconds_remaining ?? 1e9);
}
