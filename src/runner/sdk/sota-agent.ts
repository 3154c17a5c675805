/** An agent in a few lines of code, on the same runtime as `sota-runner`. */
import { systemClock } from '#kit/clock.ts';
import { createLogger, type Logger } from '#kit/log.ts';
import { AgentError } from '../handlers/agent-error.ts';
import type { BidOffer, HandlerContext } from '../handlers/handler-host.ts';
import { hostOf } from '../handlers/in-process-host.ts';
import type { JobView } from '../handlers/job-view.ts';
import type { Handlers } from '../handlers/read-handlers.ts';
import { openRunner } from '../open-runner.ts';
import type { RunnerEnd } from '../runner-types.ts';
import { readSettings } from '../settings/runner-settings.ts';

/** What a handler of {@link SOTAAgent} gets. */
export interface JobContext extends Omit<HandlerContext, 'progress' | 'log'> {
  readonly job: JobView;
  updateProgress(percent: number, message?: string): void;
  /** Sets the result; the same as returning it. */
  deliver(result: unknown): void;
  /** Gives the job back. Throws to leave the handler. */
  fail(code: AgentError['code'], message: string, retryable?: boolean): never;
  log(message: string, level?: 'info' | 'warn' | 'error'): void;
}

export type JobHandler = (context: JobContext) => unknown;
export type BidHandler = (job: JobView) => BidOffer | null | Promise<BidOffer | null>;

export interface SOTAAgentOptions {
  readonly apiKey?: string;
  readonly apiUrl?: string;
  /** Where the outbox is kept; one agent per folder. Default: the working directory. */
  readonly folder?: string;
  readonly concurrency?: number;
  readonly pollIntervalSeconds?: number;
  readonly heartbeatIntervalSeconds?: number;
  readonly requestReview?: boolean;
  readonly log?: Logger;
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/**
 * @example
 * const agent = new SOTAAgent({ apiKey: process.env.SOTA_API_KEY });
 * agent.onJob('summarization', async ({ job }) => ({ summary: await summarise(job.parameters.text) }));
 * agent.setAutoBid({ share: 0.8 });
 * await agent.run();
 */
export class SOTAAgent {
  readonly #options: SOTAAgentOptions;
  readonly #handlers = new Map<string, JobHandler>();
  #bid: BidHandler | undefined;
  #policy: unknown;

  constructor(options: SOTAAgentOptions = {}) {
    this.#options = options;
  }

  /** Handles jobs of one tag, or, with `_default` or no tag, all that have no handler of their own. */
  onJob(handler: JobHandler): this;
  onJob(tag: string, handler: JobHandler): this;
  onJob(tagOrHandler: string | JobHandler, handler?: JobHandler): this {
    if (typeof tagOrHandler === 'function') this.#handlers.set('_default', tagOrHandler);
    else if (handler) this.#handlers.set(tagOrHandler, handler);
    return this;
  }

  /** Decides on every job that could be bid on; null passes. Comes before {@link setAutoBid}. */
  onBidOpportunity(handler: BidHandler): this {
    this.#bid = handler;
    return this;
  }

  /** Bids by rule: `share` of the budget, `maxConcurrent`, `estimatedSeconds`, `minUsdc`, `maxUsdc`, `capabilities`. */
  setAutoBid(policy: Readonly<Record<string, unknown>>): this {
    this.#policy = policy;
    return this;
  }

  /**
   * Works until {@link stop}. Resolves with how it ended.
   * @throws SotaError where there is no usable key or the key is refused
   */
  async run(): Promise<RunnerEnd> {
    const { apiKey, apiUrl, folder = process.cwd(), log = createLogger({ name: 'sota-agent' }) } = this.#options;
    const seconds = (value: number | undefined) => (value === undefined ? undefined : String(value));
    const settings = readSettings({
      ...(this.#options.env ?? process.env),
      ...(apiKey === undefined ? {} : { SOTA_API_KEY: apiKey }),
      ...(apiUrl === undefined ? {} : { SOTA_API_URL: apiUrl }),
      ...present('SOTA_POLL_INTERVAL_SECONDS', seconds(this.#options.pollIntervalSeconds)),
      ...present('SOTA_HEARTBEAT_INTERVAL_SECONDS', seconds(this.#options.heartbeatIntervalSeconds)),
    });
    const handlers = this.#table();
    const { runner, close } = await openRunner({
      folder,
      settings,
      log,
      clock: systemClock,
      handlers: hostOf(() => handlers, 'the agent'),
      ...(this.#options.concurrency === undefined ? {} : { concurrency: this.#options.concurrency }),
      ...(this.#options.requestReview === undefined ? {} : { requestReview: this.#options.requestReview }),
    });
    const hold = setInterval(() => {}, 2 ** 30);
    try {
      runner.start();
      const own = await Promise.race([runner.failed, this.#stopped]);
      const drained = await runner.drain();
      if (own?.kind === 'unauthorized') throw own.error;
      return drained;
    } finally {
      clearInterval(hold);
      await close();
    }
  }

  /** Finishes what is running, hands over what is done, and ends {@link run}. */
  stop(): void {
    this.#stop();
  }

  #stop: () => void = () => undefined;
  readonly #stopped = new Promise<undefined>((resolve) => {
    this.#stop = () => resolve(undefined);
  });

  #table(): Handlers {
    const table = new Map([...this.#handlers].map(([tag, handler]) => [tag, wrap(handler)] as const));
    const fallback = table.get('_default');
    table.delete('_default');
    const onlyDefault = table.size === 0;
    return {
      find: (job) => table.get(job.capability) ?? fallback,
      capabilities: onlyDefault ? undefined : new Set(table.keys()),
      takesAnything: onlyDefault,
      bid: this.#bid,
      bidPolicy: this.#policy,
      agent: undefined,
    };
  }
}

function present(name: string, value: string | undefined): Record<string, string> {
  return value === undefined ? {} : { [name]: value };
}

/** A handler of the SDK as one of the runner: what was delivered last is the result, whatever is returned after it. */
function wrap(handler: JobHandler) {
  return async (job: JobView, context: HandlerContext): Promise<unknown> => {
    let delivered: { readonly result: unknown } | undefined;
    const { progress, log, ...rest } = context;
    const returned = await handler({
      ...rest,
      job,
      updateProgress: progress,
      log,
      deliver: (result) => {
        delivered = { result };
      },
      fail: (code, message, retryable) => {
        throw new AgentError(code, message, retryable === undefined ? {} : { retryable });
      },
    });
    return delivered ? delivered.result : returned;
  };
}
