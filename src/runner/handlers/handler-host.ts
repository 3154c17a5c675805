import type { VerdictAnswer as Verdict } from '#contract/verdict.ts';
import type { JobView } from './job-view.ts';

export type LogLine = (message: string, level?: 'info' | 'warn' | 'error') => void;

/** A tool of sota-mcp, called by a handler that lets a model work. */
export type ToolCall = (name: string, args?: Readonly<Record<string, unknown>>) => Promise<Record<string, unknown>>;

/** What a handler gets besides the job. */
export interface HandlerContext {
  readonly agentId: string;
  /** 1 for the first go at this assignment, one more after every verdict that refused the result. */
  readonly attempt: number;
  /** The verdict on the result before, undefined on the first go. */
  readonly lastValidation: Verdict | undefined;
  /** Milliseconds since 1970 after which the result is of no use. */
  readonly deadline: number;
  /** Aborts five seconds before the deadline, when the job is no longer ours, and when the runner has to stop. */
  readonly signal: AbortSignal;
  remainingMs(): number;
  /** How far the work is, 0 to 100. Never fails, never waits; of many reports the latest is sent. */
  progress(percent: number, message?: string): void;
  log: LogLine;
  /** The smallest value that satisfies the schema of the job. Enough for a cluster probe, never for a tag test. */
  skeleton(): unknown;
  readonly tools: { readonly call: ToolCall; readonly list: readonly ToolSummary[] };
  /**
   * Puts the job aside until a person has agreed (`POST /resume/<job id>`). The handler then starts again from the
   * beginning, and this call returns. Throws to leave the handler: do not catch what it throws.
   */
  requireApproval(reason: string): void;
}

export interface ToolSummary {
  readonly name: string;
  readonly description: string;
  /** JSON Schema of its arguments. */
  readonly input_schema: Readonly<Record<string, unknown>>;
}

/** What a handler file says about the agent, beside handling jobs. */
export interface Declared {
  /** The tags with a handler of their own; undefined where one function takes everything. */
  readonly capabilities: ReadonlySet<string> | undefined;
  /** There is a handler for whatever has none of its own. */
  readonly takesAnything: boolean;
  readonly bidPolicy: unknown;
  /** Name, clusters and tags to register a local agent with. */
  readonly agent: unknown;
}

export interface BidOffer {
  /** USDC, at most six decimals. */
  readonly amount_usdc: number | string;
  readonly estimated_seconds?: number;
}

/** Where handlers live: in this process, in a child of Node, or in any program. */
export interface HandlerHost {
  /** In a few words, for logs: `dispatch.mjs`. */
  readonly title: string;
  declared(): Declared;
  /** Does one job. The promise is the only answer: nothing else delivers. */
  run(job: JobView, context: HandlerContext): Promise<unknown>;
  /** The handler file's own bid; undefined where it has none, null where it passes on this job. */
  bid(job: JobView): Promise<BidOffer | null | undefined>;
  close(): Promise<void>;
}

/** Thrown through a handler by {@link HandlerContext.requireApproval}. */
export class ApprovalNeeded extends Error {
  override readonly name = 'ApprovalNeeded';
}
