import { McpServer, type ServerContext } from '@modelcontextprotocol/server';
import { version } from '#kit/version.ts';
import type { DocsLibrary } from '#tools/context.ts';
import type { AnyTool } from '#tools/define-tool.ts';
import { tools as allTools } from '#tools/registry.ts';
import type { Dispatch } from './dispatch.ts';
import { addDocs } from './docs-resources.ts';
import { instructionsFor } from './instructions.ts';
import { addLiveResources } from './live-resources.ts';
import { addPrompts } from './prompts.ts';
import { renderTool } from './render.ts';
import { createSkill } from './skill-source.ts';

export interface ServerParts {
  readonly tools: readonly AnyTool[];
  readonly dispatch: Dispatch;
  readonly docs: DocsLibrary;
  /** Bytes of each page, from `measureDocs`; left out of the list where it is not given. */
  readonly docSizes?: ReadonlyMap<string, number>;
}

/** The catalogue is fixed while the process lives, so hosts may keep it. */
const CACHE = { ttlMs: 3_600_000, cacheScope: 'public' as const };

/**
 * One MCP server over the given tools. Cheap and without side effects: hosts that probe make the factory run twice.
 * Tools are listed and called by handlers of our own, because the SDK answers an unknown tool with a protocol error,
 * which no model gets to read, and wrong arguments with a schema dump.
 */
export function buildServer({ tools, dispatch, docs, docSizes }: ServerParts): McpServer {
  const server = new McpServer(
    // Nothing more: the modern protocol repeats this object in every single result.
    { name: 'sota-mcp', title: 'SOTA marketplace', version },
    {
      instructions: instructionsFor(tools),
      capabilities: {
        tools: { listChanged: false },
        resources: { listChanged: false },
        prompts: { listChanged: false },
      },
      cacheHints: {
        'server/discover': CACHE,
        'tools/list': CACHE,
        'prompts/list': CACHE,
        'resources/list': CACHE,
        'resources/templates/list': CACHE,
        'resources/read': CACHE,
      },
    },
  );
  const list = createList(tools);
  server.server.setRequestHandler('tools/list', () => ({ tools: list() }));
  server.server.setRequestHandler('tools/call', (request, context) => {
    const { name, arguments: args } = request.params;
    return dispatch({ name, arguments: args, signal: context.mcpReq.signal, progress: progressOf(context) });
  });
  addDocs(server, docs, docSizes);
  addLiveResources(server, tools, dispatch);
  addPrompts(server, { tools, docs, dispatch });
  createSkill().attach(server);
  return server;
}

type ListedTool = { name: string; inputSchema: { type: 'object' } };

/** Rendered with the first request and kept: hosts ask for the list more than once, and probes not at all. */
function createList(tools: readonly AnyTool[]): () => ListedTool[] {
  let list: ListedTool[] | undefined;
  const active = new Set(tools);
  return () => {
    const absent = allTools.filter((tool) => !active.has(tool)).map(({ name }) => name);
    list ??= tools.map((tool) => renderTool(tool, absent) as ListedTool);
    return list;
  };
}

/** Sends progress where the host asked for it. Never the last step: a tick racing its own answer upsets clients. */
function progressOf(context: ServerContext): ((done: number, total?: number, message?: string) => void) | undefined {
  const progressToken = context.mcpReq._meta?.progressToken;
  if (progressToken === undefined) return undefined;
  return (done, total, message) => {
    if (total !== undefined && done >= total) return;
    const params = {
      progressToken,
      progress: done,
      ...(total !== undefined && { total }),
      ...(message !== undefined && { message }),
    };
    // The host may be gone by now; then nobody misses the tick.
    void context.mcpReq.notify({ method: 'notifications/progress', params }).catch(() => {});
  };
}
