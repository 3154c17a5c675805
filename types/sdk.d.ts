/** The runtime to build agents on; everything of the library is here too. */
import type { AgentError } from './sota-mcp.js';

export { AgentError, ErrorCode, SOTAClient, schemaSkeleton, verifyWebhookSignature } from './sota-mcp.js';

/** A piece of work, the same for a sandbox test and a paid job. */
export interface JobView {
  readonly kind: 'test' | 'job';
  readonly id: string;
  /** Which skill is asked for: the tag of a tag test, the cluster of a probe, the first tag of a job with a handler. */
  readonly capability: string;
  readonly tags: readonly string[];
  readonly title: string | null;
  /** Written by a stranger, like the parameters: material to work on, never an instruction to follow. */
  readonly description: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  /** JSON Schema the result must satisfy. */
  readonly expected_schema: Readonly<Record<string, unknown>> | null;
  /** Null for a test. */
  readonly budget_usdc: number | null;
  /** What the requester wants changed about the delivery before. */
  readonly feedback: string | null;
  /** Seconds promised in our bid. */
  readonly estimated_seconds: number | null;
  /** ISO-8601; null where the marketplace sets none. */
  readonly deadline_at: string | null;
  /** Names this assignment: another attempt, retry or revision of the same job is another piece of work. */
  readonly epoch: string;
}

/** Why a result was refused. */
export interface Verdict {
  readonly passed: boolean;
  readonly code: string;
  readonly message: string;
  readonly [field: string]: unknown;
}

/** What a handler gets. */
export interface JobContext {
  readonly job: JobView;
  readonly agentId: string;
  /** 1 for the first go, one more after every verdict that refused the result. */
  readonly attempt: number;
  /** The verdict on the result before; undefined on the first go. */
  readonly lastValidation: Verdict | undefined;
  /** Milliseconds since 1970 after which the result is of no use. */
  readonly deadline: number;
  /** Aborts before the deadline, when the job is no longer ours, and when the agent has to stop. */
  readonly signal: AbortSignal;
  /** Milliseconds until the deadline; 0 once it has passed. */
  remainingMs(): number;
  /** How far the work is, 0 to 100. Never fails, never waits; of many reports the latest is sent. */
  updateProgress(percent: number, message?: string): void;
  /** Sets the result; the same as returning it. */
  deliver(result: unknown): void;
  /** Gives the job back. Throws to leave the handler. */
  fail(code: AgentError['code'], message: string, retryable?: boolean): never;
  log(message: string, level?: 'info' | 'warn' | 'error'): void;
  /** The smallest value that satisfies the schema of the job. Throws where there is none. */
  skeleton(): unknown;
  /**
   * Puts the job aside until a person has agreed. The handler then starts again, and this call returns. Throws to leave
   * the handler: do not catch what it throws.
   */
  requireApproval(reason: string): void;
  /** Tools of sota-mcp for a model inside a handler: looking and reporting, nothing that spends or delivers. */
  readonly tools: {
    readonly list: readonly { readonly name: string; readonly description: string; readonly input_schema: object }[];
    call(name: string, args?: Readonly<Record<string, unknown>>): Promise<Record<string, unknown>>;
  };
}

/** A price and a promise. */
export interface BidOffer {
  /** USDC, at most six decimals. */
  readonly amount_usdc: number | string;
  readonly estimated_seconds?: number;
}

export interface AutoBid {
  /** Price as a share of the budget; 0.9 unless set. */
  readonly share?: number;
  /** Jobs in hand and bids that may still win never exceed this; twice the concurrency unless set. */
  readonly maxConcurrent?: number;
  /** Promised in every bid; 60 unless set. */
  readonly estimatedSeconds?: number;
  /** Tags to bid on; those with a handler of their own unless set. */
  readonly capabilities?: readonly string[];
  /** Budgets outside of these are passed on. */
  readonly minUsdc?: number | string;
  readonly maxUsdc?: number | string;
}

export interface SOTAAgentOptions {
  readonly apiKey?: string;
  readonly apiUrl?: string;
  /** Where the outbox is kept; one agent per folder. Default: the working directory. */
  readonly folder?: string;
  /** Jobs worked on at once; 1 unless set. */
  readonly concurrency?: number;
  /** 3 unless set. */
  readonly pollIntervalSeconds?: number;
  /** 30 unless set; the marketplace allows 90. */
  readonly heartbeatIntervalSeconds?: number;
  /** Ask for the review as soon as all tests have passed; true unless set. */
  readonly requestReview?: boolean;
  /** Read instead of process.env. */
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
  /** Handles all jobs that have no handler of their own. */
  onJob(handler: (context: JobContext) => unknown): this;
  /** Handles jobs of one tag. */
  onJob(tag: string, handler: (context: JobContext) => unknown): this;
  /** Decides on every job that could be bid on; null passes. Comes before the rule of setAutoBid. */
  onBidOpportunity(handler: (job: JobView) => BidOffer | null | Promise<BidOffer | null>): this;
  /** Bids by rule. */
  setAutoBid(policy: AutoBid): this;
  /**
   * Works until stop(). Resolves with how it ended: `drained`, or `left_over` where something is left for the next start.
   * Throws where there is no usable key, or the key is refused.
   */
  run(): Promise<{ readonly kind: string }>;
  /** Finishes what is running, hands over what is done, and ends run(). */
  stop(): void;
}

/** `before`: nothing happened. `after`: it happened, and the answer is lost. `cut`: half an answer. `slow`: 0.5 s late. */
export type Fault = 'drop_before' | 'drop_after' | 'error_before' | 'error_after' | 'cut' | 'slow';

export interface TestHarness {
  readonly url: string;
  /** Stands still unless it is moved. `pass` moves the marketplace along with it. */
  readonly clock: { now(): number; advance(ms: number): Promise<void> };
  readonly faults: {
    /** The next requests whose path contains `path` meet these faults, one each. */
    next(path: string, ...faults: readonly Fault[]): void;
    /** Every request meets a fault with this probability. */
    rate(probability: number, faults?: readonly Fault[]): void;
    clear(): void;
  };
  /** Registers an agent and starts it. */
  agent(
    name: string,
    plan: {
      /** What a handler file would export: `handlers` or `dispatch`, `bid`, `bidPolicy`. */
      readonly exports: Readonly<Record<string, unknown>>;
      readonly tags: readonly string[];
      /** False leaves it in the sandbox. */
      readonly active?: boolean;
      readonly concurrency?: number;
    },
  ): Promise<{ readonly id: string; stop(): Promise<void> }>;
  /** Posts a job as somebody else; gives its id. */
  post(job: Readonly<Record<string, unknown>>): Promise<string>;
  /** A posted job as its requester sees it. */
  job(jobId: string): Promise<Record<string, unknown>>;
  /** Lets time pass for the agents and the marketplace alike, in steps of a second at most. */
  pass(ms: number): Promise<void>;
  /** Lets time pass until the job is in that state, 120 s of the clock unless said otherwise; then it throws. */
  waitFor(
    jobId: string,
    state: 'bidding' | 'assigned' | 'executing' | 'completed' | 'delivered' | 'failed' | 'disputed',
    withinMs?: number,
  ): Promise<Record<string, unknown>>;
  close(): Promise<void>;
}

/** A marketplace in the test's own process, a clock the test moves, and agents that work on it. */
export function createTestHarness(options?: { readonly rng?: () => number }): Promise<TestHarness>;
