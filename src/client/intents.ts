/**
 * What stands between "do this once" and the wire. This seam is where a journal can remember intents across restarts;
 * the runner here remembers them for as long as the call lasts.
 */
import { randomUUID } from 'node:crypto';
import type { Operation } from '#contract/define-operation.ts';
import type { Recovery } from '#contract/errors/sota-error.ts';
import { teach } from '#contract/errors/teach.ts';
import { canonicalJson } from '#kit/canonical-json.ts';
import { crashPoint } from '#kit/crash-point.ts';
import { sha256Base64Url } from '#kit/hash.ts';
import type { WireRequest } from './http.ts';
import type { Found } from './journal/reconcile.ts';
import type { Recover } from './journal/recover.ts';
import type { CallOptions, Settled, SotaClient } from './types.ts';

/** One mutation, ready to be sent. */
export interface IntentCall {
  readonly operation: Operation;
  /** Which marketplace: its origin, or a name that stays the same while the origin changes. */
  readonly origin: string;
  readonly agentId: string;
  readonly slot: string;
  readonly epoch?: string | undefined;
  readonly after?: string | undefined;
  readonly nonce?: string | undefined;
  /** A key of the caller's own, instead of the generations of the slot. */
  readonly explicitKey?: string | undefined;
  /** The marketplace says that a repeat with the same key does not act twice. */
  readonly keyed: boolean;
  readonly hooks?: IntentHooks | undefined;
  /** Runs before a new intent is written down, and not where an earlier one answers. May refuse. */
  readonly beforeClaim?: () => Promise<void>;
  /** Only bring an open intent to its end. */
  readonly resumeOnly?: boolean | undefined;
  /** Canonical text of the arguments. */
  readonly canonical: string;
  readonly request: WireRequest;
}

export interface Answered {
  readonly data: unknown;
  readonly attempts: number;
  readonly replayed: boolean;
}

/** What a caller does at the steps of an intent whose answer must be kept by itself, such as a new API key. */
export interface IntentHooks {
  /** The answer, where the caller has it from an earlier attempt under this key. */
  known?(key: string): Promise<unknown>;
  /** Nothing was sent yet, and will be now. */
  beforeSend?(key: string): Promise<void>;
  /** Keeps what must not be lost of an answer, before the outcome is written down. */
  persist?(data: unknown, key: string): Promise<void>;
  /** Finds out by looking what became of it. */
  look?(): Promise<Found>;
}

/** What a runner may use of its client besides the calls it is given. */
export interface Wire {
  send(
    request: WireRequest,
    key: string,
    how: {
      readonly keyed: boolean;
      readonly resumed: boolean;
      readonly onAttempt: (attempt: number, reason: string) => void;
    },
  ): Promise<Answered>;
  readonly read: SotaClient['call'];
}

/**
 * Thrown instead of an answer when a request was held back: nothing of it was sent, and what there is to tell is about
 * an earlier call. No caller can so take the earlier result for its own.
 */
export class HeldBack extends Error {
  override readonly name = 'HeldBack';
  readonly outcome: 'previous_resolved' | 'possible_duplicate';
  /** The earlier call: its operation, when it was settled, and what was kept of its answer. */
  readonly previous: Readonly<Record<string, unknown>>;
  readonly recovery: Recovery;

  constructor(outcome: HeldBack['outcome'], previous: Readonly<Record<string, unknown>>, recovery: Recovery) {
    super(outcome);
    this.outcome = outcome;
    this.previous = previous;
    this.recovery = recovery;
  }
}

/**
 * Sends a request, with all its retries, under one key. Throws a SotaError: `rejected` when the request definitely had
 * no effect, `unknown` when it may have had one. `resumed`: an attempt before this process may have had it.
 */
export type Dispatch = (
  request: WireRequest,
  key: string,
  onAttempt: (attempt: number, reason: string) => void,
  resumed?: boolean,
) => Promise<Answered>;

export interface IntentRunner {
  /** Whether an intent without an answer is remembered, so that calling again with the same arguments resumes it. */
  readonly remembers: boolean;
  run(call: IntentCall, dispatch: Dispatch, options?: CallOptions): Promise<Settled<unknown>>;
  /** Resolves when nothing is under way any more. */
  idle(): Promise<void>;
  /** Called once by the client that uses the runner. */
  attach?(wire: Wire): void;
  /** Brings to their end what earlier processes left open. */
  readonly recover?: Recover;
  /** Whether anything was ever written down. */
  hasHistory?(): Promise<boolean>;
}

/**
 * The Idempotency-Key of an intent: the same for the same intent and nonce, different for another agent, marketplace,
 * operation, resource or content, and without anything personal in it.
 */
export function intentKey(call: IntentCall, nonce: string): string {
  const { origin, agentId, operation, slot, epoch = '', after = '', canonical } = call;
  const identity = ['sota-mcp/1', origin, agentId, operation.id, slot, epoch, after, canonical, nonce];
  return `sota1-${sha256Base64Url(canonicalJson(identity))}`;
}

interface UnderWay {
  readonly answer: Promise<Answered>;
  readonly listeners: Set<NonNullable<CallOptions['onAttempt']>>;
}

/**
 * Every call is a new intent, with one key for all its attempts; equal calls at the same time are one.
 *
 * A caller that aborts stops waiting and nothing more: a request that has left cannot be taken back, and breaking the
 * connection would only hide from us what it did.
 */
export function createNonceIntents(newNonce: () => string = randomUUID): IntentRunner {
  const underWay = new Map<string, UnderWay>();
  return {
    remembers: false,
    async run(call, dispatch, options = {}) {
      if (options.signal?.aborted) throw teach.cancelled(call.operation, false);
      const sameness = intentKey(call, call.nonce ?? '');
      const found = underWay.get(sameness);
      const entry = found ?? start(call, dispatch);
      if (!found) {
        underWay.set(sameness, entry);
        const forget = () => underWay.delete(sameness);
        entry.answer.then(forget, forget);
      }
      if (options.onAttempt) entry.listeners.add(options.onAttempt);
      try {
        const { data, attempts, replayed } = await unlessAborted(entry.answer, call.operation, options.signal);
        // Nothing is remembered that could be unseen; the point in time is the same.
        options.onUnseen?.(async () => {
          crashPoint('before-seen');
          crashPoint('after-seen');
        });
        return { outcome: found ? 'joined' : replayed ? 'replayed' : 'done', data, attempts };
      } finally {
        if (options.onAttempt) entry.listeners.delete(options.onAttempt);
      }
    },
    async idle() {
      while (underWay.size > 0) await Promise.allSettled([...underWay.values()].map(({ answer }) => answer));
    },
  };

  function start(call: IntentCall, dispatch: Dispatch): UnderWay {
    const listeners: UnderWay['listeners'] = new Set();
    const key = intentKey(call, call.nonce ?? newNonce());
    const tell = (attempt: number, reason: string) => {
      for (const listener of listeners) listener(attempt, reason);
    };
    const send = async () => {
      await call.beforeClaim?.();
      await call.hooks?.beforeSend?.(key);
      crashPoint('before-send');
      const answered = await dispatch(call.request, key, tell);
      crashPoint('after-send');
      await call.hooks?.persist?.(answered.data, key);
      crashPoint('after-persist');
      return answered;
    };
    return { answer: send(), listeners };
  }
}

/** The answer, or `cancelled` as soon as the caller stops waiting; what it waited for goes on. */
export function unlessAborted<T>(
  answer: Promise<T>,
  operation: Operation,
  signal: AbortSignal | undefined,
): Promise<T> {
  if (!signal) return answer;
  return new Promise<T>((resolve, reject) => {
    const onAbort = () => reject(teach.cancelled(operation, true));
    signal.addEventListener('abort', onAbort, { once: true });
    answer.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
