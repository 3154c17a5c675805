import type { Problem } from '#contract/errors/envelope.ts';
import { teach } from '#contract/errors/teach.ts';
import { getMe, heartbeat, rotateKeys } from '#contract/operations/agent.ts';
import { registerSimple } from '#contract/operations/registration.ts';
import { type Clock, systemClock } from '#kit/clock.ts';
import { createLogger, type Logger } from '#kit/log.ts';
import { liveSecrets, type Redactor } from '#kit/redact.ts';
import { createBodyCheck } from './body-check.ts';
import { createClient } from './create-client.ts';
import { createCredentialsStore } from './credentials.ts';
import { createHeartbeat } from './heartbeat.ts';
import { type IntentRunner, unlessAborted } from './intents.ts';
import { createJournalIntents } from './journal/create-journal-intents.ts';
import { createKeyRing, type HeldKey, keyPrefix } from './key-ring.ts';
import { loadRoutes } from './load-routes.ts';
import type { Routes } from './operations-map.ts';
import { normalizeOrigin } from './origin.ts';
import { loadPolicySettings } from './policy/config-file.ts';
import { createPolicy } from './policy/gate.ts';
import type { PolicyGate } from './policy/types.ts';
import { type FlowContext, type Registered, registerFlow } from './register-flow.ts';
import type { RetryProfiles } from './retry-profiles.ts';
import type { Rng } from './retry-timing.ts';
import { hasOpenRotation, rotateFlow } from './rotate-flow.ts';
import type { CallOptions, Identity, KnownIdentity, RegisterArguments, Session, Settled } from './types.ts';

export interface SessionOptions {
  /** Where the marketplace is; asked often, must be cheap once known. With `local` it starts or joins the marketplace. */
  readonly originProvider: () => Promise<string>;
  readonly local: boolean;
  /** The environment, read here for SOTA_API_KEY and, without `policy`, for what the owner allows. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** See `stateDirectory`. Nothing is written to it before the first registration or rotation. */
  readonly stateDir: string;
  /**
   * What credentials are filed under. For a local marketplace `local:<data dir>`, because its port changes; otherwise
   * its normalized origin, which is also the default. Given, {@link Session.known} works before the origin is resolved.
   */
  readonly originId?: string | undefined;
  /** The agent that is registered on first use with `local`. */
  readonly localProfile?: Partial<RegisterArguments>;
  /** Of this package, for the User-Agent header. */
  readonly version?: string | undefined;
  readonly clock?: Clock;
  readonly rng?: Rng;
  readonly log?: Logger;
  readonly redactor?: Redactor;
  readonly profiles?: Partial<RetryProfiles>;
  /** Default: the journal in `stateDir`. */
  readonly intents?: IntentRunner;
  /** The owner's operations map. By default as the configuration file of `stateDir` has it; none with `local`. */
  readonly routes?: (origin: string) => Routes;
  /** What the owner allows. By default as `env` and the configuration file of `stateDir` say, read with the first mutation. */
  readonly policy?: PolicyGate;
}

const LOCAL_AGENT: RegisterArguments = {
  email: 'agent@local.invalid',
  name: 'local-agent',
  clusters: ['code', 'text'],
  tags: ['code-review', 'summarization'],
};
const CLOSE_GRACE_MS = 5_000;
const MIN_WRITE_MS = 200;

/**
 * One agent's standing with one marketplace. Creating it does nothing: no file is read, no request sent.
 * @example
 * const session = createSession({ originProvider: async () => origin, local: false, env, stateDir: stateDirectory(env) });
 * const me = await session.identify();
 */
export function createSession(options: SessionOptions): Session {
  const { local, clock = systemClock, log = createLogger(), redactor = liveSecrets } = options;
  const store = createCredentialsStore(options.stateDir, log);
  const keys = createKeyRing(local ? undefined : options.env, store, log, redactor);
  const { env, stateDir } = options;
  const settings = () => loadPolicySettings(env, stateDir);
  const policy = options.policy ?? createPolicy({ settings, stateDir, local, clock, log, redactor });
  const underWay = new Map<string, Promise<unknown>>();
  let originId = options.originId ?? (local ? 'local:default' : undefined);
  const resumed = new Set<string>();
  let beating = false;

  const intents =
    options.intents ??
    createJournalIntents({
      directory: options.stateDir,
      clock,
      log,
      redactor,
      honoursKeys: local,
      ...(options.rng ? { rng: options.rng } : {}),
    });
  // The marketplace of this package is described by the very contract the requests are made from.
  const bodyCheck = local ? undefined : createBodyCheck();
  const routes = local ? undefined : (options.routes ?? ((origin: string) => loadRoutes(stateDir, origin)));
  const client = createClient({
    origin: options.originProvider,
    originId: local ? originId : undefined,
    auth: { current: currentKey, renew: renewKey, agentId: async () => (await identify()).agentId },
    policy,
    clock,
    log,
    redactor,
    version: options.version,
    ...(options.rng ? { rng: options.rng } : {}),
    ...(options.profiles ? { profiles: options.profiles } : {}),
    intents,
    ...(routes ? { routes } : {}),
    ...(bodyCheck ? { bodyCheck } : {}),
  });
  const flows: FlowContext = { client, store, keys, redactor };
  const beats = createHeartbeat({
    clock,
    log,
    beat: async () => {
      // A heartbeat must not be what registers an agent, and to an owner who froze it, silence is no failure.
      if (!keys.held(await idOfOrigin()) || policy.blocked(heartbeat)) return false;
      await client.call(heartbeat, { body: {} });
      return true;
    },
  });

  async function origin(): Promise<string> {
    return normalizeOrigin(await options.originProvider());
  }

  async function idOfOrigin(): Promise<string> {
    originId ??= await origin();
    return originId;
  }

  /** The key for the next request. */
  async function currentKey(): Promise<HeldKey> {
    const id = originId ?? (await idOfOrigin());
    const stored = store.get(id);
    const held = keys.held(id, stored);
    if (!held) {
      if (!local) throw keys.problem();
      await registerLocally(id);
      const registered = keys.held(id);
      if (!registered) throw keys.problem();
      return registered;
    }
    const nonce = stored?.rotation?.nonce;
    if (isRotating() || nonce === undefined || resumed.has(nonce)) return held;
    if (!hasOpenRotation(stored, held.key, clock.now())) return held;
    // Left without an answer, perhaps by a process that died: these 60 s are the last chance to learn the new key.
    resumed.add(nonce);
    await endOpenRotation(id);
    return keys.held(id) ?? held;
  }

  /** After a 401: another process may have rotated, or the local marketplace may have been wiped. */
  async function renewKey(refused: string, problem: Problem): Promise<boolean> {
    const id = await idOfOrigin();
    const held = keys.held(id);
    if (held && held.key !== refused) return true;
    if (!local || problem.code === 'api_key_revoked' || isRotating()) return false;
    log.warn('the local marketplace does not know this agent any more; registering a new one');
    await registerLocally(id, refused);
    return true;
  }

  async function registerLocally(id: string, replace?: string): Promise<Settled<Registered>> {
    const args = { ...LOCAL_AGENT, ...options.localProfile };
    return await once('register', () => registerFlow(flows, id, args, replace === undefined ? {} : { replace }));
  }

  function isRotating(): boolean {
    return [...underWay.keys()].some((kind) => kind !== 'register');
  }

  /** A flow of its own: whoever asks for a rotation meanwhile is to get its answer, which nobody sees here. */
  async function endOpenRotation(id: string): Promise<void> {
    await once('end_rotation', () => rotateFlow(flows, id, clock, { onlyResume: true })).catch((error) =>
      log.warn('a rotation that was left open could not be ended', { error }),
    );
  }

  /** One flow of a kind at a time, detached from whoever asked: what it learns must be stored in any case. */
  function once<T>(kind: 'register' | 'end_rotation' | `rotate/${string}`, start: () => Promise<T>): Promise<T> {
    const found = underWay.get(kind);
    if (found) return found as Promise<T>;
    const promise = start().then(
      (result) => {
        underWay.delete(kind);
        // With a new key a heartbeat that stopped, or had nothing to beat with, has a reason to beat now.
        if (beating) beats.restart();
        return result;
      },
      (error: unknown) => {
        underWay.delete(kind);
        throw error;
      },
    );
    underWay.set(kind, promise);
    return promise;
  }

  async function identify(): Promise<Identity> {
    const held = await currentKey();
    if (held.agentId !== undefined) return identityOf(held) as Identity;
    const me = await client.call(getMe, {});
    keys.learn(held.key, me.id, me.name);
    return { ...identityOf(held), agentId: me.id, name: me.name };
  }

  function known(): KnownIdentity | undefined {
    const held = originId === undefined ? keys.held('') : keys.held(originId);
    return held ? identityOf(held) : undefined;
  }

  return {
    client,
    local,
    origin,
    known,
    keyProblem: () => (local || known() ? undefined : keys.problem()),

    identify,

    async register(args, { signal, ...options } = {}) {
      const id = await idOfOrigin();
      const joins = underWay.has('register');
      const flow = once('register', () => registerFlow(flows, id, args, options));
      const settled = await unlessAborted(flow, registerSimple, signal);
      const held = keys.held(id);
      if (!held) throw keys.problem();
      const identity = { ...identityOf(held), agentId: settled.data.agent.agent_id ?? '' };
      // Registered before: its answer is history, so the status is asked for.
      const status = settled.data.status ?? (await client.call(getMe, {})).status;
      const data = { identity, status, storedAt: store.path };
      return { ...settled, data, outcome: joins ? 'joined' : settled.outcome };
    },

    async rotateKey({ signal, ...options }: CallOptions & { after?: string } = {}) {
      const id = await idOfOrigin();
      await currentKey();
      const kind = `rotate/${options.after ?? ''}` as const;
      const joins = underWay.has(kind);
      const flow = once(kind, () => rotateFlow(flows, id, clock, options));
      const settled = await unlessAborted(flow, rotateKeys, signal);
      if (!settled) throw teach.cancelled(rotateKeys, false);
      return { ...settled, outcome: joins ? 'joined' : settled.outcome };
    },

    heartbeat: beats.state,
    startHeartbeat() {
      beating = true;
      beats.start();
    },

    async beat(callOptions) {
      const { last_seen_at } = await client.call(heartbeat, { body: {} }, callOptions);
      return last_seen_at === undefined ? {} : { last_seen_at };
    },

    async recover() {
      try {
        // Nothing is asked of anybody where nothing was ever written down.
        if (!intents.recover || !(await intents.hasHistory?.())) return;
        if (!keys.held(await idOfOrigin())) return;
        const { agentId } = await identify();
        const who = { origin: await idOfOrigin(), agentId };
        await endOpenRotation(who.origin);
        await intents.recover(who);
      } catch (error) {
        log.warn('what an earlier run left open could not be looked at', { error });
      }
    },

    async close(graceMs = CLOSE_GRACE_MS) {
      beating = false;
      beats.stop();
      const ends = clock.now() + graceMs;
      await client.close(graceMs);
      // What a flow has learned it still writes down, if the marketplace answered in time.
      let cancel: () => void = () => undefined;
      const grace = new Promise<void>((resolve) => {
        cancel = clock.after(Math.max(MIN_WRITE_MS, ends - clock.now()), resolve);
      });
      await Promise.race([Promise.allSettled(underWay.values()), grace]);
      cancel();
      await bodyCheck?.close();
    },
  };
}

function identityOf(held: HeldKey): KnownIdentity {
  return {
    keySource: held.source,
    keyPrefix: keyPrefix(held.key),
    ...(held.agentId === undefined ? {} : { agentId: held.agentId }),
    ...(held.name === undefined ? {} : { name: held.name }),
  };
}
