/**
 * Somebody who has work, for a marketplace on this machine: posts jobs of the agent's tags, judges the deliveries by
 * the content checks of the sandbox, and pays.
 */
import type { Session } from '#client/types.ts';
import {
  acceptDelivery,
  createJob,
  getPostedJob,
  listPostedJobs,
  requestChanges,
} from '#contract/operations/requester.ts';
import { seededRng } from '#kit/rng.ts';
import { genericTagTest, tagTestFor } from '#market/sandbox-content/catalogue.ts';
import { type JobRow, plain } from '../handlers/job-view.ts';

export type RequesterEvent =
  | { readonly type: 'posted'; readonly jobId: string; readonly title: string; readonly usdc: number }
  | { readonly type: 'changes_requested'; readonly jobId: string; readonly feedback: string }
  | { readonly type: 'paid'; readonly jobId: string; readonly usdc: number; readonly rating: number };

export interface LocalRequester {
  /** Posts a job for one of the tags, the next one each time. */
  post(): Promise<string>;
  /** Judges what was delivered since. */
  judge(): Promise<void>;
}

const BUDGET_USDC = 5;
const BID_WINDOW_SECONDS = 2;

export function createLocalRequester(
  session: Session,
  tags: readonly string[],
  emit: (event: RequesterEvent) => void,
  seed: string,
): LocalRequester {
  const { client } = session;
  const rng = seededRng(seed);
  let posted = 0;

  async function judgeOne(row: JobRow): Promise<void> {
    const [job] = plain([await client.call(getPostedJob, { params: { job_id: row.id } })]) as JobRow[];
    if (job?.status !== 'completed' || typeof job.result !== 'string') return;
    const tag = job.tags[0] ?? '';
    const problem = checkOf(tag).check(parse(job.result), { parameters: job.parameters, description: job.description });
    if (problem && (job.revision ?? 0) === 0) {
      const feedback = `${problem.message} ${problem.hint}`;
      await client.run(requestChanges, {
        slot: `job/${job.id}/settle`,
        request: { params: { job_id: job.id }, body: { feedback } },
      });
      return emit({ type: 'changes_requested', jobId: job.id, feedback });
    }
    const rating = problem ? 3 : 5;
    const body = { rating, ...(job.result_hash ? { result_hash: job.result_hash } : {}) };
    const { data } = await client.run(acceptDelivery, {
      slot: `job/${job.id}/settle`,
      request: { params: { job_id: job.id }, body },
    });
    emit({ type: 'paid', jobId: job.id, usdc: data.released_usdc, rating });
  }

  return {
    async post() {
      const tag = tags[posted % tags.length] ?? 'summarization';
      posted += 1;
      const task = checkOf(tag).generate(rng.fork(`job/${posted}`));
      const title = `${tag} no. ${posted}`;
      const { data } = await client.run(createJob, {
        slot: 'jobs/create',
        request: {
          body: {
            title,
            description: task.description,
            parameters: task.parameters,
            expected_schema: task.expected_schema,
            budget_usdc: BUDGET_USDC,
            tags: [tag],
            bid_window_seconds: BID_WINDOW_SECONDS,
          },
        },
      });
      emit({ type: 'posted', jobId: data.id, title, usdc: BUDGET_USDC });
      return data.id;
    },
    async judge() {
      const { jobs } = await client.call(listPostedJobs, { query: { status: 'completed' } });
      for (const job of plain(jobs) as JobRow[]) if (job.escrow?.status !== 'released') await judgeOne(job);
    },
  };
}

function checkOf(tag: string) {
  return tagTestFor(tag) ?? genericTagTest(tag);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
