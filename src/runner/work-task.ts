/**
 * One go at one assignment, from the handler to the answer of the marketplace.
 *
 *   open ──start noted──▶ handler runs ──result stored──▶ outbox ──sent──▶ settled
 *    ▲                      │ error (test)                  │ verdict        passed, delivered, given_back, gone, dead
 *    └──────────────────────┴───────────────────────────────┘ next go, with lastValidation
 *
 * Only what stands in the outbox is ever sent, and what stands there is never worked on again: after a crash it is
 * sent once more under the same key. A start without anything after it was a crash; the second one ends the attempt,
 * because a job that kills its worker would kill it for months.
 */
import { randomUUID } from 'node:crypto';
import type { SotaClient } from '#client/types.ts';
import type { SotaError } from '#contract/errors/sota-error.ts';
import { canonicalJson } from '#kit/canonical-json.ts';
import { type Clock, isoTime, sleep } from '#kit/clock.ts';
import { sha256Hex } from '#kit/hash.ts';
import type { Logger } from '#kit/log.ts';
import { crashPoint } from './crash-point.ts';
import type { RunnerListener } from './events.ts';
import { AgentError, type Failure, failureOf, isPassing } from './handlers/agent-error.ts';
import { HandlerCrashed } from './handlers/handler-crashed.ts';
import { ApprovalNeeded, type HandlerContext } from './handlers/handler-host.ts';
import type { JobView } from './handlers/job-view.ts';
import { resultText } from './result-text.ts';
import { type Handover, sendParcel } from './send-parcel.ts';
import type { DeadLetters } from './state/dead-letters.ts';
import type { Parcel, TaskOutcome, TaskRecord } from './state/task-record.ts';
import type { TaskStore } from './state/task-store.ts';

/** What all assignments of a runner share. */
export interface Shop {
  readonly client: SotaClient;
  readonly store: TaskStore;
  readonly dead: DeadLetters;
  readonly clock: Clock;
  readonly rng: () => number;
  readonly log: Logger;
  readonly emit: RunnerListener;
  /** What a job that the shutdown interrupts becomes: reported as failed, or left to the next start. */
  readonly onDrain: 'report' | 'leave';
  /** Runs the handler and resolves with what it returns. */
  runHandler(job: JobView, go: HandlerGo): Promise<unknown>;
  /** The marketplace refuses the key: nothing more can be done here. */
  fatal(error: SotaError): void;
}

export type HandlerGo = Pick<HandlerContext, 'attempt' | 'lastValidation' | 'deadline' | 'signal'> & {
  readonly approved: boolean;
};

export type StopReason = 'deadline' | 'gone' | 'shutdown';

/** The strings by which a task under way is held. */
export interface TaskControl {
  readonly deadline: number;
  /** Why the handler was told to stop. */
  readonly stopped: StopReason | undefined;
  /** Aborts with {@link stopped}. */
  readonly signal: AbortSignal;
  /** Aborts when sending has to end too; what was not answered stays in the outbox. */
  readonly sending: AbortSignal;
}

export const MAX_CRASHES = 2;
/** Goes at a job whose results are refused, and handler errors at a test, before it is given up. */
export const MAX_GOES = 3;
/** A handler that was told to stop has this long; then its answer is no longer waited for. */
export const STOP_GRACE_MS = 5_000;
const BACKOFF_BASE_MS = 500;
const BACKOFF_CAP_MS = 30_000;
const MAX_OUTBOX_AGE_MS = 24 * 3_600_000;

/** Does what is left to do of an assignment. Never throws for anything a handler or the marketplace does. */
export async function workTask(shop: Shop, record: TaskRecord, control: TaskControl): Promise<void> {
  const filled = record.outbox ? record : await runOnce(shop, record, control);
  if (filled?.outbox) await handOver(shop, filled, filled.outbox, control);
}

/** Runs the handler; the record with its outbox filled, or undefined where there is nothing to send. */
async function runOnce(shop: Shop, record: TaskRecord, control: TaskControl): Promise<TaskRecord | undefined> {
  const { store, clock, emit } = shop;
  if (record.starts >= MAX_CRASHES) return await giveUpCrashing(shop, record);
  const started = { ...record, starts: record.starts + 1 };
  await store.save(started);
  crashPoint('start-noted');
  const startedAt = clock.now();
  let text: string;
  try {
    const returned = await runStoppable(shop, started, control);
    crashPoint('handler-done');
    text = resultText(returned, record.job);
  } catch (thrown) {
    return await afterError(shop, started, thrown, control, startedAt);
  }
  if (sha256Hex(text) === record.refused_sha256) {
    const problem = `The handler repeats the result that was refused: ${record.last_validation?.message ?? ''}`;
    return await afterError(shop, started, new AgentError('internal_error', problem), control, startedAt);
  }
  const filled = await fill(shop, started, { result: text });
  emit({ type: 'stored', job: record.job, failed: false, ms: clock.now() - startedAt });
  return filled;
}

/** The handler's answer, or a rejection once it has been told to stop and does not. */
function runStoppable(shop: Shop, record: TaskRecord, control: TaskControl): Promise<unknown> {
  const { job, go, last_validation, approved = false } = record;
  return new Promise((resolve, reject) => {
    let cancel: () => void = () => undefined;
    const onStop = () => {
      cancel = shop.clock.after(STOP_GRACE_MS, () => reject(new Error('the handler did not stop when it was told to')));
    };
    if (control.signal.aborted) onStop();
    else control.signal.addEventListener('abort', onStop, { once: true });
    shop
      .runHandler(job, {
        attempt: go,
        lastValidation: last_validation,
        deadline: control.deadline,
        signal: control.signal,
        approved,
      })
      .then(resolve, reject)
      .finally(() => {
        cancel();
        control.signal.removeEventListener('abort', onStop);
      });
  });
}

async function afterError(
  shop: Shop,
  record: TaskRecord,
  thrown: unknown,
  control: TaskControl,
  startedAt: number,
): Promise<TaskRecord | undefined> {
  const { store, emit, log, clock } = shop;
  const { job } = record;
  // The start left something behind after all: it was no crash.
  const ended = { ...record, starts: 0 };
  if (thrown instanceof ApprovalNeeded) {
    await store.save({ ...ended, parked: thrown.message });
    emit({ type: 'parked', job, reason: thrown.message });
    return undefined;
  }
  if (control.stopped === 'gone') {
    await settle(shop, ended, 'gone', 'the marketplace took the job away');
    return undefined;
  }
  if (control.stopped === 'shutdown' && (job.kind === 'test' || shop.onDrain === 'leave')) {
    await store.save(ended);
    return undefined;
  }
  if (thrown instanceof HandlerCrashed && control.stopped === undefined) {
    // Its start stays counted, as if this process had died of it.
    log.warn('the process of a handler died', { job: job.id, problem: thrown.message, starts: record.starts });
    emit({ type: 'handler_failed', job, code: 'crashed', message: thrown.message });
    return undefined;
  }
  const failure = failureFor(thrown, control.stopped);
  log.warn('a handler failed', { job: job.id, code: failure.error_code, problem: failure.error_message });
  emit({ type: 'handler_failed', job, code: failure.error_code, message: failure.error_message });
  if (job.kind === 'test') {
    // A test knows no failed delivery; its time limit ends it, or the next go answers it. What does not pass by itself
    // and is not worth another try is not tried again.
    const delays = isPassing(failure) ? (record.delays ?? 0) + 1 : 0;
    const errors = delays > 0 ? record.errors : failure.retryable ? record.errors + 1 : MAX_GOES;
    await store.save({ ...ended, errors, delays });
    return undefined;
  }
  const filled = await fill(shop, ended, { failure });
  emit({ type: 'stored', job, failed: true, ms: clock.now() - startedAt });
  return filled;
}

function failureFor(thrown: unknown, stopped: StopReason | undefined): Failure {
  if (stopped === 'deadline')
    return { error_code: 'timeout', error_message: 'The time for the job is over', retryable: true };
  if (stopped === 'shutdown') {
    return { error_code: 'resource_unavailable', error_message: 'The worker was shut down', retryable: true };
  }
  return failureOf(thrown);
}

async function giveUpCrashing(shop: Shop, record: TaskRecord): Promise<TaskRecord | undefined> {
  const reason = `The runner died ${record.starts} times while its handler worked on this`;
  await bury(shop, record, reason);
  if (record.job.kind === 'test') {
    await settle(shop, record, 'dead', reason);
    return undefined;
  }
  const failure = { error_code: 'internal_error', error_message: 'The worker crashed on this job', retryable: true };
  return await fill(shop, record, { failure });
}

/** From here on the handler never runs again for this go. */
async function fill(
  { store, clock }: Shop,
  record: TaskRecord,
  content: { readonly result: string } | { readonly failure: Failure },
): Promise<TaskRecord> {
  const bytes = 'result' in content ? content.result : canonicalJson(content.failure);
  const outbox: Parcel = {
    ...content,
    sha256: sha256Hex(bytes),
    nonce: randomUUID(),
    stored_at: isoTime(clock.now()),
  };
  const filled = { ...record, starts: 0, outbox };
  await store.save(filled);
  crashPoint('result-stored');
  return filled;
}

/** Sends until there is an answer. */
async function handOver(shop: Shop, record: TaskRecord, parcel: Parcel, control: TaskControl): Promise<void> {
  for (let tries = 0; ; tries += 1) {
    if (control.sending.aborted) return;
    const handover = await sendParcel(shop.client, record.job, parcel, control.sending).catch(
      (error: unknown): Handover => ({ kind: 'again', error }),
    );
    crashPoint('after-send');
    if (handover.kind !== 'again') return await conclude(shop, record, parcel, handover, control);
    if (control.sending.aborted) return;
    if (shop.clock.now() - Date.parse(parcel.stored_at) > MAX_OUTBOX_AGE_MS) {
      await bury(shop, record, `Not delivered within a day: ${String(handover.error)}`);
      return await settle(shop, record, 'dead', 'not delivered within a day');
    }
    shop.log.warn('a delivery was not answered; it is sent again', {
      job: record.job.id,
      problem: String(handover.error),
    });
    const backoff = shop.rng() * Math.min(BACKOFF_CAP_MS, BACKOFF_BASE_MS * 2 ** Math.min(tries, 10));
    const delay = Math.max(handover.afterMs ?? 0, backoff);
    await sleep(delay, { clock: shop.clock, signal: control.sending }).catch(() => undefined);
  }
}

async function conclude(
  shop: Shop,
  record: TaskRecord,
  parcel: Parcel,
  handover: Exclude<Handover, { kind: 'again' }>,
  control: TaskControl,
): Promise<void> {
  const { store, emit, log } = shop;
  const { job } = record;
  switch (handover.kind) {
    case 'settled':
      if (handover.outcome === 'gone') log.warn('a delivery came too late', { job: job.id, because: handover.note });
      return await settle(shop, record, handover.outcome, handover.note);
    case 'unauthorized':
      return shop.fatal(handover.error);
    case 'verdict': {
      emit({ type: 'verdict', job, verdict: handover.verdict });
      log.info('a result was refused', { job: job.id, code: handover.verdict.code, problem: handover.verdict.message });
      const { outbox: _refused, ...rest } = record;
      const next = {
        ...rest,
        go: record.go + 1,
        last_validation: handover.verdict,
        refused_sha256: parcel.sha256,
      };
      if (job.kind === 'test' || record.go < MAX_GOES) return await store.save(next);
      return await reportInstead(shop, next, `${MAX_GOES} results were refused: ${handover.verdict.message}`, control);
    }
    default: {
      log.error('the marketplace does not take a delivery', { job: job.id, code: handover.error.code });
      await bury(shop, record, handover.error.message);
      if (job.kind === 'test' || parcel.failure) return await settle(shop, record, 'dead', handover.error.code);
      return await reportInstead(shop, record, handover.error.message, control);
    }
  }
}

/** Gives the job back where no result of ours is taken, so that its requester is not left waiting. */
async function reportInstead(shop: Shop, record: TaskRecord, why: string, control: TaskControl): Promise<void> {
  const { outbox: _refused, ...rest } = record;
  const failure = { error_code: 'internal_error', error_message: why.slice(0, 1000), retryable: true };
  const filled = await fill(shop, rest, { failure });
  if (filled.outbox) await handOver(shop, filled, filled.outbox, control);
}

async function settle(shop: Shop, record: TaskRecord, outcome: TaskOutcome, note?: string): Promise<void> {
  await shop.store.settle(record, outcome);
  crashPoint('settled');
  shop.emit({ type: 'settled', job: record.job, outcome, ...(note === undefined ? {} : { note }) });
}

/** Puts a copy where a person finds it. */
async function bury(shop: Shop, record: TaskRecord, reason: string): Promise<void> {
  shop.log.error('put aside as a dead letter', { job: record.job.id, reason });
  await shop.dead.add(record, reason, isoTime(shop.clock.now()));
}
