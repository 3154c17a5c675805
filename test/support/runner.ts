import { onTestFinished } from 'vitest';
import { createNonceIntents } from '#client/intents.ts';
import { createSession } from '#client/session.ts';
import type { Session } from '#client/types.ts';
import type { Clock } from '#kit/clock.ts';
import { systemClock } from '#kit/clock.ts';
import { createLogger } from '#kit/log.ts';
import { type RunningMarket, startMarket } from '#market/serve.ts';
import type { RunnerEvent } from '#runner/events.ts';
import { hostOf } from '#runner/handlers/in-process-host.ts';
import { readHandlers } from '#runner/handlers/read-handlers.ts';
import { createRunner } from '#runner/runner.ts';
import type { Runner, RunnerOptions } from '#runner/runner-types.ts';
import { openStateFolder, type StateFolder } from '#runner/state/state-folder.ts';
import { type HttpAnswer, http } from './http.ts';
import { temporaryDirectory } from './temporary-directory.ts';

export const silent = createLogger({ level: 'silent' });

export interface Town {
  readonly market: RunningMarket;
  readonly url: string;
  /** Registers an agent; active unless told otherwise. */
  agent(name: string, tags?: readonly string[], active?: boolean): Promise<{ id: string; key: string; secret: string }>;
  /** Posts a job, by a requester of its own. */
  post(body: Record<string, unknown>): Promise<string>;
  /** A posted job as its requester sees it. */
  job(id: string): Promise<Record<string, unknown>>;
  requester(method: string, path: string, body?: unknown): Promise<HttpAnswer>;
}

/** A marketplace on the real clock with a requester who has money. */
export async function openTown(): Promise<Town> {
  const market = await startMarket({ port: 0, data: ':memory:' });
  onTestFinished(() => market.close());
  const { url } = market;
  const register = async (name: string, tags: readonly string[]) => {
    const { body } = await http('POST', `${url}/api/v1/agents/register/simple`, {
      body: { email: `${name}@example.test`, password: 'correct horse', agent_name: name, capabilities: tags },
    });
    return { id: body.agent_id as string, key: body.api_key as string, secret: body.webhook_secret as string };
  };
  const requester = await register('requester', ['summarization']);
  await http('POST', `${url}/_local/fund`, { body: { agent_id: requester.id, amount_usdc: 100_000 } });
  const send = (method: string, path: string, body?: unknown) =>
    http(method, `${url}/api/v1/${path}`, { key: requester.key, ...(body === undefined ? {} : { body }) });
  return {
    market,
    url,
    requester: send,
    async agent(name, tags = ['data-extraction'], active = true) {
      const agent = await register(name, tags);
      if (active) await http('POST', `${url}/_local/admin/agents/${agent.id}/activate`, { body: {} });
      return agent;
    },
    async post(body) {
      const answer = await send('POST', 'jobs', {
        description: 'Do it.',
        budget_usdc: 5,
        tags: ['data-extraction'],
        bid_window_seconds: 1,
        ...body,
      });
      if (answer.status !== 200) throw new Error(`No job: ${JSON.stringify(answer.body)}`);
      return answer.body.id as string;
    },
    job: async (id) => (await send('GET', `jobs/${id}`)).body,
  };
}

export interface TestRunner {
  readonly runner: Runner;
  readonly events: RunnerEvent[];
  readonly folder: string;
  readonly state: StateFolder;
  readonly session: Session;
  /** The first event of a kind, waited for. */
  seen<T extends RunnerEvent['type']>(
    type: T,
    fits?: (event: Extract<RunnerEvent, { type: T }>) => boolean,
  ): Promise<Extract<RunnerEvent, { type: T }>>;
  /** Drains, and gives the folder free. */
  end(): ReturnType<Runner['drain']>;
}

export interface TestRunnerOptions extends Partial<Omit<RunnerOptions, 'handlers'>> {
  readonly url: string;
  readonly key: string;
  /** What a handler file would export. */
  readonly exports: Record<string, unknown>;
  readonly folder?: string;
}

/** A runner in this process, looking every 30 ms. */
export async function startRunner({
  url,
  key,
  exports,
  folder = temporaryDirectory(),
  clock = systemClock,
  ...options
}: TestRunnerOptions & { readonly clock?: Clock }): Promise<TestRunner> {
  const state = options.state ?? (await openStateFolder(folder, clock, silent));
  const session = createSession({
    originProvider: async () => url,
    local: false,
    env: { SOTA_API_KEY: key },
    stateDir: `${folder}/home`,
    intents: createNonceIntents(),
    log: silent,
    clock,
  });
  const handlers = readHandlers(exports, 'test handlers');
  const runner = await createRunner({
    pollIntervalMs: 30,
    log: silent,
    ...options,
    clock,
    session,
    handlers: hostOf(() => handlers, 'test handlers'),
    state,
  });
  const events: RunnerEvent[] = [];
  const waiting = new Set<() => void>();
  runner.on((event) => {
    events.push(event);
    for (const check of [...waiting]) check();
  });
  runner.start();
  let ended: ReturnType<Runner['drain']> | undefined;
  const end = () => {
    ended ??= runner.drain().then(async (how) => {
      await session.close();
      await state.release();
      return how;
    });
    return ended;
  };
  onTestFinished(async () => void (await end()));
  return {
    runner,
    events,
    folder,
    state,
    session,
    end,
    seen(type, fits = () => true) {
      return new Promise((resolve) => {
        const check = () => {
          const found = events.find((event) => event.type === type && fits(event as never));
          if (!found) return;
          waiting.delete(check);
          resolve(found as never);
        };
        waiting.add(check);
        check();
      });
    },
  };
}
