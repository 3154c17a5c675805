/**
 * What stands between "do this once" and the wire. This seam is where a journal can remember intents across restarts;
 * the runner here remembers them for as long as the call lasts.
 */
import { randomUUID } from 'node:crypto';
import type { Operation } from '#contract/define-operation.ts';
import { teach } from '#contract/errors/teach.ts';
import { canonicalJson } from '#kit/canonical-json.ts';
import { sha256Base64Url } from '#kit/hash.ts';
import type { WireRequest } from './http.ts';
import type { CallOptions, Settled } from './types.ts';

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
  /** Canonical text of the arguments. */
  readonly canonical: string;
  readonly request: WireRequest;
}

export interface Answered {
  readonly data: unknown;
  readonly attempts: number;
  readonly replayed: boolean;
}

/**
 * Sends a request, with all its retries, under one key. Throws a SotaError: `rejected` when the request definitely had
 * no effect, `unknown` when it may have had one.
 */
export type Dispatch = (
  request: WireRequest,
  key: string,
  onAttempt: (attempt: number, reason: string) => void,
) => Promise<Answered>;

export interface IntentRunner {
  /** Whether an intent without an answer is remembered, so that calling again with the same arguments resumes it. */
  readonly remembers: boolean;
  run(call: IntentCall, dispatch: Dispatch, options?: CallOptions): Promise<Settled<unknown>>;
  /** Resolves when nothing is under way any more. */
  idle(): Promise<void>;
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
    const answer = dispatch(call.request, key, (attempt, reason) => {
      for (const listener of listeners) listener(attempt, reason);
    });
    return { answer, listeners };
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
