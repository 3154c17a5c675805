import { z } from 'zod';
import { activityEntry } from '#contract/entities.ts';
import { getActivityLog as operation } from '#contract/operations/agent.ts';
import { callOptions } from '../context.ts';
import { defineTool } from '../define-tool.ts';
import { present } from '../envelope.ts';
import { readOutput, rows } from '../outputs.ts';
import { PAGE_CHARS } from '../paging.ts';
import { jobId, limit, sinceId } from '../parameters.ts';
import { show } from '../show.ts';

/** What happened, in order, from a cursor on. */
export const getActivityLog = defineTool({
  name: 'get_activity_log',
  title: 'Get the activity log',
  family: 'introspection',
  roles: ['worker', 'requester'],
  description: 'What happened to this agent, oldest first, from a cursor on. To wait for news: wait_for_activity.',
  input: z.strictObject({ since_id: sinceId, limit, job_id: jobId.describe('Only this job').optional() }),
  output: readOutput({ entries: rows, next_since_id: z.number().optional() }),
  effect: 'read',
  flags: { openWorld: true },
  aliases: { after: 'since_id', cursor: 'since_id', since: 'since_id' },
  example: { since_id: 0, limit: 50 },
  async run({ since_id, limit: wanted = 50, job_id }, context) {
    const query = present({ since_id, limit: wanted, job_id });
    const answer = await context.session.client.call(operation, { query }, callOptions(context));
    const entries = fitting(answer.entries);
    const next_since_id: number | undefined = entries.at(-1)?.id ?? answer.next_since_id ?? since_id;
    if (job_id === undefined && next_since_id !== undefined) {
      context.memory.activityCursor = Math.max(next_since_id, context.memory.activityCursor ?? 0);
    }
    return {
      entries: entries.map(entryRow),
      ...present({ next_since_id }),
      has_more: answer.entries.length >= wanted || entries.length < answer.entries.length,
    };
  },
});

/** As many entries as fit; the cursor is the last one shown, so nothing is skipped. At least one, to get on. */
export function fitting<T>(entries: readonly T[]): T[] {
  const taken: T[] = [];
  let chars = 0;
  for (const entry of entries) {
    chars += JSON.stringify(entry).length;
    if (taken.length && chars > PAGE_CHARS) break;
    taken.push(entry);
  }
  return taken;
}

/** Every entry is the caller's own, so it need not say whose it is. */
export function entryRow({ agent_id: _own, ...entry }: z.output<typeof activityEntry>) {
  return show(activityEntry, entry);
}
