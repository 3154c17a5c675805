/** A marketplace in the test's own process, a clock the test moves, and agents that work on it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger } from '#kit/log.ts';
import { hostOf } from '../handlers/in-process-host.ts';
import { readHandlers } from '../handlers/read-handlers.ts';
import { type OpenRunner, openRunner } from '../open-runner.ts';
import type { RunnerOptions } from '../runner-types.ts';
import { readSettings } from '../settings/runner-settings.ts';
import { createFakeClock, type FakeClock } from './fake-clock.ts';
import { type FaultSwitches, openFaultyFront } from './faulty-front.ts';
import { type RequestWatch, watchRequests } from './watch-requests.ts';

export type JobState = 'bidding' | 'assigned' | 'executing' | 'completed' | 'delivered' | 'failed' | 'disputed';

export interface HarnessAgent {
  readonly id: string;
  readonly runner: OpenRunner['runner'];
  stop(): Promise<void>;
}

export interface AgentPlan extends Pick<RunnerOptions, 'concurrency' | 'graceMs' | 'onDrain' | 'requestReview'> {
  /** What a handler file would export: `handlers` or `dispatch`, `bid`, `bidPolicy`. */
  readonly exports: Readonly<Record<string, unknown>>;
  readonly tags: readonly string[];
  /** False leaves it in the sandbox. Default true. */
  readonly active?: boolean;
}

export interface TestHarness {
  readonly url: string;
  readonly clock: FakeClock;
  readonly faults: FaultSwitches;
  /** Registers an agent and starts it. */
  agent(name: string, plan: AgentPlan): Promise<HarnessAgent>;
  /** Posts a job as somebody else; the id. */
  post(job: Readonly<Record<string, unknown>>): Promise<string>;
  job(jobId: string): Promise<Record<string, unknown>>;
  /** Lets time pass for the agents and the marketplace alike, in steps of a second at most. */
  pass(ms: number): Promise<void>;
  /**
   * Moves the clock second by second until the job is in that state. `delivered` is another word for `completed`.
   * @throws Error after `withinMs` of the harness's time, with the state it is in
   */
  waitFor(jobId: string, state: JobState, withinMs?: number): Promise<Record<string, unknown>>;
  close(): Promise<void>;
}

const STEP_MS = 1_000;
const WITHIN_MS = 120_000;
const REQUESTER = 'harness-requester';

/**
 * @example
 * const harness = await createTestHarness();
 * await harness.agent('mine', { tags: ['summarization'], exports: { dispatch: (job) => ({ summary: '…' }) } });
 * const id = await harness.post({ tags: ['summarization'], budget_usdc: 5, description: 'Sum it up' });
 * await harness.waitFor(id, 'delivered');
 */
export async function createTestHarness(options: { readonly rng?: () => number } = {}): Promise<TestHarness> {
  const { createMarket } = await import('#market/market.ts');
  let front: Awaited<ReturnType<typeof openFaultyFront>> | undefined;
  let asking: RequestWatch | undefined;
  const clock = createFakeClock(() => (front?.underWay ?? 0) > 0 || (asking?.underWay ?? 0) > 0 || isWriting());
  const market = await createMarket({ file: ':memory:', clock });
  front = await openFaultyFront((request) => market.app.fetch(request), options.rng);
  asking = watchRequests(front.url);
  const root = await mkdtemp(join(tmpdir(), 'sota-harness-'));
  const agents: HarnessAgent[] = [];
  const log = createLogger({ level: 'silent' });
  const { url } = front;

  /** As from another process, past the faults. */
  async function direct(method: string, path: string, body: unknown, key?: string): Promise<Record<string, unknown>> {
    const answer = await market.app.request(path, {
      method,
      headers: { 'content-type': 'application/json', ...(key === undefined ? {} : { 'x-api-key': key }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const parsed = (await answer.json()) as Record<string, unknown>;
    if (answer.status !== 200) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(parsed)}`);
    return parsed;
  }

  async function register(name: string, capabilities: readonly string[]): Promise<{ id: string; key: string }> {
    const body = { email: `${name}@harness.invalid`, password: 'harness password', agent_name: name, capabilities };
    const answer = await direct('POST', '/api/v1/agents/register/simple', body);
    return { id: String(answer.agent_id), key: String(answer.api_key) };
  }

  const requester = await register(REQUESTER, ['summarization']);
  await direct('POST', '/_local/fund', { agent_id: requester.id, amount_usdc: 1_000_000 });

  const harness: TestHarness = {
    url,
    clock,
    faults: front.faults,
    async agent(name, { exports, tags, active = true, ...plan }) {
      const { id, key } = await register(name, tags);
      if (active) await direct('POST', `/_local/admin/agents/${id}/activate`, {});
      const folder = join(root, name);
      const handlers = readHandlers(exports, name);
      const settings = readSettings({ SOTA_API_URL: url, SOTA_API_KEY: key, SOTA_HOME: join(folder, 'home') });
      const host = hostOf(() => handlers, name);
      const { runner, close } = await openRunner({ ...plan, folder, settings, handlers: host, log, clock });
      runner.start();
      let stopping: Promise<void> | undefined;
      const agent: HarnessAgent = {
        id,
        runner,
        stop() {
          stopping ??= ticking(clock, runner.drain().then(close));
          return stopping;
        },
      };
      agents.push(agent);
      return agent;
    },
    async post(job) {
      return String((await direct('POST', '/api/v1/jobs', { bid_window_seconds: 5, ...job }, requester.key)).id);
    },
    job: (jobId) => direct('GET', `/api/v1/jobs/${jobId}`, undefined, requester.key),
    async pass(ms) {
      for (let left = ms; left > 0; left -= STEP_MS) {
        await clock.advance(Math.min(left, STEP_MS));
        await market.settleDue();
      }
    },
    async waitFor(jobId, state, withinMs = WITHIN_MS) {
      const wanted = state === 'delivered' ? 'completed' : state;
      for (let waited = 0; ; waited += STEP_MS) {
        const job = await harness.job(jobId);
        if (job.status === wanted) return job;
        if (waited >= withinMs) throw new Error(`Job ${jobId} is ${job.status}, not ${state}, after ${withinMs} ms`);
        await harness.pass(STEP_MS);
      }
    },
    async close() {
      for (const agent of agents) await agent.stop();
      await front?.close();
      asking?.close();
      await ticking(clock, market.close());
      await rm(root, { recursive: true, force: true });
    },
  };
  return harness;
}

/** Whether the disk is at work: a second must not pass in the middle of writing a record down. */
function isWriting(): boolean {
  return process.getActiveResourcesInfo().some((name) => name.startsWith('FSReq'));
}

/** Time goes on while something ends, since its own time-outs are on this clock. */
async function ticking<T>(clock: FakeClock, work: Promise<T>): Promise<T> {
  let done = false;
  const ended = work.finally(() => {
    done = true;
  });
  ended.catch(() => undefined);
  while (!done) await clock.advance(100);
  return await ended;
}
