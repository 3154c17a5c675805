import type { VerdictAnswer as Verdict } from '#contract/verdict.ts';
import type { BidOffer, ToolSummary } from './handler-host.ts';
import type { JobView } from './job-view.ts';

/** What runner and handler process say to each other; JSON over the IPC channel. A process works on one job at a time. */
export type ToChild =
  | {
      readonly type: 'run';
      readonly job: JobView;
      readonly go: ChildGo;
      readonly tools: readonly ToolSummary[];
    }
  | { readonly type: 'bid'; readonly job: JobView }
  | { readonly type: 'abort'; readonly reason: string }
  | { readonly type: 'tool_result'; readonly id: number; readonly result?: unknown; readonly error?: string };

export interface ChildGo {
  readonly agentId: string;
  readonly attempt: number;
  readonly lastValidation: Verdict | null;
  readonly deadline: number;
  readonly approved: boolean;
}

export type FromChild =
  | { readonly type: 'ready'; readonly declared: PlainDeclared; readonly hasBid: boolean }
  | { readonly type: 'unusable'; readonly message: string }
  | { readonly type: 'progress'; readonly percent: number; readonly message?: string }
  | { readonly type: 'log'; readonly message: string; readonly level: 'info' | 'warn' | 'error' }
  | {
      readonly type: 'tool';
      readonly id: number;
      readonly name: string;
      readonly args: Readonly<Record<string, unknown>>;
    }
  | { readonly type: 'result'; readonly value: unknown; readonly missing: boolean }
  | { readonly type: 'offer'; readonly offer: BidOffer | null | undefined }
  | { readonly type: 'error'; readonly error: PlainError };

export interface PlainDeclared {
  readonly capabilities: readonly string[] | null;
  readonly takesAnything: boolean;
  readonly bidPolicy: unknown;
  readonly agent: unknown;
}

/** An error that has lost its class on the way; its name says what it was. */
export interface PlainError {
  readonly name: string;
  readonly message: string;
  readonly code?: string;
  readonly retryable?: boolean;
}

export function plainError(thrown: unknown): PlainError {
  const { name, message, code, retryable } = (thrown ?? {}) as Record<string, unknown>;
  return {
    name: typeof name === 'string' ? name : 'Error',
    message: typeof message === 'string' ? message : String(thrown),
    ...(typeof code === 'string' ? { code } : {}),
    ...(typeof retryable === 'boolean' ? { retryable } : {}),
  };
}
