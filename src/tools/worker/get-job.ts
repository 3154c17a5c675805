import { z } from 'zod';
import { job as jobEntity, testJob } from '#contract/entities.ts';
import { rememberId, type ToolContext } from '../context.ts';
import { defineTool } from '../define-tool.ts';
import { present, suggest } from '../envelope.ts';
import { findJob, type Job } from '../find-job.ts';
import { isLongField, jobDetail, jobPart, type LongField, sightOf } from '../job-view.ts';
import { nextForRequester, nextForTest, nextForWorker, offer } from '../next.ts';
import { nextCursor, object, readOutput } from '../outputs.ts';
import { jobId } from '../parameters.ts';
import { invalidCursor } from '../teach-tools.ts';

/** Everything about one job, from whichever side the caller is on. What is too long for one answer comes in parts. */
export const getJob = defineTool({
  name: 'get_job',
  title: 'Get a job',
  family: 'worker',
  roles: ['worker', 'requester'],
  description:
    'One job in full, with your offer, its escrow and, for one you posted, the delivery and its hash. To find jobs: list_jobs.',
  input: z.strictObject({
    job_id: jobId,
    cursor: z.string().max(64).describe('next_cursor under parts, for the rest of a long field').optional(),
  }),
  output: readOutput({
    job: object.optional(),
    part: z.string().optional(),
    json_part: z.string().optional(),
    next_cursor: nextCursor,
  }),
  effect: 'read',
  flags: { openWorld: true },
  aliases: { id: 'job_id', test_job_id: 'job_id' },
  example: { job_id: 'job_123' },
  async run({ job_id, cursor }, context) {
    const place = cursor === undefined ? undefined : readPartCursor(cursor);
    const found = await findJob(context, job_id);
    const [schema, whole] = found.kind === 'job' ? [jobEntity, found.job] : [testJob, found.test];
    if (place) return { job_id, field: place.field, ...jobPart(schema, whole, place.field, place.from) };
    const { job, parts } = jobDetail(schema, whole);
    const role = found.kind === 'job' ? found.role : 'test';
    if (found.kind === 'job') await noteSeen(context, found.job);
    return { role, job, ...present({ parts }), ...suggest(offer(await callsFor(found, context), context.activeTools)) };
  },
});

async function noteSeen(context: ToolContext, job: Job): Promise<void> {
  const { agentId } = await context.session.identify();
  const sight = sightOf(job, agentId);
  if (sight) rememberId(context.memory.seenJobs, sight);
}

async function callsFor(found: Awaited<ReturnType<typeof findJob>>, context: ToolContext) {
  if (found.kind === 'test') return nextForTest(found.test);
  const { agentId } = await context.session.identify();
  const calls = found.role === 'requester' ? nextForRequester(found.job) : nextForWorker(found.job, agentId);
  // It has just been read: reading it again is no next step.
  return calls.filter(({ tool }) => tool !== 'get_job');
}

interface PartPlace {
  readonly field: LongField;
  readonly from: number;
}

/** `<field>:<characters to skip>` */
function readPartCursor(cursor: string): PartPlace {
  const [field = '', from = ''] = cursor.split(':');
  if (!isLongField(field) || !/^\d{1,9}$/.test(from)) throw invalidCursor(cursor);
  return { field, from: Number(from) };
}
