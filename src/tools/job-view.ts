import { present } from './envelope.ts';
import type { Job } from './find-job.ts';

/** Jobs as lists and details show them: no empty fields, and in lists nothing that crowds out the other rows. */

const LIST_DESCRIPTION = 600;
/** JSON a row may carry in each of its two objects before they are left to get_job. */
const LIST_OBJECT = 1_500;

/** A row: enough to decide whether to look closer. `more` names what get_job has in full. */
export function jobRow(job: Job): Record<string, unknown> {
  const { description, parameters, expected_schema, result, feedback, ...rest } = job;
  const more: string[] = [];
  const small = (name: string, value: unknown) => {
    if (value === undefined || value === null) return undefined;
    if (JSON.stringify(value).length <= LIST_OBJECT) return value;
    more.push(name);
    return undefined;
  };
  const row = {
    ...rest,
    description: description.slice(0, LIST_DESCRIPTION).toWellFormed(),
    parameters: small('parameters', parameters),
    expected_schema: small('expected_schema', expected_schema),
  };
  if (description.length > LIST_DESCRIPTION) more.push('description');
  if (result) more.push('result');
  if (feedback) more.push('feedback');
  return present({ ...row, ...(more.length && { more: `get_job has all of: ${more.join(', ')}` }) });
}

/**
 * A job in the state in which it is news to an agent: open for its bid, won and to be accepted, or sent back to it.
 * Undefined where there is nothing for the agent to do. Equal again only when the same thing is to be done again.
 */
export function sightOf(job: Job, agentId: string): string | undefined {
  const round = job.retry_count ?? 0;
  if (job.winner_agent_id === agentId) {
    if (job.status === 'assigned') return `${job.id}:assigned:${round}`;
    return job.status === 'executing' && job.revision ? `${job.id}:changes:${round}.${job.revision}` : undefined;
  }
  const isOpen = job.status === 'bidding' && job.my_bid?.status !== 'pending' && job.requester_id !== agentId;
  return isOpen ? `${job.id}:open:${round}` : undefined;
}

/** Longest texts and objects one answer of get_job carries of each field; the rest comes in parts. */
export const DETAIL_PART = 9_000;

const LONG_FIELDS = ['description', 'result', 'feedback', 'parameters', 'expected_schema'] as const;
export type LongField = (typeof LONG_FIELDS)[number];

export function isLongField(name: string): name is LongField {
  return LONG_FIELDS.some((field) => field === name);
}

/** The text of a long field: of an object, its JSON. */
export function longText(job: Readonly<Record<string, unknown>>, field: LongField): string {
  const value = job[field];
  if (value === undefined || value === null) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/**
 * All of a job where it fits; of fields that do not, the first part (texts) or nothing (objects), and the cursors
 * under which the rest is had.
 */
export function jobDetail(job: Readonly<Record<string, unknown>>): {
  job: Record<string, unknown>;
  parts?: Record<string, unknown>;
} {
  const shown: Record<string, unknown> = { ...job };
  const parts: Record<string, unknown> = {};
  for (const field of LONG_FIELDS) {
    const text = longText(job, field);
    if (text.length <= DETAIL_PART) continue;
    const isText = typeof job[field] === 'string';
    shown[field] = isText ? text.slice(0, DETAIL_PART).toWellFormed() : undefined;
    parts[field] = { total_chars: text.length, next_cursor: `${field}:${isText ? DETAIL_PART : 0}` };
  }
  return { job: present(shown), ...(Object.keys(parts).length && { parts }) };
}
