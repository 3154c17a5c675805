import { randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import type { Operation, RequestOf, ResponseOf } from '#contract/define-operation.ts';
import { type Problem, readProblem } from '#contract/errors/envelope.ts';
import { SotaError } from '#contract/errors/sota-error.ts';
import { teach } from '#contract/errors/teach.ts';
import { openapi } from '#contract/operations/discovery.ts';
import { type Clock, systemClock } from '#kit/clock.ts';
import { eitherSignal } from '#kit/either-signal.ts';
import { sha256Hex } from '#kit/hash.ts';
import { createLogger, type Logger } from '#kit/log.ts';
import type { Redactor } from '#kit/redact.ts';
import type { BodyCheck } from './body-check.ts';
import { sendOnce, type WireRequest } from './http.ts';
import { createNonceIntents, type IntentRunner } from './intents.ts';
import { createOfferedOperations, type Offer } from './offered-operations.ts';
import { moveTarget, type Routes } from './operations-map.ts';
import { normalizeOrigin } from './origin.ts';
import type { Admission, PolicyGate } from './policy/types.ts';
import { prepareRequest } from './prepare-request.ts';
import { proxyFetch } from './proxy.ts';
import { type RetryResult, sendWithRetries } from './retry.ts';
import { newestWins, profileFor, type RetryProfiles, retryProfiles } from './retry-profiles.ts';
import { createRetryBudget, type RetryBudget, type Rng } from './retry-timing.ts';
import type { CallOptions, Identity, Intent, Settled, SotaClient } from './types.ts';

/** The key a request is sent with. */
export interface KeyInUse {
  readonly key: string;
  readonly source: Identity['keySource'];
  readonly agentId?: string | undefined;
}

export interface ClientAuth {
  /** The key to use now. Throws the SotaError that says how to get one. */
  current(): Promise<KeyInUse>;
  /** The marketplace refused this key: true when another one is at hand. */
  renew?(refused: string, problem: Problem): Promise<boolean>;
  /** Whose key it is, asked for where it is not known yet: intents belong to an agent, not to a key. */
  agentId?(): Promise<string>;
}

export interface ClientOptions {
  /** Asked before every attempt, so that an origin may move; must be cheap once it is known. */
  readonly origin: () => Promise<string>;
  /** Names the marketplace in idempotency keys. Default: its origin. */
  readonly originId?: string | undefined;
  readonly auth?: ClientAuth;
  /** The token of a signed-in owner, for the operations that want one. Throws the SotaError that says how to sign in. */
  readonly ownerToken?: () => string;
  /** Loads the way requests leave; asked for every attempt. Default: fetch, through a proxy where one is set. */
  readonly fetch?: () => Promise<typeof globalThis.fetch>;
  /** Of this package, for the User-Agent header. */
  readonly version?: string | undefined;
  readonly profiles?: Partial<RetryProfiles>;
  readonly intents?: IntentRunner;
  /** The owner's operations map for an origin. Throws a SotaError where it cannot be read. */
  readonly routes?: (origin: string) => Routes;
  /** Compares what decides over money with the marketplace's own description of it. Default: nothing is compared. */
  readonly bodyCheck?: BodyCheck;
  /** What the owner allows. Without one everything is allowed. */
  readonly policy?: PolicyGate;
  readonly budget?: RetryBudget;
  readonly clock?: Clock;
  readonly rng?: Rng;
  readonly log?: Logger;
  /** Knows the secrets that are masked in what the marketplace says. */
  readonly redactor?: Redactor | undefined;
  /** Larger answers are not read. */
  readonly maxResponseBytes?: number;
}

export interface ClosableClient extends SotaClient {
  /** Waits for mutations under way, at most `graceMs`, then stops all retrying. */
  close(graceMs: number): Promise<void>;
}

const UNRESTRICTED: Admission = { send: (_request, _key, work) => work() };
const MAX_RESPONSE_BYTES = 16 * 1024 * 1024;

/**
 * The typed client of the marketplace.
 * @example
 * const client = createClient({ origin: async () => 'https://api.sota.market' });
 * const { clusters } = await client.call(taxonomy, {});
 */
export function createClient(options: ClientOptions): ClosableClient {
  const {
    auth,
    policy,
    clock = systemClock,
    rng = Math.random,
    log = createLogger(),
    intents = createNonceIntents(),
    budget = createRetryBudget(),
    maxResponseBytes = MAX_RESPONSE_BYTES,
  } = options;
  const profiles: RetryProfiles = { ...retryProfiles, ...options.profiles };
  const userAgent = options.version ? `sota-mcp/${options.version}` : 'sota-mcp';
  const stopping = new AbortController();
  // A worker may wait with a hundred retries at once; each of them listens, and each stops listening.
  setMaxListeners(0, stopping.signal);
  const misfits = new Set<string>();
  let lastOrigin = '';

  const originFor = async (operation: Operation) => {
    try {
      lastOrigin = normalizeOrigin(await options.origin());
    } catch (error) {
      if (error instanceof SotaError) throw error;
      const reason = error instanceof Error ? error.message : String(error);
      throw teach.unreachable(lastOrigin || 'its address', operation, reason, error);
    }
    return lastOrigin;
  };
  const offered = createOfferedOperations(
    async (origin) => (await exchange({ operation: openapi, target: openapi.path }, { origin, repeatable: true })).data,
  );

  const client: ClosableClient = {
    get origin() {
      return lastOrigin;
    },

    async call<O extends Operation>(operation: O, request: RequestOf<O>, callOptions: CallOptions = {}) {
      const prepared = prepareRequest(operation, request).wire;
      refuseBlocked(operation);
      const { wire } = await addressed(prepared);
      const repeatable = operation.idempotency === 'natural' || newestWins.has(operation.id);
      const admission = await admit(wire);
      const { data } = await admission.send(wire, randomUUID(), () => exchange(wire, { repeatable, ...callOptions }));
      return data as ResponseOf<O>;
    },

    async run<O extends Operation>(operation: O, intent: Intent<O>, callOptions: CallOptions = {}) {
      const { wire: prepared, canonical } = prepareRequest(operation, intent.request);
      refuseBlocked(operation);
      const { wire, offer } = await addressed(prepared);
      const repeatable = isRepeatable(operation, offer);
      const agentId = await agentOf(operation);
      const { slot, epoch, after, nonce, hooks, resumeOnly } = intent;
      const origin = options.originId ?? (await originFor(operation));
      const explicitKey = callOptions.idempotencyKey;
      const about = { operation, origin, agentId, slot, epoch, after, nonce, explicitKey, hooks, resumeOnly };
      let admission: Admission | undefined;
      // An answer that is only given again needs nobody's leave.
      const beforeClaim = async () => {
        admission = await admit(wire);
      };
      const settled = await intents.run(
        { ...about, keyed: repeatable, canonical, request: wire, beforeClaim },
        async (request, key, onAttempt, resumed = false) => {
          admission ??= await admit(request);
          const how = { repeatable, key, onAttempt, profile: callOptions.profile, resumed };
          return await admission.send(request, key, () => exchange(request, how));
        },
        callOptions,
      );
      return settled as Settled<ResponseOf<O>>;
    },

    async close(graceMs) {
      let cancel: () => void = () => undefined;
      const grace = new Promise<void>((resolve) => {
        cancel = clock.after(graceMs, resolve);
      });
      await Promise.race([intents.idle(), grace]);
      cancel();
      stopping.abort();
    },
  };
  intents.attach?.({
    async send(request, key, { keyed, resumed, onAttempt }) {
      refuseBlocked(request.operation);
      const admission = await admit(request);
      return await admission.send(request, key, () =>
        exchange(request, { repeatable: keyed, key, onAttempt, resumed }),
      );
    },
    read: client.call,
  });
  return client;

  function refuseBlocked(operation: Operation): void {
    const refusal = operation.method === 'GET' ? undefined : policy?.blocked(operation);
    if (refusal) throw refusal;
  }

  /** What the owner's policy says before anything is written down or sent. */
  async function admit(request: WireRequest): Promise<Admission> {
    const { operation } = request;
    if (!policy || operation.method === 'GET') return UNRESTRICTED;
    return await policy.admit(request, async () => ({
      origin: options.originId ?? (await originFor(operation)),
      agentId: await agentOf(operation),
      look: client.call,
    }));
  }

  /** All attempts of one request, as data or as the error to show. */
  async function exchange(
    request: WireRequest,
    how: {
      readonly repeatable: boolean;
      readonly key?: string;
      readonly origin?: string;
      readonly signal?: AbortSignal | undefined;
      readonly onAttempt?: CallOptions['onAttempt'] | undefined;
      readonly profile?: CallOptions['profile'] | undefined;
      /** Sent before, by this process or an earlier one, and not answered. */
      readonly resumed?: boolean;
    },
  ): Promise<{ data: unknown; attempts: number; replayed: boolean }> {
    const { operation } = request;
    const reads = operation.method === 'GET';
    if (how.signal?.aborted) throw teach.cancelled(operation, false);
    const joined = how.signal && eitherSignal(how.signal, stopping.signal);
    const signal = joined?.signal ?? stopping.signal;
    const profile = profiles[how.profile ?? profileFor(operation)];
    let used: KeyInUse | undefined;
    let blocked: SotaError | undefined;
    const result = await sendWithRetries(
      async (attempt, timeoutMs) => {
        blocked = reads ? undefined : policy?.blocked(operation);
        if (blocked) return { outcome: 'never_sent', worthRepeating: false, reason: blocked.code };
        if (usesKey(operation)) used = await auth?.current();
        let origin: string;
        try {
          origin = how.origin ?? (await originFor(operation));
        } catch (error) {
          // It may be between two homes: the next attempt asks again.
          if (!(error instanceof SotaError) || !error.retryable) throw error;
          return { outcome: 'never_sent', worthRepeating: true, reason: error.message, cause: error };
        }
        return await sendOnce(request, {
          origin,
          attempt,
          timeoutMs,
          retryAfterCapMs: profile.retryAfterCapMs,
          clock,
          userAgent,
          maxBytes: maxResponseBytes,
          apiKey: used?.key,
          ownerToken: operation.auth === 'owner' ? options.ownerToken?.() : undefined,
          fetch: await (options.fetch ?? proxyFetch)(),
          idempotencyKey: how.key,
          redactor: options.redactor,
          // A mutation that has left is never broken off, only not repeated: see `intents.ts`.
          signal: reads ? signal : undefined,
        });
      },
      {
        profile,
        clock,
        rng,
        budget,
        repeatable: reads || how.repeatable,
        mayHaveHappened: how.resumed === true,
        signal,
        onAttempt: (attempt, reason) => {
          log.debug('retrying', { operation: operation.id, attempt, reason });
          how.onAttempt?.(attempt, reason);
        },
        renewKey: async (refused) =>
          used !== undefined && refused.problem !== undefined
            ? ((await auth?.renew?.(used.key, refused.problem)) ?? false)
            : false,
      },
    ).finally(() => joined?.release());
    if (result.last.outcome === 'answered') {
      noteMisfit(operation, result.last.data);
      return { data: result.last.data, attempts: result.attempts, replayed: result.last.replayed === true };
    }
    if (blocked && !result.earlierMayHaveHappened) throw blocked;
    if (how.signal?.aborted) throw teach.cancelled(operation, !reads && result.last.outcome !== 'never_sent');
    throw explain(operation, result, { reads, keyed: how.key !== undefined && how.repeatable, used });
  }

  function explain(
    operation: Operation,
    { last, attempts, earlierMayHaveHappened, retryAfterMs }: RetryResult,
    { reads, keyed, used }: { reads: boolean; keyed: boolean; used: KeyInUse | undefined },
  ): SotaError {
    const { status, reason, problem = NO_PROBLEM } = last;
    const retryAfterSeconds = toSeconds(retryAfterMs ?? last.retryAfterMs);
    const unknown = () => {
      // Without a memory of intents a repeat is a new intent: safe only where a second effect is impossible or harmless.
      const repeatable =
        operation.idempotency === 'natural' ||
        newestWins.has(operation.id) ||
        (operation.idempotency === 'key' && (intents.remembers || !operation.money));
      return teach.unknownOutcome(operation, reason, { repeatable, attempts, retryAfterSeconds, status });
    };
    switch (last.outcome) {
      case 'refused': {
        // With an honoured key the marketplace would have replayed an earlier success, so a refusal is final; except
        // for those that are decided before the key is looked at.
        const undecided = earlierMayHaveHappened && !reads && (!keyed || status === 401 || status === 403);
        if (status === 401 && used && !undecided) return teach.unauthorized(used.source, problem);
        return teach.fromProblem(problem, status ?? 400, operation, { earlierMayHaveHappened: undecided });
      }
      case 'not_executed':
        if (!reads && (earlierMayHaveHappened || last.inFlight)) return unknown();
        return teach.rateLimited(operation, retryAfterSeconds, status);
      case 'never_sent':
        if (!reads && earlierMayHaveHappened) return unknown();
        return teach.unreachable(lastOrigin, operation, reason, last.cause);
      default:
        return reads ? teach.noAnswer(operation, reason, status, retryAfterSeconds) : unknown();
    }
  }

  /** The request with where it goes, once it is known to be offered there and to be what is taken there. */
  async function addressed(wire: WireRequest): Promise<{ wire: WireRequest; offer: Offer | undefined }> {
    const { operation } = wire;
    const proposed = operation.evidence === 'proposed';
    if (!proposed && !options.routes) return { wire, offer: undefined };
    const origin = await originFor(operation);
    const routes = options.routes?.(origin) ?? {};
    const route = Object.hasOwn(routes, operation.id) ? routes[operation.id] : undefined;
    if (!proposed && !route) return { wire, offer: undefined };
    const offer = await offered.require(operation, origin, route);
    await options.bodyCheck?.require(wire, offer, origin);
    if (!route) return { wire, offer };
    const sentAs = { method: route.method, target: moveTarget(operation.path, wire.target, route.path) };
    return { wire: { ...wire, sentAs }, offer };
  }

  function isRepeatable(operation: Operation, offer: Offer | undefined): boolean {
    if (operation.idempotency === 'natural' || newestWins.has(operation.id)) return true;
    // That a guessed operation honours a key is a guess as well, unless its document says so.
    return operation.idempotency === 'key' && (offer?.keyed ?? true);
  }

  /** Keys must differ between agents; where the id is not known yet, the API key tells agents apart. */
  async function agentOf(operation: Operation): Promise<string> {
    if (!usesKey(operation) || !auth) return '';
    if (auth.agentId) return await auth.agentId();
    const { agentId, key } = await auth.current();
    return agentId ?? `key:${sha256Hex(key).slice(0, 16)}`;
  }

  function noteMisfit(operation: Operation, data: unknown): void {
    if (misfits.has(operation.id)) return;
    const parsed = operation.response.safeParse(data);
    if (parsed.success) return;
    misfits.add(operation.id);
    const problems = parsed.error.issues.slice(0, 5).map((issue) => `${issue.path.join('.')}: ${issue.message}`);
    log.warn('an answer does not have the expected shape; it is passed on as it is', {
      operation: operation.id,
      problems,
    });
  }
}

const NO_PROBLEM: Problem = readProblem(undefined);

function usesKey(operation: Operation): boolean {
  return operation.auth === 'agent' || operation.auth === 'agent_or_owner';
}

function toSeconds(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : Math.ceil(ms / 1000);
}
