import type { z } from 'zod';
import type { job, testJob } from '#contract/entities.ts';

/**
 * A job as the runner handles it: plain texts. The handler is the owner's own code and needs them as they came; nothing
 * of the runner shows them to a model. What comes from the client goes through {@link plain} once.
 */
export type JobRow = z.input<typeof job>;
export type TestJobRow = z.input<typeof testJob>;

/**
 * A piece of work as a handler sees it: plain JSON, the same for a sandbox test and a paid job, so that one handler
 * serves both and the view can cross to another process.
 */
export interface JobView {
  readonly kind: 'test' | 'job';
  readonly id: string;
  /** Which of our skills is asked for: the tag of a tag test, the cluster of a probe, the first tag of a job. */
  readonly capability: string;
  readonly tags: readonly string[];
  readonly title: string | null;
  readonly description: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly expected_schema: Readonly<Record<string, unknown>> | null;
  readonly budget_usdc: number | null;
  /** What the requester wants changed about the delivery before; null on a first delivery. */
  readonly feedback: string | null;
  /** Seconds promised in our bid. */
  readonly estimated_seconds: number | null;
  /** ISO-8601; null where the marketplace sets none. */
  readonly deadline_at: string | null;
  /** Names this assignment of the job: another attempt, retry or revision is another piece of work. */
  readonly epoch: string;
}

type Read = z.output<typeof job> | z.output<typeof testJob>;

/** Rows as the client reads them, without the marks that keep strangers' words out of a model's answers. */
export function plain(rows: readonly Read[]): (JobRow | TestJobRow)[] {
  return rows as unknown as (JobRow | TestJobRow)[];
}

/** Whether a row of the list is a sandbox test. */
export function isTestRow(row: JobRow | TestJobRow): row is TestJobRow {
  return 'origin' in row && (row.origin === 'cluster_probe' || row.origin === 'tag_test');
}

export function viewOfTest(row: TestJobRow): JobView {
  return {
    kind: 'test',
    id: row.id,
    capability: row.capability,
    tags: row.origin === 'tag_test' ? [row.capability] : [],
    title: null,
    description: row.description,
    parameters: row.parameters,
    expected_schema: row.expected_schema,
    budget_usdc: null,
    feedback: null,
    estimated_seconds: null,
    deadline_at: row.deadline_at,
    epoch: String(row.attempt ?? 0),
  };
}

/**
 * @param capabilities those there is a handler for: of several tags the first of them is the job's capability
 */
export function viewOfJob(row: JobRow, capabilities: ReadonlySet<string>): JobView {
  return {
    kind: 'job',
    id: row.id,
    capability: row.tags.find((tag) => capabilities.has(tag)) ?? row.tags[0] ?? '',
    tags: row.tags,
    title: row.title ?? null,
    description: row.description,
    parameters: row.parameters,
    expected_schema: row.expected_schema ?? null,
    budget_usdc: row.budget_usdc,
    feedback: row.feedback ?? null,
    estimated_seconds: row.my_bid?.estimated_seconds ?? null,
    deadline_at: null,
    epoch: `${row.retry_count ?? 0}.${row.revision ?? 0}`,
  };
}

/** One text per assignment; what the state on disk is filed under. */
export function taskKey(view: Pick<JobView, 'kind' | 'id' | 'epoch'>): string {
  return `${view.kind}/${view.id}/${view.epoch}`;
}
