/**
 * Reading the list of jobs: what it says we should be doing. Decides nothing about how; every decision is made from
 * the rows of one look and from what is on disk, so a look that was lost costs a poll interval and nothing else.
 */
import type { SotaClient } from '#client/types.ts';
import { listAgentJobs } from '#contract/operations/worker.ts';
import { isTestRow, type JobRow, plain, type TestJobRow } from './handlers/job-view.ts';

export type Board =
  | { readonly mode: 'sandbox'; readonly tests: readonly TestJobRow[] }
  | {
      readonly mode: 'jobs';
      readonly mine: readonly JobRow[];
      readonly open: readonly JobRow[];
      /** False where the list was longer than is read: what is not in it may be there all the same. */
      readonly complete: boolean;
      /** The marketplace's words on why there is nothing; only an agent that is not active gets them. */
      readonly message: string | undefined;
    };

const MAX_PAGES = 20;

/** The whole list, page by page. */
export async function fetchBoard(client: SotaClient, agentId: string, signal: AbortSignal): Promise<Board> {
  const rows: (JobRow | TestJobRow)[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const answer = await client.call(listAgentJobs, { query: cursor === undefined ? {} : { cursor } }, { signal });
    rows.push(...plain(answer.jobs));
    if (answer.sandbox === true) return { mode: 'sandbox', tests: rows.filter(isTestRow).sort(byUrgency) };
    if (!answer.next_cursor) {
      const jobs = rows.filter((row): row is JobRow => !isTestRow(row));
      return {
        mode: 'jobs',
        ...sorted(jobs, agentId),
        complete: true,
        message: answer.message as string | undefined,
      };
    }
    cursor = answer.next_cursor;
  }
  const jobs = rows.filter((row): row is JobRow => !isTestRow(row));
  return { mode: 'jobs', ...sorted(jobs, agentId), complete: false, message: undefined };
}

function sorted(jobs: readonly JobRow[], agentId: string) {
  const mine = jobs.filter(
    ({ status, winner_agent_id }) =>
      (status === 'assigned' || status === 'executing') && (winner_agent_id ?? agentId) === agentId,
  );
  return {
    // What is promised and running comes before what could still be declined.
    mine: [
      ...mine.filter(({ status }) => status === 'executing'),
      ...mine.filter(({ status }) => status === 'assigned'),
    ],
    open: jobs.filter(({ status }) => status === 'bidding' || status === 'open'),
  };
}

const URGENCY = ['assigned', 'failed', 'pending', 'passed'];

function byUrgency(a: TestJobRow, b: TestJobRow): number {
  return URGENCY.indexOf(a.status) - URGENCY.indexOf(b.status);
}

/** A test whose time or submissions are used up must be reset before it takes an answer. */
export function needsReset(row: TestJobRow, answered: boolean): boolean {
  if (row.status !== 'failed') return false;
  if (row.seconds_remaining === 0) return true;
  // A marketplace that does not count submissions is asked only when our own records say the last answer was refused.
  return row.submissions_left === undefined ? answered : row.submissions_left === 0;
}
