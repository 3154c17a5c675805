import type { NextCall, SotaError } from '#contract/errors/sota-error.ts';
import { verdict } from '#contract/verdict.ts';
import { liveSecrets } from '#kit/redact.ts';
import { visibleJson } from '#kit/visible-json.ts';
import { annotationsOf } from '#tools/annotations.ts';
import type { AnyTool, ToolResult } from '#tools/define-tool.ts';
import { fitResult } from '#tools/fit-result.ts';
import { withoutMentions } from '#tools/mentions.ts';
import { offer } from '#tools/next.ts';
import { tools as allTools } from '#tools/registry.ts';
import { show, showAs, showUnknown } from '#tools/show.ts';
import { protect } from '#tools/untrusted.ts';
import type { ToolListing } from './catalogue.ts';
import { inputSchema, outputSchema } from './portable-schema.ts';

/**
 * The only place that builds protocol objects.
 *
 * Some hosts show a model nothing but structuredContent, others nothing but text, so both carry the same data. An error
 * is text only: one host shows a model the structured part instead of the text, and drops the sentence that helps.
 */
export interface RenderedResult {
  [key: string]: unknown;
  content: { type: 'text'; text: string }[];
  structuredContent?: Record<string, unknown>;
  isError?: boolean;
}

/** Tools a host should show with their schema from the start, where it defers the others. */
const ENTRY_TOOLS = new Set(['get_status', 'list_jobs', 'read_doc']);

/** What tools/list says about a tool where all others can be called too. */
export function renderTool(tool: AnyTool): ToolListing {
  return {
    name: tool.name,
    title: tool.title,
    description: tool.description,
    inputSchema: inputSchema(tool.input),
    ...(tool.output && { outputSchema: outputSchema(tool.output) }),
    annotations: annotationsOf(tool),
    ...(ENTRY_TOOLS.has(tool.name) && { _meta: { 'anthropic/alwaysLoad': true } }),
  };
}

/**
 * An answer with data: the same in both forms. In the text nothing is hidden: data that passes byte for byte may hold
 * what nobody would see, and there it stands as its JSON escape.
 */
export function renderData(data: ToolResult): RenderedResult {
  return { content: [{ type: 'text', text: visibleJson(data) }], structuredContent: { ...data } };
}

/** An answer that is prose. */
export function renderProse(text: string): RenderedResult {
  return { content: [{ type: 'text', text: liveSecrets.redactKnown(text) }] };
}

/** The shape of every error a model sees. */
interface ErrorText {
  readonly error: {
    readonly code: string;
    readonly message: string;
    readonly fix: string;
    readonly retryable: boolean;
    readonly retry_after_seconds?: number;
    /** The marketplace's own words, fenced: they may quote anybody. */
    readonly marketplace_said?: unknown;
    readonly details?: unknown;
    readonly did_you_mean?: string;
    readonly example?: unknown;
    readonly next?: readonly NextCall[];
  };
  readonly outcome: SotaError['outcome'];
  readonly recovery?: SotaError['recovery'];
}

/** An error as an answer the model can act on. Suggests and names only tools that are active here. */
export function renderError(error: SotaError, activeTools: ReadonlySet<string>): RenderedResult {
  const next = offer(error.next ?? [], activeTools);
  const absent = allTools.filter(({ name }) => !activeTools.has(name)).map(({ name }) => name);
  const text: ErrorText = {
    error: {
      code: error.code,
      message: error.message,
      fix: withoutMentions(error.fix, absent),
      retryable: error.retryable,
      ...(error.retryAfterSeconds !== undefined && { retry_after_seconds: error.retryAfterSeconds }),
      ...(error.said !== undefined && { marketplace_said: showAs('prose', 'marketplace', error.said) }),
      ...(error.details && { details: detailsOf(error) }),
      ...(error.didYouMean !== undefined && { did_you_mean: error.didYouMean }),
      ...(error.example && { example: error.example }),
      ...(next.length && { next }),
    },
    outcome: error.outcome,
    ...(error.recovery && { recovery: error.recovery }),
  };
  const clean = fitResult(protect({ ...text }, { provenance: false }));
  return { content: [{ type: 'text', text: visibleJson(clean) }], isError: true };
}

/** What came over the wire is somebody else's; what we found out here is ours. */
function detailsOf({ details, said, httpStatus }: SotaError): unknown {
  if (said === undefined && httpStatus === undefined) return details;
  if (details?.passed !== false) return showUnknown(details);
  // Its message is what the marketplace said, which stands above.
  const { message: _said, reason: _again, ...facts } = details;
  return show(verdict, facts);
}
