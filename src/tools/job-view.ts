import { job as jobEntity, type testJob as testJobEntity } from '#contract/entities.ts';
import { excerpt, reveal } from '#kit/untrusted.ts';
import { visibleJson } from '#kit/visible-json.ts';
import { present } from './envelope.ts';
import type { Job, TestJob } from './find-job.ts';
import { show, showAs, showPart } from './show.ts';
import { MAX_PROSE } from './untrusted.ts';

/** Jobs as lists and details show them: no empty fields, and in lists nothing that crowds out the other rows. */

const LIST_DESCRIPTION = 600;
/** JSON a row may carry in each of its two objects before they are left to get_job. */
const LIST_OBJECT = 1_500;

/** A row: enough to decide whether to look closer. `more` names what get_job has in full. */
export function jobRow(job: Job) {
  const { description, parameters, expected_schema, result, partial_result, feedback, ...rest } = job;
  const more: string[] = [];
  const small = <T>(name: string, value: T): T | undefined => {
    if (value === undefined || value === null) return undefined;
    if (visibleJson(value).length <= LIST_OBJECT) return value;
    more.push(name);
    return undefined;
  };
  const row = {
    ...rest,
    description: excerpt(description, 0, LIST_DESCRIPTION),
    parameters: small('parameters', parameters),
    expected_schema: small('expected_schema', expected_schema),
  };
  if (reveal(description).length > LIST_DESCRIPTION) more.push('description');
  if (result) more.push('result');
  if (partial_result) more.push('partial_result');
  if (feedback) more.push('feedback');
  return {
    ...show(jobEntity, present(row)),
    ...present({ more: more.length ? `get_job has all of: ${more.join(', ')}` : undefined }),
  };
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

const LONG_FIELDS = ['description', 'result', 'partial_result', 'feedback', 'parameters', 'expected_schema'] as const;
export type LongField = (typeof LONG_FIELDS)[number];

export function isLongField(name: string): name is LongField {
  return LONG_FIELDS.some((field) => field === name);
}

/** A long field as the text its parts are cut from: objects as JSON text, in which nothing is hidden. */
export function longText(job: object, field: LongField): { readonly text: string; readonly isJson: boolean } {
  const value: unknown = Reflect.get(job, field);
  if (typeof value === 'string') return { text: value, isJson: false };
  return { text: value === undefined || value === null ? '' : visibleJson(value), isJson: true };
}

/**
 * All of a job where it fits; of fields that do not, the first part (texts, which the fence cuts) or nothing (objects),
 * and the cursors under which the rest is had.
 */
export function jobDetail<T extends Job | TestJob>(schema: typeof jobEntity | typeof testJobEntity, job: T) {
  const parts: Partial<Record<LongField, { total_chars: number; next_cursor: string }>> = {};
  const left: T = { ...job };
  for (const field of LONG_FIELDS) {
    const { text, isJson } = longText(job, field);
    if (text.length <= MAX_PROSE) continue;
    if (isJson) Reflect.deleteProperty(left, field);
    parts[field] = { total_chars: text.length, next_cursor: `${field}:${isJson ? 0 : MAX_PROSE}` };
  }
  return { job: show(schema, present(left)), parts: Object.keys(parts).length ? parts : undefined };
}

/** One part of a long field. Prose is prose in every part; objects come as the text of their JSON, byte for byte. */
export function jobPart(
  schema: typeof jobEntity | typeof testJobEntity,
  job: Job | TestJob,
  field: LongField,
  from: number,
) {
  const { text, isJson } = longText(job, field);
  const end = from + MAX_PROSE;
  const part = text.slice(from, end);
  return {
    ...(isJson ? { json_part: showAs('exact', 'counterparty', part) } : { part: showPart(schema, job, field, part) }),
    from,
    total_chars: text.length,
    ...(end < text.length && { next_cursor: `${field}:${end}` }),
  };
}
