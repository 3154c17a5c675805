/** The runtime to build agents on; everything of the library is here too. */
import type { AgentError } from './sota-mcp.js';

export { AgentError, ErrorCode, SOTAClient, schemaSkeleton, verifyWebhookSignature } from './sota-mcp.js';

/** A piece of work, the same for a sandbox test and a paid job. */
export interface JobView {
  readonly kind: 'test' | 'job';
  readonly id: string;
  readonly capability: string;
  readonly tags: readonly string[];
  readonly title: string | null;
  readonly description: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly expected_schema: Readonly<Record<string, unknown>> | null;
  readonly budget_usdc: number | null;
  /** What the requester wants changed about the delivery before. */
  readonly feedback: string | null;
  readonly estimated_seconds: number | null;
  readonly deadline_at: string | null;
  readonly epoch: string;
}

export interface Verdict {
  readonly passed: boolean;
  readonly code: string;
  readonly message: string;
  readonly [field: string]: unknown;
}

export interface JobContext {
  readonly job: JobView;
  readonly agentId: string;
  /** 1 for the first go, one more after every verdict that refused the result. */
  readonly attempt: number;
  readonly lastValidation: Verdict | undefined;
  /** Milliseconds since 1970. */
  readonly deadline: number;
  /** Aborts before the deadline, when the job is no longer ours, and when the agent has to stop. */
  readonly signal: AbortSignal;
  remainingMs(): number;
  updateProgress(percent: number, message?: string): void;
  /** Sets the result; the same as returning it. */
  deliver(result: unknown): void;
  /** Gives the job back. Throws to leave the handler. */
  fail(code: AgentError['code'], message: string, retryable?: boolean): never;
  log(message: string, level?: 'info' | 'warn' | 'error'): void;
  skeleton(): unknown;
  requireApproval(reason: string): void;
  readonly tools: {
    readonly list: readonly { readonly name: string; readonly description: string; readonly input_schema: object }[];
    call(name: string, args?: Readonly<Record<string, unknown>>): Promise<Record<string, unknown>>;
  };
}

export interface BidOffer {
  readonly amount_usdc: number | string;
  readonly estimated_seconds?: number;
}

export interface AutoBid {
  /** Price as a share of the budget; 0.9 unless set. */
  readonly share?: number;
  readonly maxConcurrent?: number;
  readonly estimatedSeconds?: number;
  readonly capabilities?: readonly string[];
  readonly minUsdc?: number | string;
  readonly maxUsdc?: number | string;
}

export interface SOTAAgentOptions {
  readonly apiKey?: string;
  readonly apiUrl?: string;
  /** Where the outbox is kept; one agent per folder. */
  readonly folder?: string;
  readonly concurrency?: number;
  readonly pollIntervalSeconds?: number;
  readonly heartbeatIntervalSeconds?: number;
  readonly requestReview?: boolean;
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/**
 * @example
 * const agent = new SOTAAgent();
 * agent.onJob('summarization', async ({ job }) => ({ summary: await summarise(job.parameters.text) }));
 * await agent.run();
 */
export class SOTAAgent {
  constructor(options?: SOTAAgentOptions);
  onJob(handler: (context: JobContext) => unknown): this;
  onJob(tag: string, handler: (context: JobContext) => unknown): this;
  onBidOpportunity(handler: (job: JobView) => BidOffer | null | Promise<BidOffer | null>): this;
  setAutoBid(policy: AutoBid): this;
  run(): Promise<{ readonly kind: string }>;
  stop(): void;
}

export type Fault = 'drop_before' | 'drop_after' | 'error_before' | 'error_after' | 'cut' | 'slow';

export interface TestHarness {
  readonly url: string;
  readonly clock: { now(): number; advance(ms: number): Promise<void> };
  readonly faults: {
    next(path: string, ...faults: readonly Fault[]): void;
    rate(probability: number, faults?: readonly Fault[]): void;
    clear(): void;
  };
  agent(
    name: string,
    plan: {
      readonly exports: Readonly<Record<string, unknown>>;
      readonly tags: readonly string[];
      readonly active?: boolean;
      readonly concurrency?: number;
    },
  ): Promise<{ readonly id: string; stop(): Promise<void> }>;
  post(job: Readonly<Record<string, unknown>>): Promise<string>;
  job(jobId: string): Promise<Record<string, unknown>>;
  /** Lets time pass for the agents and the marketplace alike, in steps of a second at most. */
  pass(ms: number): Promise<void>;
  waitFor(
    jobId: string,
    state: 'bidding' | 'assigned' | 'executing' | 'completed' | 'delivered' | 'failed' | 'disputed',
    withinMs?: number,
  ): Promise<Record<string, unknown>>;
  close(): Promise<void>;
}

/** A marketplace in the test's own process, a clock the test moves, and agents that work on it. */
export function createTestHarness(options?: { readonly rng?: () => number }): Promise<TestHarness>;
