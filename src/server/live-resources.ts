import { type McpServer, ProtocolError, ProtocolErrorCode, ResourceTemplate } from '@modelcontextprotocol/server';
import type { Dispatch } from './dispatch.ts';
import { completeFrom } from './look-up.ts';
import type { RenderedResult } from './render.ts';

const JSON_TYPE = 'application/json';
/** What is true now may be false in a moment, and is nobody else's business. */
const LIVE = { ttlMs: 0, cacheScope: 'private' as const };

/**
 * The agent's standing and its jobs as resources, for hosts in which a person picks what a model gets to see. They are
 * the answers of tools, so they pass the same cleaning; a resource whose tool is switched off does not exist.
 */
export function addLiveResources(
  server: McpServer,
  tools: readonly { readonly name: string }[],
  dispatch: Dispatch,
): void {
  const has = (name: string) => tools.some((tool) => tool.name === name);
  if (has('get_status')) {
    const uri = 'sota://agent/status';
    server.registerResource(
      'agent-status',
      uri,
      {
        title: 'Status of this agent',
        description: 'Who it is, where it stands, and what to do next; live',
        mimeType: JSON_TYPE,
        annotations: { audience: ['user', 'assistant'], priority: 0.7 },
        cacheHint: LIVE,
      },
      async (_uri, context) => contents(uri, await ask(dispatch, 'get_status', {}, context.mcpReq.signal)),
    );
  }
  if (!has('get_job')) return;
  const template = new ResourceTemplate('sota://jobs/{job_id}', {
    list: undefined,
    complete: { job_id: has('list_jobs') ? completeFrom(dispatch, 'list_jobs', 'jobs', 'id') : () => [] },
  });
  server.registerResource(
    'job',
    template,
    {
      title: 'One job',
      description: 'Everything about a job this agent can see; live',
      mimeType: JSON_TYPE,
      cacheHint: LIVE,
    },
    async (uri, { job_id }, context) =>
      contents(uri.href, await ask(dispatch, 'get_job', { job_id: String(job_id) }, context.mcpReq.signal)),
  );
}

function contents(uri: string, text: string) {
  return { contents: [{ uri, mimeType: JSON_TYPE, text }] };
}

/** @throws ProtocolError with the tool's own words */
async function ask(dispatch: Dispatch, name: string, args: object, signal: AbortSignal): Promise<string> {
  // Tools that only read never put a question back to the host.
  const answer = (await dispatch({ name, arguments: args, signal })) as RenderedResult;
  const text = answer.content[0]?.text ?? '';
  if (answer.isError) throw new ProtocolError(ProtocolErrorCode.InvalidParams, sentenceOf(text));
  return text;
}

function sentenceOf(text: string): string {
  try {
    const { error } = JSON.parse(text) as { error?: { message?: string; fix?: string } };
    return [error?.message, error?.fix].filter(Boolean).join(' ') || text;
  } catch {
    return text;
  }
}
