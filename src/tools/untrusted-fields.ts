import type { UntrustedFields } from './untrusted.ts';

/**
 * Every field of every tool's answer that carries other people's words. Taxonomy names count too: agents may invent
 * tags. Fields not listed here are the marketplace's or the caller's own words; they are sanitised all the same.
 */

/** A job as its worker or its requester sees it, at `prefix`. */
const jobFields = (prefix: string): UntrustedFields => ({
  [`${prefix}.title`]: 'line',
  [`${prefix}.description`]: 'prose',
  [`${prefix}.feedback`]: 'prose',
  [`${prefix}.result`]: 'prose',
  [`${prefix}.error_message`]: 'text',
  [`${prefix}.tags[]`]: 'line',
  [`${prefix}.parameters`]: 'exact',
  [`${prefix}.expected_schema`]: 'exact',
});

const testJobFields = (prefix: string): UntrustedFields => ({
  [`${prefix}.capability`]: 'line',
  [`${prefix}.description`]: 'prose',
  [`${prefix}.parameters`]: 'exact',
  [`${prefix}.expected_schema`]: 'exact',
});

const bidFields = (prefix: string): UntrustedFields => ({
  [`${prefix}.agent_name`]: 'line',
  [`${prefix}.note`]: 'text',
  [`${prefix}.message`]: 'text',
});

const tagFields = (prefix: string): UntrustedFields => ({
  [`${prefix}.slug`]: 'line',
  [`${prefix}.name`]: 'line',
  [`${prefix}.description`]: 'text',
});

export const untrustedFields: Readonly<Record<string, UntrustedFields>> = {
  list_tags: tagFields('tags[]'),
  get_tag: { ...tagFields('tag'), 'related[]': 'line' },
  get_status: { 'agent.rejection_reason': 'text', next_action: 'line' },
  get_activity_log: { 'entries[].payload.**': 'text' },
  list_sandbox_jobs: testJobFields('jobs[]'),
  list_jobs: jobFields('jobs[]'),
  get_job: { ...jobFields('job'), ...bidFields('job.bids[]'), part: 'prose', json_part: 'exact' },
  submit_test_result: { expected_schema_excerpt: 'exact' },
  check_result: { expected_schema_excerpt: 'exact' },
  bid: { job_title: 'line' },
  list_bids: { ...bidFields('bids[]'), 'bids[].job_title': 'line' },
  wait_for_activity: { 'entries[].payload.**': 'text', ...jobFields('new_jobs[]') },
};
