/**
 * Bringing one claimed generation to a certain outcome: sending it, or looking what became of it, and writing that down.
 * Callers in this process that meet in one generation share one such attempt.
 */
import type { Operation } from '#contract/define-operation.ts';
import { SotaError } from '#contract/errors/sota-error.ts';
import { teach } from '#contract/errors/teach.ts';
import { teachIntents } from '#contract/errors/teach-intents.ts';
import { type Clock, isoTime } from '#kit/clock.ts';
import { crashPoint } from '#kit/crash-point.ts';
import type { Answered, Dispatch, IntentHooks, Wire } from '../intents.ts';
import type { CallOptions } from '../types.ts';
import type { Capability } from './capability.ts';
import { intentId } from './intent-id.ts';
import { type Found, reconcile } from './reconcile.ts';
import type { Generation, IntentRecord, OutRecord } from './records.ts';
import { KEY_WINDOW_MS, keptOf, ruleFor } from './rules.ts';
import type { JournalStore, SlotAddress } from './store.ts';

export interface SettleJob {
  readonly slot: SlotAddress;
  readonly of: Generation;
  readonly agentId: string;
  readonly origin: string;
  readonly operation: Operation;
  /** It was begun before: it may have been sent. */
  readonly resumed: boolean;
  /** How the caller sends; the plain way where there is no caller. */
  readonly dispatch?: Dispatch;
  readonly hooks?: IntentHooks;
  readonly onAttempt?: NonNullable<CallOptions['onAttempt']>;
  /** Told when the marketplace refused and that is written down. */
  readonly refused?: () => Promise<void>;
}

export interface Outcome {
  readonly out: OutRecord;
  /** All of the answer, where there was one just now. */
  readonly data?: unknown;
  /** Another caller of this process was at it already. */
  readonly shared: boolean;
}

export interface Settling {
  attach(wire: Wire): void;
  /**
   * @throws SotaError: `rejected` is certain and written down, anything else leaves the intent open
   * @throws NotExecuted
   */
  settle(job: SettleJob): Promise<Outcome>;
  /** What the marketplace shows of it. Never throws. */
  look(slot: SlotAddress, of: Generation, agentId: string): Promise<Found>;
  isUnderWay(key: string): boolean;
}

/** It was found out that it never took effect, and that is written down: the way is free for a new one. */
export class NotExecuted extends Error {
  override readonly name = 'NotExecuted';
}

export interface SettlingParts {
  readonly store: JournalStore;
  readonly clock: Clock;
  readonly capability: Capability;
  readonly mayResend?: (operation: Operation, intent: IntentRecord) => Promise<void>;
}

/** By then a request has arrived or never will, whatever stood between us and the marketplace. */
const LANDED_MS = 120_000;
/** A rotation is replayed as long as the old key works. */
const ROTATION_WINDOW_MS = 60_000;

interface UnderWay {
  readonly settled: Promise<Omit<Outcome, 'shared'>>;
  readonly listeners: Set<NonNullable<CallOptions['onAttempt']>>;
}

export function createSettling({ store, clock, capability, mayResend }: SettlingParts): Settling {
  const underWay = new Map<string, UnderWay>();
  let wire: Wire | undefined;

  return {
    attach(given) {
      wire = given;
    },
    isUnderWay: (key) => underWay.has(key),
    look,
    async settle(job) {
      const { key } = job.of.intent;
      const found = underWay.get(key);
      const entry = found ?? begin(job, key);
      if (job.onAttempt) entry.listeners.add(job.onAttempt);
      try {
        return { ...(await entry.settled), shared: found !== undefined };
      } finally {
        if (job.onAttempt) entry.listeners.delete(job.onAttempt);
      }
    },
  };

  function begin(job: SettleJob, key: string): UnderWay {
    const listeners: UnderWay['listeners'] = new Set();
    const settled = bring(job, (attempt, reason) => {
      for (const listener of listeners) listener(attempt, reason);
    });
    const entry = { settled, listeners };
    underWay.set(key, entry);
    const forget = () => underWay.delete(key);
    settled.then(forget, forget);
    return entry;
  }

  async function bring(
    job: SettleJob,
    tell: (attempt: number, reason: string) => void,
  ): Promise<Omit<Outcome, 'shared'>> {
    const { slot, of, operation, hooks, resumed } = job;
    const { intent } = of;
    const known = resumed ? await hooks?.known?.(intent.key) : undefined;
    if (known !== undefined) return await write(job, { data: known, by: 'reconciled' });
    if (resumed) {
      const settled = await beforeResending(job);
      if (settled) return settled;
      await mayResend?.(operation, intent);
      await store.confirm(slot, ruleFor(operation).failClosed);
    }
    await hooks?.beforeSend?.(intent.key);
    crashPoint('before-send');
    let attempts = 1;
    let answered: Answered;
    try {
      answered = await send(job, (attempt, reason) => {
        attempts = attempt;
        tell(attempt, reason);
      });
    } catch (error) {
      const repeated = resumed || attempts > 1;
      if (!(error instanceof SotaError) || !isCertain(error, resumed, attempts)) throw error;
      if (worthLooking(error, operation, repeated)) {
        const found = await look(slot, of, job.agentId);
        if (found.kind === 'done') return await write(job, { data: found.data, by: 'reconciled', attempts });
      }
      // A refusal is an answer as well.
      crashPoint('after-send');
      crashPoint('after-persist');
      const refusal: OutRecord = {
        ...outRecord(attempts, 'wire'),
        outcome: 'rejected',
        data: {},
        error: {
          code: error.code,
          message: error.message,
          fix: error.fix,
          ...(error.httpStatus === undefined ? {} : { http_status: error.httpStatus }),
          ...(error.details === undefined ? {} : { details: error.details }),
        },
      };
      await store.settle(slot, of.gen, refusal, await mustBeCertain(job));
      await job.refused?.();
      throw error;
    }
    crashPoint('after-send');
    if (answered.replayed) await capability.learn(job.origin);
    await hooks?.persist?.(answered.data, intent.key);
    crashPoint('after-persist');
    return await write(job, { ...answered, by: 'wire' });
  }

  async function write(
    job: SettleJob,
    answer: { data: unknown; by: OutRecord['by']; attempts?: number; replayed?: boolean },
  ): Promise<Omit<Outcome, 'shared'>> {
    const { slot, of, operation } = job;
    const out: OutRecord = {
      ...outRecord(answer.attempts ?? 0, answer.by),
      outcome: 'done',
      ...keptOf(ruleFor(operation), answer.data),
      // Looked up, not answered: it was done by an earlier attempt.
      replayed: answer.replayed ?? true,
    };
    await store.settle(slot, of.gen, out, await mustBeCertain(job));
    return { out, data: answer.data };
  }

  /**
   * Whether the answer has to wait until the outcome survives a power cut as well. Not where the marketplace would say
   * the same again: under a key that is honoured, or because a repeat changes nothing. With money only proof counts, and
   * nobody rotates keys to hear it twice.
   */
  async function mustBeCertain({ operation, of, origin }: SettleJob): Promise<boolean> {
    const { rank, failClosed } = ruleFor(operation);
    if (rank === 0) return true;
    if (operation.idempotency === 'natural') return failClosed;
    if (operation.idempotency !== 'key' || !of.intent.keyed) return true;
    return failClosed && !(await capability.honoursKeys(origin));
  }

  function outRecord(attempts: number, by: OutRecord['by']) {
    return { v: 1, at: isoTime(clock.now()), replayed: false, attempts, by } as const;
  }

  /**
   * Whether an intent that may have been sent is to be sent again: undefined says yes. Keys that are honoured make it
   * safe within their window; without them, and for what a second time could spoil, the marketplace is looked at first.
   */
  async function beforeResending(job: SettleJob): Promise<Omit<Outcome, 'shared'> | undefined> {
    const { slot, of, operation, agentId, origin, hooks } = job;
    const { intent } = of;
    const rule = ruleFor(operation);
    const age = clock.now() - Date.parse(intent.created_at);
    const expired = age > (rule.rank === 0 ? ROTATION_WINDOW_MS : KEY_WINDOW_MS);
    const natural = operation.idempotency !== 'key';
    const trusted = !natural && (intent.keyed || (await capability.honoursKeys(origin)));
    if (!expired && (trusted || !(natural || rule.failClosed))) return undefined;
    const found = (await hooks?.look?.()) ?? (await look(slot, of, agentId));
    if (found.kind === 'done') return await write(job, { data: found.data, by: 'reconciled' });
    if (!expired && natural && found.kind !== 'dark') return undefined;
    if (found.kind === 'absent' && age > LANDED_MS) {
      const never: OutRecord = {
        ...outRecord(0, 'reconciled'),
        outcome: 'rejected',
        data: {},
        error: { code: 'not_executed', message: 'It never took effect.', fix: 'Call again if it is still wanted.' },
      };
      await store.settle(slot, of.gen, never, true);
      throw new NotExecuted();
    }
    const id = intentId(slot, of.gen);
    if (found.kind === 'dark') {
      throw teach.unknownOutcome(operation, 'the marketplace does not answer', { repeatable: true, attempts: 0 });
    }
    if (found.kind === 'absent') throw teachIntents.previousUnknown(operation, intent.op, id);
    throw teachIntents.needsHuman(operation, id, intent.created_at);
  }

  async function look(slot: SlotAddress, of: Generation, agentId: string): Promise<Found> {
    if (!wire) return { kind: 'unclear' };
    try {
      const { generations } = await store.read(slot, false);
      const others = generations.filter(({ gen }) => gen !== of.gen);
      const taken = new Set(others.flatMap(({ out }) => out?.result_id ?? []));
      return await reconcile(of.intent, wire.read, agentId, taken);
    } catch {
      return { kind: 'unclear' };
    }
  }

  async function send(
    { of: { intent }, operation, dispatch, resumed }: SettleJob,
    onAttempt: (attempt: number, reason: string) => void,
  ): Promise<Answered> {
    const request = {
      operation,
      target: intent.target,
      ...(intent.body === undefined ? {} : { body: intent.body }),
      ...(intent.sent_as === undefined ? {} : { sentAs: intent.sent_as }),
    };
    if (dispatch) return await dispatch(request, intent.key, onAttempt, resumed);
    if (!wire) throw new Error('the journal is not attached to a client');
    return await wire.send(request, intent.key, { keyed: intent.keyed, onAttempt, resumed });
  }
}

/** Whether an error says for certain that nothing took effect, now or at an earlier attempt. */
function isCertain(error: SotaError, resumed: boolean, attempts: number): boolean {
  if (error.outcome === 'unknown') return false;
  // The owner's settings stopped it before it left.
  if (error.outcome !== 'rejected') return !resumed && attempts === 1;
  if (error.httpStatus !== undefined) return true;
  // Nothing left this machine this time. Whether something did before, it does not know.
  return !resumed && (attempts === 1 || error.code === 'unreachable');
}

/** A conflict on a repeat may be with what the first attempt did. */
function worthLooking({ httpStatus, code }: SotaError, operation: Operation, repeated: boolean): boolean {
  if (code === 'idempotency_conflict') return true;
  return repeated && operation.idempotency !== 'key' && (httpStatus === 409 || httpStatus === 404);
}
