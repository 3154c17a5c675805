/**
 * The intent journal: what is to happen once is written down before it is sent, kept until its outcome is certain, and
 * counted as over only when its caller evidently has the answer.
 *
 *   decide ─▶ claim a generation (durable) ─▶ send under its key ─▶ write the outcome down ─▶ answer ─▶ seen
 *
 * A crash anywhere leaves enough to go on: before the claim nothing was sent; after it the same bytes go out under the
 * same key, and the marketplace answers with what it did the first time. The two rules that make this safe: a key is
 * read from the record and never derived again, and an unknown outcome is never written down.
 */
import { join } from 'node:path';
import type { Operation } from '#contract/define-operation.ts';
import { SotaError } from '#contract/errors/sota-error.ts';
import { teachIntents } from '#contract/errors/teach-intents.ts';
import { operationById } from '#contract/operations/registry.ts';
import { type Clock, systemClock } from '#kit/clock.ts';
import { crashPoint } from '#kit/crash-point.ts';
import { type Disk, nodeDisk } from '#kit/durable/disk.ts';
import { CorruptRecordError } from '#kit/durable/records.ts';
import { sha256Hex } from '#kit/hash.ts';
import { createLogger, type Logger } from '#kit/log.ts';
import { liveSecrets, type Redactor } from '#kit/redact.ts';
import { createNonceIntents, type Dispatch, type IntentCall, type IntentRunner, unlessAborted } from '../intents.ts';
import type { CallOptions, Settled } from '../types.ts';
import { heldBack, refusalOf, repetition } from './answers.ts';
import { createCapability } from './capability.ts';
import { type Call, decide, epochIn, type Plan } from './decide.ts';
import { expendable } from './expendable.ts';
import { fingerprint } from './fingerprint.ts';
import { createHearing } from './hearing.ts';
import { intentId } from './intent-id.ts';
import { scopeOf } from './key.ts';
import { isAlive, isOwn } from './liveness.ts';
import { newIntent } from './new-intent.ts';
import { type Generation, generationOf, type IntentRecord, type OutRecord } from './records.ts';
import { createRecovery } from './recover.ts';
import { isJournaled, ruleFor } from './rules.ts';
import { createSettling, NotExecuted } from './settle.ts';
import { createJournalStore, type SlotAddress, slotAddress } from './store.ts';
import { createTurns } from './turns.ts';

export interface JournalOptions {
  /** The state directory. Nothing is written to it before the first mutation. */
  readonly directory: string;
  readonly disk?: Disk;
  readonly clock?: Clock;
  readonly rng?: () => number;
  readonly log?: Logger;
  readonly redactor?: Redactor;
  /** The marketplace of this package answers at the origin: it honours keys. */
  readonly honoursKeys?: boolean;
  /** Asked before anything is sent again by itself. Throws where the owner's settings forbid it now. */
  readonly mayResend?: (operation: Operation, intent: IntentRecord) => Promise<void>;
}

/** How long a call waits for something older in its slot before it says so. */
const SETTLE_FIRST_MS = 15_000;
/** What is told as it is, and not as trouble with an earlier call. */
const SAID_ALREADY: ReadonlySet<string> = new Set(['needs_human', 'refused_by_policy', 'needs_approval']);

/**
 * Intents that survive restarts and are shared by every process on one state directory.
 * @example createSession({ …, intents: createJournalIntents({ directory: stateDir }) })
 */
export function createJournalIntents(options: JournalOptions): IntentRunner {
  const { directory, disk = nodeDisk, clock = systemClock, log = createLogger(), redactor = liveSecrets } = options;
  const redact = (text: string) => redactor.redact(text);
  const store = createJournalStore({ directory, disk, clock, log, redact });
  const capability = createCapability(directory, disk, options.honoursKeys === true);
  const settling = createSettling({
    store,
    clock,
    capability,
    ...(options.mayResend && { mayResend: options.mayResend }),
  });
  const elsewhere = createNonceIntents();
  const turns = createTurns();
  const hearing = createHearing(store);
  const work = new Set<Promise<unknown>>();

  return {
    remembers: true,
    attach: settling.attach,

    async run(call, dispatch, callOptions = {}) {
      if (!isJournaled(call.operation)) return await elsewhere.run(call, dispatch, callOptions);
      // Detached: a caller that stops waiting must not keep the outcome from being written down.
      const performing = perform(call, dispatch, callOptions);
      work.add(performing);
      const forget = () => work.delete(performing);
      performing.then(forget, forget);
      return await unlessAborted(performing, call.operation, callOptions.signal);
    },

    recover: createRecovery({ directory, disk, clock, log, store, settling, ...(options.rng && { rng: options.rng }) }),

    async hasHistory() {
      const entry = await disk.entry(join(directory, 'agents')).catch(() => undefined);
      return entry?.kind === 'directory';
    },

    async idle() {
      await elsewhere.idle();
      while (work.size > 0) await Promise.allSettled(work);
      await store.idle();
    },
  };

  async function perform(call: IntentCall, dispatch: Dispatch, how: CallOptions): Promise<Settled<unknown>> {
    const { operation, origin, agentId, explicitKey } = call;
    const rule = ruleFor(operation);
    const slotName = explicitKey === undefined ? call.slot : `key/${sha256Hex(explicitKey)}/${call.slot}`;
    const slot = slotAddress(scopeOf(origin, agentId), slotName);
    const fp = fingerprint(call.canonical);
    const common: Omit<Call, 'epoch'> = {
      operation: operation.id,
      idempotency: operation.idempotency,
      fp,
      after: call.after,
      explicit: explicitKey !== undefined,
      rule,
      handedOver: hearing.toBeHeard,
    };
    const given = (of: Generation) => hearing.give(slot, of, call, how);
    let gone: number | undefined;
    let admitted = false;
    let lookedTwiceAt: string | undefined;
    /** What was to begin when the owner's settings were asked. If it can still be claimed, nothing has changed since. */
    let planned: { readonly plan: Plan & { kind: 'start' }; readonly epoch: string } | undefined;
    for (;;) {
      // Between reading a slot and being under way nobody else of this process may read it: what he saw would look like
      // something an earlier process left.
      const leave = await turns.enter(store.directoryOf(slot));
      let plan: Plan;
      let epoch: string;
      let answering: Promise<Settled<unknown>> | undefined;
      try {
        if (planned) ({ plan, epoch } = planned);
        else {
          const state = await reading(() => store.read(slot, rule.failClosed), call, slot);
          epoch = epochIn(state, { rule, epoch: call.epoch ?? '' });
          plan = decide(state, { ...common, epoch }, clock.now(), gone);
          // Open, begun here, and nobody is at it: most likely it ended while the folder was being read.
          const open = plan.kind === 'resume' || plan.kind === 'settle_first' ? plan.of.intent : undefined;
          if (open && isOwn(open) && !settling.isUnderWay(open.key) && lookedTwiceAt !== open.key) {
            lookedTwiceAt = open.key;
            continue;
          }
          if (plan.kind === 'start') store.drop(slot, expendable(state, rule.failClosed, clock.now()));
        }
        planned = undefined;
        if (call.resumeOnly && plan.kind !== 'resume') throw new NothingToResume();
        if (call.resumeOnly) crashPoint('before-recover');
        if (plan.kind === 'start' && (admitted || !call.beforeClaim)) {
          const intent = newIntent(call, { slot: slotName, gen: plan.gen, fp, epoch }, clock.now());
          if (!(await reading(() => store.claim(slot, intent, rule.failClosed), call, slot))) continue;
          answering = answer({ gen: plan.gen, intent, seen: false }, false);
        } else if (plan.kind === 'resume') {
          answering = answer(plan.of, true);
        }
        answering?.catch(() => undefined);
      } finally {
        leave();
      }
      switch (plan.kind) {
        case 'start':
          if (answering) return await answering;
          // A human may be asked here, so it is done outside of anybody's turn.
          await call.beforeClaim?.();
          admitted = true;
          planned = { plan, epoch };
          continue;
        case 'resume':
          try {
            const settled = await (answering ?? answer(plan.of, true));
            if (call.resumeOnly) crashPoint('after-recover');
            return settled;
          } catch (error) {
            // It never took effect: this call is a new one.
            if (error instanceof NotExecuted && !call.resumeOnly) continue;
            throw error;
          }
        case 'repeat_answer': {
          if (plan.check !== 'none') {
            const { kind } = await settling.look(slot, plan.of, agentId);
            if (kind === 'dark') throw teachIntents.notLookedUp(operation);
            if (kind === 'absent' || (kind === 'unclear' && plan.check === 'holds')) {
              // Sent anew: it is gone, or a repeat changes nothing.
              gone = plan.of.gen;
              continue;
            }
          }
          return await repeat(plan.of);
        }
        case 'duplicate':
          await given(plan.of);
          throw heldBack('possible_duplicate', plan.of);
        case 'tell_first':
          await given(plan.of);
          throw heldBack('previous_resolved', plan.of, plan.of.intent.fp === fp && plan.of.intent.op === operation.id);
        case 'key_reused':
          throw teachIntents.keyReused(operation);
        case 'settle_first': {
          const own = settling.isUnderWay(plan.of.intent.key);
          const out = await settleFirst(plan.of);
          // Its own caller in this process gets its answer; ours is a wish of its own and goes on.
          if (own || out?.outcome !== 'done') continue;
          await given(plan.of);
          throw heldBack('previous_resolved', { ...plan.of, out });
        }
      }
    }

    /** Brings a claimed generation to its outcome and answers with it. */
    async function answer(of: Generation, resumed: boolean): Promise<Settled<unknown>> {
      return await hearing.whileAwaited(of.intent.key, () => settleAndGive(of, resumed));
    }

    async function settleAndGive(of: Generation, resumed: boolean): Promise<Settled<unknown>> {
      const { out, data, shared } = await settling.settle({
        slot,
        of,
        agentId,
        origin,
        operation,
        resumed,
        dispatch,
        ...(call.hooks && { hooks: call.hooks }),
        ...(how.onAttempt && { onAttempt: how.onAttempt }),
        refused: () => given(of),
      });
      await given(of);
      const joined = shared || (resumed && isAlive(of.intent));
      return {
        outcome: joined ? 'joined' : out.replayed ? 'replayed' : 'done',
        data: data ?? out.data,
        attempts: out.attempts,
        ...(out.replayed && !joined && repetition(rule, out)),
      };
    }

    async function repeat(of: Generation): Promise<Settled<unknown>> {
      const { out } = of;
      if (!out) throw new Error('a generation without an outcome cannot be repeated');
      await given(of);
      if (out.error) throw refusalOf(out);
      return { outcome: 'replayed', data: out.data, attempts: out.attempts, ...repetition(rule, out) };
    }

    async function settleFirst(of: Generation): Promise<OutRecord | undefined> {
      const older = operationById(of.intent.op);
      if (!older) throw teachIntents.needsHuman(operation, intentId(slot, of.gen), of.intent.created_at);
      const settled = settling
        .settle({ slot, of, agentId, origin, operation: older, resumed: true })
        .then(({ out }) => out)
        .catch((error: unknown) => {
          // Refused for certain: nothing of it happened, so nothing stands in the way.
          if (error instanceof NotExecuted) return undefined;
          if (error instanceof SotaError && error.outcome === 'rejected') return undefined;
          throw error;
        });
      let cancel: () => void = () => undefined;
      const late = new Promise<never>((_, reject) => {
        cancel = clock.after(SETTLE_FIRST_MS, () => reject(new Error('no answer in time')));
      });
      try {
        return await Promise.race([settled, late]);
      } catch (error) {
        settled.catch(() => undefined);
        if (error instanceof SotaError && SAID_ALREADY.has(error.code === 'needs_human' ? error.code : error.outcome)) {
          throw error;
        }
        throw teachIntents.previousUnknown(operation, of.intent.op, intentId(slot, of.gen), error);
      } finally {
        cancel();
      }
    }
  }

  /** Reading and claiming, with what goes wrong there in words. */
  async function reading<T>(step: () => Promise<T>, { operation }: IntentCall, slot: SlotAddress): Promise<T> {
    try {
      return await step();
    } catch (error) {
      if (error instanceof CorruptRecordError) {
        const gen = generationOf(error.path.split(/[/\\]/).at(-1) ?? '') ?? 0;
        throw teachIntents.journalCorrupt(operation, error.path, intentId(slot, gen), error);
      }
      const reason = error instanceof Error ? error.message : String(error);
      throw teachIntents.journalUnavailable(operation, directory, reason, error);
    }
  }
}

/** There was nothing to bring to its end. */
export class NothingToResume extends Error {
  override readonly name = 'NothingToResume';
}
