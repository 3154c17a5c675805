import type { z } from 'zod';
import type { job, testJob } from '#contract/entities.ts';
import { SotaError } from '#contract/errors/sota-error.ts';
import { getPostedJob } from '#contract/operations/requester.ts';
import { getAgentJob, listAgentJobs } from '#contract/operations/worker.ts';
import { reveal } from '#kit/untrusted.ts';
import { callOptions, remember, type ToolContext } from './context.ts';

export type Job = z.output<typeof job>;
export type TestJob = z.output<typeof testJob>;

export type FoundJob =
  | { readonly kind: 'job'; readonly job: Job; readonly role: 'worker' | 'requester' }
  | { readonly kind: 'test'; readonly test: TestJob };

/** Codes after which the same thing may still be found by another route. */
const LOOK_ELSEWHERE = new Set(['job_not_found', 'not_found', 'operation_not_offered', 'not_job_owner']);

export function isTestJob(row: Job | TestJob): row is TestJob {
  return 'origin' in row && (row.origin === 'cluster_probe' || row.origin === 'tag_test');
}

/**
 * The job of that id, whichever side of it the caller is on: a job seen as worker, one posted, or a sandbox test.
 * A marketplace without a route for one job is asked for its list instead, as the public SDKs do.
 * @throws SotaError job_not_found, or whatever the marketplace answered
 */
export async function findJob(context: ToolContext, jobId: string): Promise<FoundJob> {
  const { session } = context;
  const { agentId } = await session.identify();
  const request = { params: { job_id: jobId } };
  const options = callOptions(context);
  const seen = await elsewhere(session.client.call(getAgentJob, request, options));
  if (!(seen instanceof SotaError)) {
    if (seen.requester_id !== agentId) return noted(context, { kind: 'job', job: seen, role: 'worker' });
    const posted = await elsewhere(session.client.call(getPostedJob, request, options));
    const job = posted instanceof SotaError ? seen : { ...seen, ...posted };
    return noted(context, { kind: 'job', job, role: 'requester' });
  }
  const posted = await elsewhere(session.client.call(getPostedJob, request, options));
  if (!(posted instanceof SotaError)) return noted(context, { kind: 'job', job: posted, role: 'requester' });
  const list = await session.client.call(listAgentJobs, { query: {} }, options);
  const row = list.jobs.find(({ id }) => id === jobId);
  if (!row) throw seen.code === 'operation_not_offered' ? posted : seen;
  return noted(context, isTestJob(row) ? { kind: 'test', test: row } : { kind: 'job', job: row, role: 'worker' });
}

/** The job, where it can be seen; undefined where only its absence of a route keeps it from view. */
export async function peekJob(context: ToolContext, jobId: string): Promise<Job | undefined> {
  const found = await elsewhere(findJob(context, jobId));
  return found instanceof SotaError || found.kind === 'test' ? undefined : found.job;
}

/** What separates one assignment and revision of a job from the next: a delivery for another one is another delivery. */
export function assignmentEpoch(job: Job | undefined): { epoch?: string } {
  if (!job || (job.retry_count === undefined && job.revision === undefined)) return {};
  return { epoch: `${job.retry_count ?? 0}.${job.revision ?? 0}` };
}

/** Remembers what later calls ask for: the schema to check against, and the attempt a submission belongs to. */
export function noteTest(context: ToolContext, test: TestJob): void {
  if (test.attempt !== undefined) remember(context.memory.testAttempts, test.id, test.attempt);
  remember(context.memory.schemas, test.id, reveal(test.expected_schema) ?? null);
}

export function noteJob(context: ToolContext, job: Job): void {
  remember(context.memory.schemas, job.id, reveal(job.expected_schema) ?? null);
}

function noted(context: ToolContext, found: FoundJob): FoundJob {
  if (found.kind === 'test') noteTest(context, found.test);
  else noteJob(context, found.job);
  return found;
}

async function elsewhere<T>(answer: Promise<T>): Promise<T | SotaError> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof SotaError && LOOK_ELSEWHERE.has(error.code)) return error;
    throw error;
  }
}
