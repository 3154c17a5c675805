import { z } from 'zod';
import type { activityEntry } from '#contract/entities.ts';
import { getActivityLog, getMe } from '#contract/operations/agent.ts';
import { listAgentJobs } from '#contract/operations/worker.ts';
import { isoTime, sleep } from '#kit/clock.ts';
import { reveal } from '#kit/untrusted.ts';
import { callOptions, rememberId, type ToolContext } from '../context.ts';
import { defineTool } from '../define-tool.ts';
import { present, suggest } from '../envelope.ts';
import { isTestJob, type Job, noteJob } from '../find-job.ts';
import { entryRow, fitting } from '../introspection/get-activity-log.ts';
import { jobRow, sightOf } from '../job-view.ts';
import { nextForWorker, offer } from '../next.ts';
import { readOutput, rows } from '../outputs.ts';
import { takePage } from '../paging.ts';
import { sinceId } from '../parameters.ts';

/** Hosts give a call 60 s; the answer must be on its way before. */
export const WAIT_MAX_SECONDS = 45;
const WAIT_SECONDS = 30;
/** How often to look, milliseconds: the marketplace on this machine does not mind, a shared one does. */
const LOOK_MS = { local: 500, remote: 3_000 } as const;
/** The job board is dearer than the log and changes less: looked at every so many rounds. */
const BOARD_EVERY = 4;
const NEW_JOBS = 10;

/** Log entries that only repeat what this agent just did itself. */
const ECHOES = new Set([
  'test_passed',
  'test_failed',
  'tests_issued',
  'registered',
  'job_posted',
  'keys_rotated',
  'progress',
  'bid_placed',
  'bid_lowered',
  'bid_cancelled',
]);

type Entry = z.output<typeof activityEntry>;

/** One long look instead of many short ones, so that a model need not spin. */
export const waitForActivity = defineTool({
  name: 'wait_for_activity',
  title: 'Wait for activity',
  family: 'ours',
  roles: ['worker', 'requester'],
  description:
    'Waits until something happens or a new job appears, and returns it; empty after the timeout. The past: get_activity_log.',
  input: z.strictObject({
    since_id: sinceId,
    timeout_seconds: z.number().int().min(0).max(WAIT_MAX_SECONDS).describe('At most 45; 30 unless given').optional(),
  }),
  output: readOutput({ woke_by: z.string(), entries: rows, new_jobs: rows, next_since_id: z.number().optional() }),
  effect: 'read',
  flags: { openWorld: true, longPoll: true },
  aliases: {
    cursor: 'since_id',
    after: 'since_id',
    since: 'since_id',
    timeout: 'timeout_seconds',
    seconds: 'timeout_seconds',
  },
  example: { timeout_seconds: 45 },
  async run({ since_id, timeout_seconds = WAIT_SECONDS }, context) {
    const { session, clock, signal, memory } = context;
    const { agentId } = await session.identify();
    const me = await session.client.call(getMe, {}, callOptions(context));
    const started = clock.now();
    const pause = isOnThisMachine(await session.origin()) ? LOOK_MS.local : LOOK_MS.remote;
    let cursor = since_id ?? memory.activityCursor;
    const echoes: Entry[] = [];
    for (let round = 0; ; round += 1) {
      const left = started + timeout_seconds * 1000 - clock.now();
      const atBoard = me.status === 'active' && (round % BOARD_EVERY === 0 || left <= pause);
      const [entries, jobs] = await Promise.all([
        entriesSince(context, cursor),
        atBoard ? newJobs(context, agentId) : Promise.resolve([]),
      ]);
      cursor = entries.at(-1)?.id ?? cursor;
      const asked = since_id !== undefined;
      const news = entries.filter((entry) => asked || !isEcho(context, entry));
      if (news.length || jobs.length || left <= 0) {
        const shown = fitting([...echoes, ...entries]);
        const last = shown.at(-1)?.id ?? cursor;
        if (last !== undefined) memory.activityCursor = last;
        const page = takePage(jobs.map(jobRow), { skip: 0, origin: undefined }, NEW_JOBS);
        for (const job of jobs.slice(0, page.rows.length)) {
          noteJob(context, job);
          rememberId(memory.seenJobs, sightOf(job, agentId) ?? job.id);
        }
        const first = jobs[0];
        return {
          woke_by: news.length ? 'activity' : jobs.length ? 'new_jobs' : 'timeout',
          entries: shown.map(entryRow),
          new_jobs: [...page.rows],
          ...present({ next_since_id: last }),
          waited_seconds: Math.round((clock.now() - started) / 1000),
          ...suggest(offer(first ? nextForWorker(first, agentId) : nextAfter(shown), context.activeTools)),
        };
      }
      echoes.push(...entries);
      context.progress(round + 1, undefined, 'waiting for activity');
      await sleep(Math.min(pause, Math.max(left, 0)), { clock, signal });
    }
  },
});

function isOnThisMachine(origin: string): boolean {
  return /^(127\.|localhost$|\[::1\]$)/.test(new URL(origin).hostname);
}

async function entriesSince(context: ToolContext, cursor: number | undefined): Promise<Entry[]> {
  // Before there is a cursor, what happened since this server started counts as new: nothing may fall between two calls.
  const from = cursor === undefined ? { since_ts: isoTime(context.memory.startedAt) } : { since_id: cursor };
  const query = { ...from, limit: 100 };
  return (await context.session.client.call(getActivityLog, { query }, callOptions(context))).entries;
}

/** Jobs the model has not been shown in this state: open for its bid, won and waiting, or sent back to it. */
async function newJobs(context: ToolContext, agentId: string): Promise<Job[]> {
  const { jobs } = await context.session.client.call(listAgentJobs, { query: {} }, callOptions(context));
  return jobs
    .filter((row): row is Job => !isTestJob(row))
    .filter((job) => {
      const sight = sightOf(job, agentId);
      return sight !== undefined && !context.memory.seenJobs.has(sight);
    });
}

function isEcho(context: ToolContext, entry: Entry): boolean {
  if (ECHOES.has(entry.event_type)) return true;
  return (
    entry.event_type === 'job_status' &&
    context.memory.ownMoves.delete(`${entry.job_id}:${String(reveal(entry.payload).to)}`)
  );
}

function nextAfter(entries: readonly { event_type: string; job_id: string | null }[]) {
  const withJob = [...entries].reverse().find(({ job_id, event_type }) => job_id !== null && !ECHOES.has(event_type));
  if (withJob) return [{ tool: 'get_job', arguments: { job_id: withJob.job_id }, why: 'see where this job stands' }];
  const status = entries.some(({ event_type }) => event_type.startsWith('agent'));
  if (status) return [{ tool: 'get_status', arguments: {}, why: 'the status has changed' }];
  return [{ tool: 'wait_for_activity', arguments: {}, why: 'go on waiting' }];
}
