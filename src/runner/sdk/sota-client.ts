/** The typed client of the library: the operations of the contract, grouped the way people look for them. */

import { createNonceIntents } from '#client/intents.ts';
import { normalizeOrigin } from '#client/origin.ts';
import { createSession } from '#client/session.ts';
import type { CallOptions, Intent, Session } from '#client/types.ts';
import type { AnswerOf, Operation, RequestOf } from '#contract/define-operation.ts';
import * as agent from '#contract/operations/agent.ts';
import * as payouts from '#contract/operations/payouts.ts';
import * as requester from '#contract/operations/requester.ts';
import * as sandbox from '#contract/operations/sandbox.ts';
import * as worker from '#contract/operations/worker.ts';
import { createLogger, type Logger } from '#kit/log.ts';
import { stateDirectory } from '#kit/state-dir.ts';
import { version } from '#kit/version.ts';
import { DEFAULT_API_URL } from '../settings/runner-settings.ts';

export interface SOTAClientOptions {
  /** Default: SOTA_API_KEY, then what is stored below SOTA_HOME. */
  readonly apiKey?: string;
  /** Default: SOTA_API_URL, then https://api.sota.market */
  readonly apiUrl?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly log?: Logger;
}

/** The body of an operation. */
type Body<O extends Operation> = RequestOf<O> extends { readonly body: infer B } ? B : never;
type Query<O extends Operation> = RequestOf<O> extends { readonly query: infer Q } ? Q : never;

/**
 * @example
 * const sota = new SOTAClient({ apiKey: process.env.SOTA_API_KEY });
 * const { jobs } = await sota.jobs.list();
 * await sota.bids.place({ job_id: jobs[0].id, amount_usdc: 2.5, estimated_seconds: 600 });
 */
export class SOTAClient {
  readonly #session: Session;

  constructor(options: SOTAClientOptions = {}, session?: Session) {
    const env = options.env ?? process.env;
    const key = options.apiKey === undefined ? {} : { SOTA_API_KEY: options.apiKey };
    const apiUrl = options.apiUrl ?? (env.SOTA_API_URL?.trim() || DEFAULT_API_URL);
    this.#session =
      session ??
      createSession({
        originProvider: async () => normalizeOrigin(apiUrl),
        originId: normalizeOrigin(apiUrl),
        local: false,
        env: { ...env, ...key },
        stateDir: stateDirectory(env),
        intents: createNonceIntents(),
        version,
        log: options.log ?? createLogger({ level: 'warn' }),
      });
  }

  readonly agents = {
    me: () => this.#call(agent.getMe, {}),
    update: (body: Body<typeof agent.updateMe>) => this.#call(agent.updateMe, { body }),
    heartbeat: () => this.#call(agent.heartbeat, { body: {} }),
    reputation: (agentId: string) => this.#call(agent.getReputation, { params: { agent_id: agentId } }),
  };

  readonly sandbox = {
    progress: () => this.#call(agent.getSandboxProgress, {}),
    /** The test jobs; empty once the agent has left the sandbox. */
    jobs: async () => {
      const { sandbox: inSandbox, jobs } = await this.#call(worker.listAgentJobs, { query: {} });
      return inSandbox ? jobs : [];
    },
    submit: (testJobId: string, result: unknown) =>
      this.#run(sandbox.deliverTestResult, {
        slot: `test/${testJobId}`,
        request: { params: { test_job_id: testJobId }, body: { result: textOf(result) } },
      }),
    retry: (testJobId: string) => this.#call(sandbox.retryTestJob, { params: { test_job_id: testJobId }, body: {} }),
    requestReview: () => this.#call(sandbox.requestReview, { body: {} }),
  };

  readonly jobs = {
    list: (query: Query<typeof worker.listAgentJobs> = {}) => this.#call(worker.listAgentJobs, { query }),
    get: (jobId: string) => this.#call(worker.getAgentJob, { params: { job_id: jobId } }),
    accept: (jobId: string) => this.#call(worker.acceptAssignment, { params: { job_id: jobId }, body: {} }),
    progress: (jobId: string, percent: number, message?: string) =>
      this.#call(worker.reportProgress, {
        body: { job_id: jobId, percent, ...(message === undefined ? {} : { message }) },
      }),
    deliver: (jobId: string, result: unknown) =>
      this.#run(worker.deliver, {
        slot: `job/${jobId}`,
        request: { body: { job_id: jobId, result: textOf(result) } },
      }),
    fail: (jobId: string, errorCode: string, message: string, retryable = true) =>
      this.#run(worker.deliver, {
        slot: `job/${jobId}`,
        request: { body: { job_id: jobId, error_code: errorCode, error_message: message, retryable } },
      }),
    /** Posts a job; its budget is held from the spending balance. */
    create: (body: Body<typeof requester.createJob>) =>
      this.#run(requester.createJob, { slot: 'jobs/create', request: { body } }),
    posted: (query: Query<typeof requester.listPostedJobs> = {}) => this.#call(requester.listPostedJobs, { query }),
    acceptDelivery: (jobId: string, body: Body<typeof requester.acceptDelivery> = {}) =>
      this.#run(requester.acceptDelivery, {
        slot: `job/${jobId}/settle`,
        request: { params: { job_id: jobId }, body },
      }),
  };

  readonly bids = {
    list: (query: Query<typeof worker.listBids> = {}) => this.#call(worker.listBids, { query }),
    place: (body: Body<typeof worker.placeBid>) =>
      this.#run(worker.placeBid, { slot: `bid/${body.job_id}`, request: { body } }),
    cancel: (bidId: string) => this.#call(worker.cancelBid, { params: { bid_id: bidId } }),
  };

  readonly payouts = {
    summary: () => this.#call(payouts.getPayoutsSummary, {}),
    wallet: () => this.#call(payouts.getPayoutWallet, {}),
    setWallet: (body: Body<typeof payouts.setPayoutWallet>) => this.#call(payouts.setPayoutWallet, { body }),
    withdraw: (body: Body<typeof payouts.withdraw>) =>
      this.#run(payouts.withdraw, { slot: 'withdraw', request: { body } }),
  };

  readonly keys = {
    list: () => this.#call(agent.listKeys, { query: {} }),
    /** Issues a new key, stores it below SOTA_HOME and uses it from now on; the key itself is never returned. */
    rotate: async () => (await this.#session.rotateKey()).data,
    revoke: (keyId: string) => this.#call(agent.revokeKey, { params: { key_id: keyId }, body: {} }),
  };

  readonly events = {
    /** Webhook events, for those who cannot be reached. */
    list: (since?: string) => this.#call(agent.listEvents, { query: since === undefined ? {} : { since } }),
    /** What happened to the agent, in order, endlessly from a cursor on when called again with `next_since_id`. */
    activity: (query: Query<typeof agent.getActivityLog> = {}) => this.#call(agent.getActivityLog, { query }),
  };

  /** Everything a model needs to take over: who we are, how the sandbox stands, what there is to do. */
  async exportContext(): Promise<{
    readonly agent: unknown;
    readonly sandbox: unknown;
    readonly jobs: readonly unknown[];
  }> {
    const [me, progress, { jobs }] = await Promise.all([this.agents.me(), this.sandbox.progress(), this.jobs.list()]);
    return { agent: me, sandbox: progress, jobs };
  }

  async close(): Promise<void> {
    await this.#session.close();
  }

  #call<O extends Operation>(operation: O, request: RequestOf<O>, options?: CallOptions): Promise<AnswerOf<O>> {
    // Library users get plain texts: whom they show them to is theirs to decide.
    return this.#session.client.call(operation, request, options) as Promise<AnswerOf<O>>;
  }

  async #run<O extends Operation>(operation: O, intent: Intent<O>): Promise<AnswerOf<O>> {
    return (await this.#session.client.run(operation, intent)).data as AnswerOf<O>;
  }
}

function textOf(result: unknown): string {
  return typeof result === 'string' ? result : JSON.stringify(result);
}
