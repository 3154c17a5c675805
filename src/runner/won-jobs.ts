import type { SotaClient } from '#client/types.ts';
import { SotaError } from '#contract/errors/sota-error.ts';
import { acceptAssignment } from '#contract/operations/worker.ts';
import type { Clock } from '#kit/clock.ts';
import { crashPoint } from './crash-point.ts';
import { type JobRow, type JobView, taskKey, viewOfJob } from './handlers/job-view.ts';
import { newRecord, type TaskRecord } from './state/task-record.ts';
import type { TaskStore } from './state/task-store.ts';
import type { Board } from './take-up.ts';
import { DEFAULT_JOB_MS, type TaskSlots } from './task-slots.ts';

/** A job that this many looks in a row no longer show as ours was cancelled or timed out. */
const GONE_AFTER_LOOKS = 3;
const MIN_JOB_MS = 2 * 60_000;

export interface WonJobsParts {
  readonly client: SotaClient;
  readonly store: TaskStore;
  readonly slots: TaskSlots;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  capabilities(): ReadonlySet<string>;
  /** Works on a job until its deadline; `accepts`: it has to be accepted first. */
  work(record: TaskRecord, deadline: number, accepts: boolean): void;
}

export interface WonJobs {
  /** Takes up what can be done now, as long as there is room. `newOnes`: also what is not accepted yet. */
  take(mine: readonly JobRow[], newOnes: boolean, hasRoom: () => boolean): void;
  /** Stops what is under way here and no longer ours there. */
  noteMissing(board: Extract<Board, { mode: 'jobs' }>, lookedAt: number): void;
  /** Nothing runs under that name any more. */
  ended(key: string): void;
  /** @throws SotaError where the job cannot be ours */
  accept(job: JobView): Promise<void>;
}

/** Which of the jobs that were won a runner works on, and which it gives up because they are no longer its own. */
export function createWonJobs({ client, store, slots, clock, signal, capabilities, work }: WonJobsParts): WonJobs {
  const missed = new Map<string, number>();

  return {
    take(mine, newOnes, hasRoom) {
      for (const row of mine) {
        if (!hasRoom()) break;
        const job = viewOfJob(row, capabilities());
        const key = taskKey(job);
        const record = store.get(key) ?? newRecord(key, job);
        if (record.outcome || slots.has(key) || (record.parked && !record.approved)) continue;
        if (row.status === 'assigned' && !newOnes) continue;
        work({ ...record, job }, clock.now() + jobTime(job), row.status === 'assigned');
      }
    },

    noteMissing({ mine, complete }, lookedAt) {
      if (!complete) return;
      const there = new Set(mine.map(({ id }) => id));
      for (const running of slots.all()) {
        if (running.job.kind !== 'job' || running.startedAt > lookedAt) continue;
        const looks = there.has(running.job.id) ? 0 : (missed.get(running.key) ?? 0) + 1;
        missed.set(running.key, looks);
        if (looks >= GONE_AFTER_LOOKS) running.stop('gone');
      }
    },

    ended(key) {
      missed.delete(key);
    },

    async accept(job) {
      crashPoint('before-accept');
      try {
        await client.run(
          acceptAssignment,
          { slot: `job/${job.id}/assign`, epoch: job.epoch, request: { params: { job_id: job.id }, body: {} } },
          { signal },
        );
      } catch (error) {
        // Accepted before, by us: the list is older than that. Whether it is still ours the delivery will tell.
        const before = error instanceof SotaError && error.code === 'invalid_state';
        if (!before || error.details?.status !== 'executing') throw error;
      }
      crashPoint('after-accept');
    },
  };
}

/** Twice what was promised: a promise is an estimate, and the requester's patience is not known. */
function jobTime({ estimated_seconds }: JobView): number {
  return estimated_seconds === null ? DEFAULT_JOB_MS : Math.max(MIN_JOB_MS, estimated_seconds * 2000);
}
