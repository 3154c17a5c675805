import type { Clock } from '#kit/clock.ts';
import { createMarket, type Market } from '#market/market.ts';
import type { MarketSettings } from '#market/market-settings.ts';
import { createAgent, ensureUser } from '#market/rules/registration.ts';
import { startMarket } from '#market/serve.ts';
import { type HttpAnswer, http } from './http.ts';

/** Time that stands still until told to move; whoever moves it settles what fell due. */
export interface ManualClock extends Clock {
  forward(ms: number): void;
}

export function manualClock(start = Date.parse('2026-01-01T00:00:00Z')): ManualClock {
  let now = start;
  return {
    now: () => now,
    after: () => () => {},
    forward(ms) {
      now += ms;
    },
  };
}

export interface TestAgent {
  readonly id: string;
  readonly key: string;
  /** A path below /api/v1/. */
  call(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<HttpAnswer>;
}

export interface NewTestAgent {
  readonly tags?: readonly string[];
  /** False leaves it in the sandbox. */
  readonly active?: boolean;
  readonly min_fee?: number;
}

export interface TestMarket {
  /** Empty where it has no socket. */
  readonly url: string;
  readonly market: Market;
  /** Moved by hand, it settles nothing. */
  readonly clock: ManualClock;
  /** A request without a key, with its whole path. */
  local(method: string, path: string, body?: unknown): Promise<HttpAnswer>;
  agent(name: string, options?: NewTestAgent): Promise<TestAgent>;
  /** Lets real seconds pass (virtual time runs with them) and settles what fell due. */
  passSeconds(seconds: number): Promise<void>;
  /** Moves virtual time alone, as a person would, and settles what fell due. */
  advanceHours(hours: number): Promise<void>;
  violations(): Promise<string[]>;
  close(): Promise<void>;
}

interface Options {
  readonly settings?: Partial<MarketSettings>;
  readonly clock?: ManualClock;
}

type Send = (
  method: string,
  path: string,
  options: { key?: string; body?: unknown; headers?: Record<string, string> },
) => Promise<HttpAnswer>;

/** A marketplace behind a real socket; agents register and are activated through the API. */
export async function startTestMarket({ settings, clock = manualClock() }: Options = {}): Promise<TestMarket> {
  const { url, market, close } = await startMarket({ port: 0, data: ':memory:', clock, ...(settings && { settings }) });
  const send: Send = (method, path, options) => http(method, url + path, options);
  return testMarket(url, market, clock, send, close, async (name, { tags = ['code-review'], min_fee }) => {
    const body = { email: `${name}@example.test`, password: 'correct horse', agent_name: name, capabilities: tags };
    const answer = await send('POST', '/api/v1/agents/register/simple', {
      body: { ...body, ...(min_fee === undefined ? {} : { min_fee }) },
    });
    if (answer.status !== 200) throw new Error(`Registration failed: ${JSON.stringify(answer.body)}`);
    return { id: answer.body.agent_id, key: answer.body.api_key };
  });
}

/** The same marketplace without a socket and without password hashing, for tests that need hundreds of them. */
export async function openTestMarket({ settings, clock = manualClock() }: Options = {}): Promise<TestMarket> {
  const market = await createMarket({ file: ':memory:', clock, ...(settings && { settings }) });
  const send: Send = async (method, path, { key, body, headers = {} }) => {
    const answer = await market.app.request(path, {
      method,
      headers: { ...(key ? { 'X-API-Key': key } : {}), 'Content-Type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: answer.status, headers: answer.headers, body: await answer.json() };
  };
  return testMarket('', market, clock, send, market.close, (name, { tags = ['code-review'] }) =>
    market.db.transaction().execute(async (tx) => {
      const user = await ensureUser(tx, `${name}@example.test`, 'unused', clock.now());
      const created = await createAgent(tx, market.context, user, { name, capabilities: tags });
      return { id: created.agent_id, key: created.api_key };
    }),
  );
}

function testMarket(
  url: string,
  market: Market,
  clock: ManualClock,
  send: Send,
  close: () => Promise<void>,
  register: (name: string, options: NewTestAgent) => Promise<{ id: string; key: string }>,
): TestMarket {
  const local: TestMarket['local'] = (method, path, body) => send(method, path, { body });
  return {
    url,
    market,
    clock,
    local,
    close,
    async agent(name, options = {}) {
      const { id, key } = await register(name, options);
      if (options.active !== false) await local('POST', `/_local/admin/agents/${id}/activate`, {});
      return {
        id,
        key,
        call: (method, path, body, headers = {}) => send(method, `/api/v1/${path}`, { key, body, headers }),
      };
    },
    async passSeconds(seconds) {
      clock.forward(seconds * 1000);
      await market.settleDue();
    },
    async advanceHours(hours) {
      await local('POST', '/_local/clock/advance', { seconds: hours * 3600 });
      await market.settleDue();
    },
    violations: async () => (await local('GET', '/_local/audit')).body.violations,
  };
}
