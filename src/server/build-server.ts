import { CLIENT_CAPABILITIES_META_KEY, McpServer, type ServerContext } from '@modelcontextprotocol/server';
import { version } from '#kit/version.ts';
import type { DocsLibrary } from '#tools/context.ts';
import type { AnsweredCalls } from './answered-calls.ts';
import { absentFrom, type Catalogue, type CatalogueTool, listTools, type ToolListing } from './catalogue.ts';
import type { HostRound } from './consent.ts';
import { DIALOGUE_MS } from './dialogue.ts';
import type { Dispatch } from './dispatch.ts';
import { addDocs } from './docs-resources.ts';
import { instructionsFor } from './instructions.ts';
import { addLiveResources } from './live-resources.ts';
import { addPrompts } from './prompts.ts';
import { createSkill } from './skill-source.ts';

export interface ServerParts {
  readonly catalogue: Catalogue;
  /** Those of the catalogue that can be called here. */
  readonly tools: readonly CatalogueTool[];
  readonly dispatch: Dispatch;
  readonly docs: DocsLibrary;
  /** Told what a call settled; whoever knows when its answer has left tells it so. */
  readonly answered?: AnsweredCalls;
}

/** The catalogue is fixed while the process lives, so hosts may keep it. */
const CACHE = { ttlMs: 3_600_000, cacheScope: 'public' as const };
const MAX_KEY = 255;

/**
 * One MCP server over the given tools. Cheap and without side effects: hosts that probe make the factory run twice.
 * Tools are listed and called by handlers of our own, because the SDK answers an unknown tool with a protocol error,
 * which no model gets to read, and wrong arguments with a schema dump.
 */
export function buildServer({ catalogue, tools, dispatch, docs, answered }: ServerParts): McpServer {
  const absent = absentFrom(tools, catalogue);
  const server = new McpServer(
    // Nothing more: the modern protocol repeats this object in every single result.
    { name: 'sota-mcp', title: 'SOTA marketplace', version },
    {
      instructions: instructionsFor(tools, absent),
      capabilities: {
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
      // The note that comes back with a human's answer is verified where its contents are understood, see `consent.ts`.
      inputRequired: { roundTimeoutMs: DIALOGUE_MS },
    },
  );
  // Told of tools in its options, the SDK would set up a server of tools of its own.
  server.server.registerCapabilities({ tools: { listChanged: false } });
  let list: ToolListing[] | undefined;
  server.server.setRequestHandler('tools/list', () => {
    // Kept: hosts ask for it more than once, and probes not at all.
    list ??= listTools(tools, absent);
    return { tools: list };
  });
  server.server.setRequestHandler('tools/call', (request, context) => {
    const { name, arguments: args } = request.params;
    const { id, signal } = context.mcpReq;
    signal.addEventListener('abort', () => answered?.forget(id), { once: true });
    return dispatch({
      name,
      arguments: args,
      signal,
      progress: progressOf(context),
      ...(answered && {
        onUnseen: (markSeen: () => Promise<void>) => {
          // A call that was cancelled gets no answer, so whatever it settles stays unseen.
          if (!signal.aborted) answered.note(id, markSeen);
        },
      }),
      idempotencyKey: keyOf(context),
      round: roundOf(context, server.server.getClientCapabilities()),
    });
  });
  addDocs(server, docs, catalogue.docSizes);
  addLiveResources(server, tools, dispatch);
  addPrompts(server, { tools, docs, dispatch });
  createSkill().attach(server);
  return server;
}

/** Whether this host can ask its human, and what it brings back. Modern hosts say so with every call, older ones once. */
function roundOf({ mcpReq }: ServerContext, declared: Capabilities | undefined): HostRound {
  const envelope = mcpReq.envelope as Readonly<Record<string, unknown>> | undefined;
  const { elicitation } = (envelope?.[CLIENT_CAPABILITIES_META_KEY] as Capabilities | undefined) ?? declared ?? {};
  const state = mcpReq.requestState<unknown>();
  return {
    // An empty declaration means forms; one that names only other modes does not.
    canAsk: elicitation !== undefined && (elicitation.form !== undefined || Object.keys(elicitation).length === 0),
    state: typeof state === 'string' ? state : undefined,
    responses: mcpReq.inputResponses,
  };
}

type Capabilities = { readonly elicitation?: Readonly<Record<string, unknown>> | undefined };

/** A key of the host's own for this call (`_meta.idempotencyKey`), where it gives one. */
function keyOf(context: ServerContext): string | undefined {
  const key = (context.mcpReq._meta as Record<string, unknown> | undefined)?.idempotencyKey;
  return typeof key === 'string' && key.length > 0 && key.length <= MAX_KEY ? key : undefined;
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
