import { listAgentJobs } from '#contract/operations/worker.ts';
import { callOptions, type ToolContext } from '../context.ts';
import { isTestJob, noteTest } from '../find-job.ts';

/**
 * The attempt a submission belongs to: as last seen, else asked for, so that a restart of this process does not turn a
 * repeat into a new submission. Undefined where the marketplace does not count attempts.
 */
export async function attemptOf(context: ToolContext, testJobId: string): Promise<number | undefined> {
  const known = context.memory.testAttempts.get(testJobId);
  if (known !== undefined) return known;
  const { jobs } = await context.session.client.call(listAgentJobs, { query: {} }, callOptions(context));
  for (const test of jobs.filter(isTestJob)) noteTest(context, test);
  return context.memory.testAttempts.get(testJobId);
}
