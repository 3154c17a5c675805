import type { Clock } from '#kit/clock.ts';
import type { Market } from '#market/market.ts';
import type { MarketSettings } from '#market/market-settings.ts';
import { openMarket, type Place } from '#market/open-place.ts';
import { createAgent, ensureUser } from '#market/rules/registration.ts';
import { type RunningMarket, type ServeOptions, startMarket } from '#market/serve.ts';
import type { Scenario } from '#market/world/scenario/scenario-schema.ts';
import type { WorldSettings } from '#market/world/world-settings.ts';
import { passingPlace } from './engine.ts';
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
  readonly market: Market;
  /** Moved by hand, it settles nothing. */
  readonly clock: ManualClock;
  /** Where it listens; empty where it has no socket. */
  readonly url: string;
  /** A request without a key, with its whole path. */
  local(method: string, path: string, body?: unknown): Promise<HttpAnswer>;
  agent(name: string, options?: NewTestAgent): Promise<TestAgent>;
  /** An agent of an earlier marketplace over the same file. */
  as(agent: { readonly id: string; readonly key: string }): TestAgent;
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
  /** People of its own; none unless given. */
  readonly world?: Partial<WorldSettings>;
  readonly scenario?: Scenario;
  /** As `--faults` takes them; they need a socket. */
  readonly faults?: string;
}

interface OpenOptions extends Options {
  /** A database that outlives the marketplace, see engine.ts; a passing one unless given. */
  readonly place?: Place;
}

type Send = (
  method: string,
  path: string,
  options: { key?: string; body?: unknown; headers?: Record<string, string> },
) => Promise<HttpAnswer>;

/** A marketplace as its users start it, on the real clock and on the engine under test. */
export async function startOnEngine(options: Partial<ServeOptions> = {}): Promise<RunningMarket> {
  const { place, discard } = await passingPlace();
  const running = await startMarket({ port: 0, ...options, ...place });
  return {
    ...running,
    async close() {
      await running.close();
      await discard();
    },
  };
}

/** A marketplace behind a real socket; agents register and are activated through the API. */
export async function startTestMarket({ clock = manualClock(), ...options }: Options = {}): Promise<TestMarket> {
  const { url, market, close } = await startOnEngine({ clock, ...options });
  const send: Send = (method, path, options) => http(method, url + path, options);
  return testMarket({ market, url, clock, send, close }, async (name, { tags = ['code-review'], min_fee }) => {
    const body = { email: `${name}@example.test`, password: 'correct horse', agent_name: name, capabilities: tags };
    const answer = await send('POST', '/api/v1/agents/register/simple', {
      body: { ...body, ...(min_fee === undefined ? {} : { min_fee }) },
    });
    if (answer.status !== 200) throw new Error(`Registration failed: ${JSON.stringify(answer.body)}`);
    return { id: answer.body.agent_id, key: answer.body.api_key };
  });
}

/** The same marketplace without a socket and without password hashing, for tests that need hundreds of them. */
export async function openTestMarket({
  clock = manualClock(),
  place: given,
  ...options
}: OpenOptions = {}): Promise<TestMarket> {
  const { place, discard } = given ? { place: given, discard: async () => {} } : await passingPlace();
  const market = await openMarket({ ...place, clock, ...options });
  const close = async () => {
    await market.close();
    await discard();
  };
  const send: Send = async (method, path, { key, body, headers = {} }) => {
    const answer = await market.app.request(path, {
      method,
      headers: { ...(key ? { 'X-API-Key': key } : {}), 'Content-Type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: answer.status, headers: answer.headers, body: await answer.json() };
  };
  return testMarket({ market, url: '', clock, send, close }, (name, { tags = ['code-review'] }) =>
    market.db.transaction().execute(async (tx) => {
      const user = await ensureUser(tx, `${name}@example.test`, 'unused', clock.now());
      const created = await createAgent(tx, market.context, user, { name, capabilities: tags });
      return { id: created.agent_id, key: created.api_key };
    }),
  );
}

function testMarket(
  {
    market,
    url,
    clock,
    send,
    close,
  }: { market: Market; url: string; clock: ManualClock; send: Send; close: () => Promise<void> },
  register: (name: string, options: NewTestAgent) => Promise<{ id: string; key: string }>,
): TestMarket {
  const local: TestMarket['local'] = (method, path, body) => send(method, path, { body });
  const as: TestMarket['as'] = ({ id, key }) => ({
    id,
    key,
    call: (method, path, body, headers = {}) => send(method, `/api/v1/${path}`, { key, body, headers }),
  });
  return {
    market,
    clock,
    url,
    local,
    close,
    as,
    async agent(name, options = {}) {
      const { id, key } = await register(name, options);
      if (options.active !== false) await local('POST', `/_local/admin/agents/${id}/activate`, {});
      return as({ id, key });
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
