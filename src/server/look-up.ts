import type { Dispatch } from './dispatch.ts';
import type { RenderedResult } from './render.ts';

/** A host completes while a person types: late is as good as never. */
const PATIENCE_MS = 3_000;
const MOST = 50;

/**
 * Completions from the answer of a read-only tool: one field of each entry of one of its lists. Nothing is completed
 * where the marketplace does not answer in time.
 * @example completeFrom(dispatch, 'list_jobs', 'jobs', 'id')
 */
export function completeFrom(
  dispatch: Dispatch,
  tool: string,
  list: string,
  field: string,
): (typed?: string) => Promise<string[]> {
  return async (typed = '') => {
    const answer = (await dispatch({
      name: tool,
      arguments: {},
      signal: AbortSignal.timeout(PATIENCE_MS),
    })) as RenderedResult;
    const entries = answer.structuredContent?.[list];
    if (!Array.isArray(entries)) return [];
    return entries
      .map((entry: unknown) => (entry as Record<string, unknown> | null)?.[field])
      .filter((value): value is string => typeof value === 'string' && value.startsWith(typed))
      .slice(0, MOST);
  };
}
