import type { NextCall, SotaError } from '#contract/errors/sota-error.ts';
import { sanitiseText } from '#kit/text-sanitise.ts';
import { annotationsOf } from '#tools/annotations.ts';
import type { AnyTool, ToolResult } from '#tools/define-tool.ts';
import { fitResult } from '#tools/fit-result.ts';
import { withoutMentions } from '#tools/mentions.ts';
import { offer } from '#tools/next.ts';
import { tools as allTools } from '#tools/registry.ts';
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

/** What tools/list says about a tool. `absentTools`: names of those that exist but cannot be called here. */
export function renderTool(tool: AnyTool, absentTools: readonly string[] = []): Record<string, unknown> {
  return {
    name: tool.name,
    title: tool.title,
    description: withoutMentions(tool.description, absentTools),
    inputSchema: inputSchema(tool.input),
    ...(tool.output && { outputSchema: outputSchema(tool.output) }),
    annotations: annotationsOf(tool),
    ...(ENTRY_TOOLS.has(tool.name) && { _meta: { 'anthropic/alwaysLoad': true } }),
  };
}

/** An answer with data: the same in both forms. */
export function renderData(data: ToolResult): RenderedResult {
  return { content: [{ type: 'text', text: JSON.stringify(data) }], structuredContent: { ...data } };
}

/** An answer that is prose. */
export function renderProse(text: string): RenderedResult {
  return { content: [{ type: 'text', text }] };
}

/** The shape of every error a model sees. */
interface ErrorText {
  readonly error: {
    readonly code: string;
    readonly message: string;
    readonly fix: string;
    readonly retryable: boolean;
    readonly retry_after_seconds?: number;
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
      ...(error.details && { details: error.details }),
      ...(error.didYouMean !== undefined && { did_you_mean: error.didYouMean }),
      ...(error.example && { example: error.example }),
      ...(next.length && { next }),
    },
    outcome: error.outcome,
    ...(error.recovery && { recovery: error.recovery }),
  };
  // A marketplace's error may quote a stranger: nothing invisible gets through, whatever field it is in.
  const clean: ToolResult = JSON.parse(
    JSON.stringify(text, (_key, value) => (typeof value === 'string' ? sanitiseText(value).text : value)),
  );
  return { content: [{ type: 'text', text: JSON.stringify(fitResult(clean)) }], isError: true };
}
