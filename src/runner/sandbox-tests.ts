import type { SotaClient } from '#client/types.ts';
import { retryTestJob } from '#contract/operations/sandbox.ts';
import { type Clock, isoTime } from '#kit/clock.ts';
import type { Logger } from '#kit/log.ts';
import { type TestJobRow, taskKey, viewOfTest } from './handlers/job-view.ts';
import { newRecord, type TaskRecord } from './state/task-record.ts';
import type { TaskStore } from './state/task-store.ts';
import { needsReset } from './take-up.ts';
import { DEFAULT_JOB_MS, type TaskSlots } from './task-slots.ts';
import { MAX_GOES } from './work-task.ts';

const MAX_TEST_RESETS = 2;
/** After a handler failed at a test for a reason that passes by itself: at first, and at most. */
const FIRST_REST_MS = 1_000;
const MAX_REST_MS = 5 * 60_000;

export interface SandboxParts {
  readonly client: SotaClient;
  readonly store: TaskStore;
  readonly slots: TaskSlots;
  readonly clock: Clock;
  readonly log: Logger;
  readonly signal: AbortSignal;
  /** Works on a test until its deadline. */
  work(record: TaskRecord, deadline: number): void;
}

export interface SandboxTests {
  /** Takes up what can be done now, as long as there is room. */
  take(tests: readonly TestJobRow[], hasRoom: () => boolean): void;
  /** New handler code: what the old one could not do counts for nothing. */
  startAfresh(): void;
}

/** Which tests a runner works on, retries, leaves to rest, or gives up until its code changes. */
export function createSandboxTests({ client, store, slots, clock, log, signal, work }: SandboxParts): SandboxTests {
  const testResets = new Map<string, number>();
  const rests = new Map<string, Required<Pick<TaskRecord, 'delays' | 'touched_at'>>>();
  const stuck = new Set<string>();

  function take(tests: readonly TestJobRow[], hasRoom: () => boolean): void {
    for (const row of tests) {
      if (!hasRoom()) return;
      if (row.status === 'passed') continue;
      const job = viewOfTest(row);
      const key = taskKey(job);
      const record = store.get(key) ?? { ...newRecord(key, job), ...rests.get(row.id) };
      if (slots.has(key) || record.outcome === 'dead') continue;
      if (needsReset(row, record.outcome !== undefined || record.refused_sha256 !== undefined)) {
        resetTest(row, record);
        continue;
      }
      if (record.outcome || isStuck(record) || isResting(record)) continue;
      const deadline = row.deadline_at === null ? Number.NaN : Date.parse(row.deadline_at);
      const limit = clock.now() + row.time_limit_seconds * 1000;
      work({ ...record, job }, Number.isNaN(deadline) ? limit : deadline);
    }
  }

  /** The same handler failed or repeated itself too often: only other code can help. */
  function isStuck(record: TaskRecord): boolean {
    const is = record.errors >= MAX_GOES && !record.outbox;
    if (is && !stuck.has(record.key)) {
      stuck.add(record.key);
      log.error('a test is given up until the handler changes or the runner restarts', {
        test: record.job.id,
        capability: record.job.capability,
      });
    }
    return is;
  }

  /** Whether the reason for which its last go failed needs more time to pass. */
  function isResting({ delays = 0, outbox, touched_at }: TaskRecord): boolean {
    if (delays === 0 || outbox) return false;
    const rest = Math.min(MAX_REST_MS, FIRST_REST_MS * 2 ** (delays - 1));
    return clock.now() < Date.parse(touched_at ?? '') + rest;
  }

  function resetTest(row: TestJobRow, record: TaskRecord): void {
    if (isResting(record)) return;
    const used = testResets.get(row.id) ?? 0;
    // An endpoint that is down for a day uses up one attempt after another without any of them being judged.
    const judged = record.refused_sha256 !== undefined || (record.delays ?? 0) === 0;
    if (judged && used >= MAX_TEST_RESETS) return void isStuck({ ...record, errors: MAX_GOES });
    slots.start(record.job, clock.now() + DEFAULT_JOB_MS, async () => {
      await client.run(
        retryTestJob,
        { slot: `test/${row.id}`, epoch: record.job.epoch, request: { params: { test_job_id: row.id }, body: {} } },
        { signal },
      );
      testResets.set(row.id, used + 1);
      // The next attempt is another record, and the endpoint is no better for it.
      rests.set(row.id, { delays: record.delays ?? 0, touched_at: record.touched_at ?? isoTime(clock.now()) });
      // Without attempt numbers from the marketplace the next attempt has the same name, so the old one must go.
      if (row.attempt === undefined) await store.forget(record.key);
      else if (!record.outcome) await store.settle(record, 'gone');
    });
  }

  return {
    take,
    startAfresh() {
      stuck.clear();
      testResets.clear();
      rests.clear();
    },
  };
}
