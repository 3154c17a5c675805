import type { VerdictAnswer as Verdict } from '#contract/verdict.ts';
import type { Failure } from '../handlers/agent-error.ts';
import type { JobView } from '../handlers/job-view.ts';

/** A result, or the report of a failure, that must reach the marketplace: the outbox. */
export interface Parcel {
  /** The text of a result; absent where `failure` is given. */
  readonly result?: string;
  readonly failure?: Failure;
  /** SHA-256 of what is sent, hex. */
  readonly sha256: string;
  /** Fixes the Idempotency-Key, so that every send after any crash carries the same one. */
  readonly nonce: string;
  readonly stored_at: string;
}

/**
 * How an assignment ended. `given_back`: reported as failed. `gone`: the marketplace no longer takes anything for it.
 * `dead`: put aside for a person.
 */
export type TaskOutcome = 'passed' | 'delivered' | 'given_back' | 'gone' | 'dead';

/** All that is remembered of one assignment. Snake case, because people open these files. */
export interface TaskRecord {
  readonly version: 1;
  readonly key: string;
  readonly job: JobView;
  /** Which go at the assignment this is; grows with every verdict that refuses a result. */
  readonly go: number;
  /** Handler starts of this go that left nothing behind: each but the last is a crash. */
  readonly starts: number;
  /** Goes that ended in an error of the handler; for tests only, as a job is given back on its first. */
  readonly errors: number;
  /** Goes in a row that ended for a reason that passes by itself; the next one waits longer after each. Tests only. */
  readonly delays?: number;
  readonly last_validation?: Verdict;
  /** SHA-256 of the result that verdict was about. */
  readonly refused_sha256?: string;
  readonly outbox?: Parcel;
  /** Why it waits for a person. */
  readonly parked?: string;
  readonly approved?: boolean;
  /** When anything last happened to it. */
  readonly touched_at?: string;
  readonly outcome?: TaskOutcome;
  readonly settled_at?: string;
}

export function newRecord(key: string, job: JobView): TaskRecord {
  return { version: 1, key, job, go: 1, starts: 0, errors: 0 };
}

/** What is kept of an assignment that has ended: enough never to work on it again. */
export function settledRecord(record: TaskRecord, outcome: TaskOutcome, at: string): TaskRecord {
  const { outbox: _sent, parked: _over, ...rest } = record;
  return { ...rest, job: { ...record.job, parameters: {}, expected_schema: null }, outcome, settled_at: at };
}
