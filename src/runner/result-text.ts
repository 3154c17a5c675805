import { AgentError } from './handlers/agent-error.ts';
import type { JobView } from './handlers/job-view.ts';

/** The contract's limit on the text of a result, in characters. */
const MAX_RESULT = 1_000_000;

/**
 * The text that is delivered for what a handler returned: JSON, except that a job without a schema may be answered in
 * plain words. A string that is JSON already is taken as it is, unless the schema asks for a string.
 * @throws AgentError `internal_error` for what has no JSON form or is too long
 * @example resultText({ issues: [] }, job) // '{"issues":[]}'
 */
export function resultText(returned: unknown, job: Pick<JobView, 'expected_schema' | 'kind'>): string {
  const text = typeof returned === 'string' ? textOf(returned, job) : stringify(returned);
  if (text.length <= MAX_RESULT) return text;
  throw new AgentError('internal_error', `The result has ${text.length} characters, more than ${MAX_RESULT}`, {
    retryable: false,
  });
}

function textOf(returned: string, { expected_schema, kind }: Pick<JobView, 'expected_schema' | 'kind'>): string {
  if (expected_schema?.type === 'string') return JSON.stringify(returned);
  if (isJson(returned)) return returned;
  return expected_schema === null && kind === 'job' ? returned : JSON.stringify(returned);
}

function stringify(returned: unknown): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(returned);
  } catch (error) {
    throw new AgentError('internal_error', `The result has no JSON form: ${String(error)}`, { cause: error });
  }
  if (text !== undefined) return text;
  throw new AgentError('internal_error', `The handler returned ${typeof returned}, which is no result`);
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
