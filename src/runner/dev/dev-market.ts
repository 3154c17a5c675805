import { join } from 'node:path';
import { createSession } from '#client/session.ts';
import type { RegisterArguments, Session } from '#client/types.ts';
import { canonicalJson } from '#kit/canonical-json.ts';
import { sha256Hex } from '#kit/hash.ts';
import type { Logger } from '#kit/log.ts';
import { version } from '#kit/version.ts';
import type { Declared } from '../handlers/handler-host.ts';
import { HandlerFileError } from '../handlers/read-handlers.ts';
import { STATE_FOLDER } from '../state/state-folder.ts';
import { createLocalRequester, type LocalRequester, type RequesterEvent } from './local-requester.ts';

/** A marketplace for one agent under development, with somebody who has work for it. */
export interface DevMarket {
  readonly url: string;
  /** Its name for credentials: it is at another port every time. */
  readonly originId: string;
  /** Where the agent's credentials for it are kept. */
  readonly home: string;
  readonly agent: RegisterArguments;
  /** Registers the agent on first use. */
  register(session: Session): Promise<void>;
  /** Posts a job and sees to payment from now on. */
  openForBusiness(everyMs: number): Promise<void>;
  close(): Promise<void>;
}

const ORIGIN_ID = 'local:dev';
const JUDGE_EVERY_MS = 500;
const FUNDS_USDC = 100;

/** Where everything of `dev` is kept, apart from the state of the real agent. */
export function devFolder(folder: string): string {
  return join(folder, STATE_FOLDER, 'dev');
}

/** @throws MarketStartError */
export async function startDevMarket(
  folder: string,
  {
    port,
    declared,
    name,
    log,
    emit,
  }: {
    readonly port: number;
    readonly declared: Declared;
    readonly name: string;
    readonly log: Logger;
    readonly emit: (event: RequesterEvent) => void;
  },
): Promise<DevMarket> {
  const { startMarket } = await import('#market/serve.ts');
  const root = devFolder(folder);
  const market = await startMarket({ port, data: join(root, 'market'), log });
  const declaredAgent = agentOf(declared, name);
  const mark = sha256Hex(canonicalJson([declaredAgent.clusters, declaredAgent.tags])).slice(0, 12);
  const agent = { ...declaredAgent, email: `${name}.${mark}@dev.invalid` };
  const sessions: Session[] = [];
  const timers: NodeJS.Timeout[] = [];
  let judging: Promise<void> = Promise.resolve();

  async function requester(): Promise<LocalRequester> {
    const session = createSession({
      originProvider: async () => market.url,
      originId: ORIGIN_ID,
      local: true,
      localProfile: {
        email: 'requester@dev.invalid',
        name: 'dev-requester',
        clusters: ['text'],
        tags: ['summarization'],
      },
      env: {},
      stateDir: join(root, 'requester'),
      version,
      log,
    });
    sessions.push(session);
    const { agentId } = await session.identify();
    await fetch(`${market.url}/_local/fund`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ agent_id: agentId, amount_usdc: FUNDS_USDC }),
    });
    return createLocalRequester(session, agent.tags, emit, String(Date.now()));
  }

  return {
    url: market.url,
    originId: ORIGIN_ID,
    // An agent with other tags has other tests to pass, so it is another agent.
    home: join(root, 'agents', mark),
    agent,
    async register(session) {
      if (!session.known()) await session.register(agent);
    },
    async openForBusiness(everyMs) {
      const person = await requester();
      const attempt = (work: () => Promise<unknown>) =>
        work().catch((error: unknown) => log.warn('the requester of dev was refused', { error }));
      await attempt(() => person.post());
      if (everyMs > 0) timers.push(setInterval(() => void attempt(() => person.post()), everyMs));
      const judge = () => {
        judging = judging.then(() => attempt(() => person.judge())).then(() => undefined);
      };
      timers.push(setInterval(judge, JUDGE_EVERY_MS));
      for (const timer of timers) timer.unref();
    },
    async close() {
      for (const timer of timers) clearInterval(timer);
      await judging;
      for (const session of sessions) await session.close();
      await market.close();
    },
  };
}

/** What the handler file says about its agent, or what follows from its handlers. */
function agentOf({ agent, capabilities }: Declared, name: string): RegisterArguments {
  const said = (typeof agent === 'object' && agent !== null ? agent : {}) as Record<string, unknown>;
  const words = (value: unknown): string[] | undefined =>
    Array.isArray(value) && value.every((item) => typeof item === 'string') && value.length > 0 ? value : undefined;
  const tags = words(said.tags) ?? [...(capabilities ?? [])];
  if (tags.length === 0) {
    throw new HandlerFileError(
      "The handler file has no tags: export const agent = { clusters: ['text'], tags: ['summarization'] }",
    );
  }
  return {
    email: `${name}@dev.invalid`,
    name: typeof said.name === 'string' ? said.name : name,
    clusters: words(said.clusters) ?? ['text'],
    tags,
  };
}
