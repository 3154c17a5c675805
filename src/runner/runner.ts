/**
 * The worker: looks, takes work up, and ends in an orderly way.
 *
 *   starting ─▶ sandbox ⇄ waiting ⇄ active        at every look, from what the marketplace answers
 *   any of them ─drain─▶ quiet ─grace─▶ abort ─5 s─▶ report ─▶ ended
 *
 * Heartbeats have a timer of their own that depends on nothing else here and ends last: an agent that drains for half
 * a minute must not look dead. A look that wakes us (a webhook, a command) only makes us look: what to do is always
 * read from the list.
 */
import { setMaxListeners } from 'node:events';
import { createHeartbeat } from '#client/heartbeat.ts';
import { SotaError } from '#contract/errors/sota-error.ts';
import { systemClock } from '#kit/clock.ts';
import { createLogger } from '#kit/log.ts';
import { createStanding } from './agent-standing.ts';
import { type BidPolicy, readBidPolicy } from './bid-policy.ts';
import type { RunnerEvent, RunnerListener } from './events.ts';
import type { HandlerContext } from './handlers/handler-host.ts';
import type { JobView, TestJobRow } from './handlers/job-view.ts';
import { makeContext } from './make-context.ts';
import { createBidder } from './place-bids.ts';
import { createPollLoop } from './poll-loop.ts';
import { createProgressReporter } from './progress.ts';
import type { Runner, RunnerEnd, RunnerOptions } from './runner-types.ts';
import { createSandboxTests } from './sandbox-tests.ts';
import type { TaskRecord } from './state/task-record.ts';
import { type Board, fetchBoard } from './take-up.ts';
import { createTaskSlots, DEFAULT_JOB_MS, type Running } from './task-slots.ts';
import { createWonJobs } from './won-jobs.ts';
import { type Shop, STOP_GRACE_MS, workTask } from './work-task.ts';

const LEASE_RISK_FAILURES = 3;
const PRUNE_EVERY_MS = 3_600_000;
const NO_TOOLS: HandlerContext['tools'] = {
  list: [],
  call: async (name) => {
    throw new Error(`There is no tool ${name} here`);
  },
};

/**
 * A runner for the agent of `session`. Asks the marketplace who that is; nothing else happens before `start`.
 * @throws SotaError where there is no usable key or no marketplace
 */
export async function createRunner(options: RunnerOptions): Promise<Runner> {
  const { session, handlers, state, clock = systemClock, rng = Math.random, log = createLogger() } = options;
  const { concurrency = 1, graceMs = 25_000, requestReview: asksForReview = true, onDrain = 'report' } = options;
  const { tools = NO_TOOLS } = options;
  const { client } = session;
  const { store, dead } = state;
  const { agentId } = await session.identify();

  const listeners = new Set<RunnerListener>();
  const stopping = new AbortController();
  setMaxListeners(0, stopping.signal);
  let prunedAt = clock.now();
  let lastPollAt: number | undefined;
  let quiet = false;
  let quietAsked = false;
  let draining: Promise<RunnerEnd> | undefined;
  let policy: BidPolicy = readBidPolicy(handlers.declared().bidPolicy, concurrency);
  let fail: (end: RunnerEnd) => void = () => undefined;
  const failed = new Promise<RunnerEnd>((resolve) => {
    fail = resolve;
  });
  let firstLook: () => void = () => undefined;
  const looked = new Promise<void>((resolve) => {
    firstLook = resolve;
  });

  function emit(event: RunnerEvent): void {
    for (const listener of listeners) listener(event);
    state.changed(summary);
  }

  const beats = createHeartbeat({
    clock,
    log,
    intervalMs: options.heartbeatIntervalMs ?? 30_000,
    beat: async () => {
      await session.beat();
      state.changed(summary);
      return true;
    },
  });

  const shop: Shop = {
    client,
    store,
    dead,
    clock,
    rng,
    log,
    emit,
    onDrain,
    runHandler,
    fatal: (error) => fail({ kind: 'unauthorized', error }),
  };
  const slots = createTaskSlots(clock, (running, error) => {
    if (error instanceof SotaError) {
      // Before the handler ran: nothing is lost, and the next look starts it again.
      log.warn('a job was not taken up', { job: running.job.id, problem: error.message });
      if (error.httpStatus === 401) fail({ kind: 'unauthorized', error });
    } else if (error !== undefined) log.error('a task ended on an error of the runner', { job: running.job.id, error });
    won.ended(running.key);
    if (!draining && error === undefined) loop.wake();
  });
  const { signal } = stopping;
  const standing = createStanding({
    client,
    clock,
    log,
    signal,
    asksForReview,
    onMode: (mode) => emit({ type: 'mode', mode }),
  });
  const sandbox = createSandboxTests({ client, store, slots, clock, log, signal, work });
  const capabilities = () => handlers.declared().capabilities ?? new Set<string>();
  const won = createWonJobs({ client, store, slots, clock, signal, capabilities, work });
  const bidder = createBidder({ client, handlers, policy: () => policy, emit, log });
  const loop = createPollLoop({
    poll,
    intervalMs: options.pollIntervalMs ?? 3_000,
    clock,
    rng,
    onError(error, failures, delayMs) {
      if (error instanceof SotaError && error.httpStatus === 401) return fail({ kind: 'unauthorized', error });
      const problem = error instanceof Error ? error.message : String(error);
      if (failures === 1) log.warn('the marketplace did not answer; looking less often', { problem });
      emit({ type: 'poll_failed', error: problem, failures, delayMs });
    },
  });

  async function runHandler(job: JobView, go: Parameters<Shop['runHandler']>[1]): Promise<unknown> {
    const reporter = job.kind === 'job' ? createProgressReporter(client, clock, job.id) : undefined;
    const context = makeContext(job, go, {
      agentId,
      clock,
      log,
      tools,
      progress(percent, message) {
        reporter?.report(percent, message);
        emit({ type: 'progress', jobId: job.id, percent, ...(message === undefined ? {} : { message }) });
      },
    });
    emit({ type: 'started', job, go: go.attempt, running: slots.size });
    try {
      return await handlers.run(job, context);
    } finally {
      reporter?.stop();
    }
  }

  /** One look, and everything that follows from it at once. */
  async function poll(): Promise<void> {
    const startedAt = clock.now();
    await takeRedrives();
    await noteQuiet();
    const board = await fetchBoard(client, agentId, stopping.signal);
    lastPollAt = clock.now();
    emit({ type: 'polled', ms: lastPollAt - startedAt });
    if (!draining) {
      if (board.mode === 'sandbox') takeTests(board.tests);
      else await takeJobs(board, startedAt);
    }
    if (clock.now() - prunedAt > PRUNE_EVERY_MS) {
      prunedAt = clock.now();
      await store.prune();
    }
    firstLook();
  }

  async function noteQuiet(): Promise<void> {
    const asked = await state.quietAsked();
    if (asked === quietAsked) return;
    quietAsked = asked;
    log.info(asked ? 'quiet: nothing new is taken on' : 'no longer quiet');
  }

  const isQuiet = (): boolean => quiet || quietAsked;
  const hasRoom = (): boolean => slots.size < concurrency && !draining;

  function takeTests(tests: readonly TestJobRow[]): void {
    standing.inSandbox();
    if (isQuiet()) return;
    sandbox.take(tests, hasRoom);
  }

  async function takeJobs(board: Extract<Board, { mode: 'jobs' }>, lookedAt: number): Promise<void> {
    await standing.note(board);
    won.noteMissing(board, lookedAt);
    const atRisk = beats.state().consecutiveFailures >= LEASE_RISK_FAILURES;
    if (atRisk) log.warn('lease_at_risk: heartbeats are not answered, so nothing new is taken on');
    won.take(board.mine, !isQuiet() && !atRisk, hasRoom);
    if (isQuiet() || atRisk || draining) return;
    const known = new Set(board.mine.map(({ id }) => id));
    const inHand = known.size + slots.all().filter(({ job }) => !known.has(job.id)).length;
    await bidder.bidOn(board.open, inHand, stopping.signal);
  }

  function work(record: TaskRecord, deadline: number, accepts = false): void {
    slots.start(record.job, deadline, async (running: Running) => {
      if (accepts && !record.outbox) {
        await won.accept(record.job);
        emit({ type: 'accepted', jobId: record.job.id });
      }
      await workTask(shop, record, running);
    });
  }

  async function takeRedrives(): Promise<void> {
    await dead.takeRedrives(async ({ outcome: _over, settled_at: _then, ...record }) => {
      const fresh = { ...record, starts: 0, errors: 0, delays: 0 };
      await store.save(fresh);
      log.info('a dead letter is taken up again', { job: record.job.id });
      if (record.outbox) work(fresh, clock.now() + DEFAULT_JOB_MS);
    });
  }

  /** What was given up, or rests, may be tried again: the code is another, or a person has started us anew. */
  async function tryAgain(): Promise<void> {
    const resting = store
      .open()
      .filter(({ key, outbox, errors, delays = 0 }) => !outbox && !slots.has(key) && errors + delays > 0);
    await Promise.all(resting.map((record) => store.save({ ...record, errors: 0, delays: 0 }))).catch(
      (error: unknown) => log.error('a record could not be written', { error }),
    );
  }

  function summary(): Record<string, unknown> {
    const open = store.open();
    return {
      agent_id: agentId,
      pid: process.pid,
      mode: standing.mode(),
      agent_status: standing.agentStatus() ?? null,
      last_heartbeat: beats.state().lastSuccessAt ?? null,
      running: slots.all().map(({ job }) => ({ id: job.id, kind: job.kind, capability: job.capability })),
      in_flight: open.flatMap(({ job, outbox }) =>
        outbox ? [{ id: job.id, kind: job.kind, sha256: outbox.sha256, stored_at: outbox.stored_at }] : [],
      ),
      parked: open.flatMap(({ job, parked }) => (parked ? [{ id: job.id, reason: parked }] : [])),
    };
  }

  async function drainNow(): Promise<RunnerEnd> {
    emit({ type: 'draining' });
    log.info('draining', { running: slots.size });
    const stopped = loop.stop();
    const clean = await within(graceMs, slots.idle());
    if (!clean) {
      for (const running of slots.all()) running.stop('shutdown');
      // First the handlers may stop by themselves, then what they left is reported.
      await within(STOP_GRACE_MS * 2, slots.idle());
      slots.stopSending();
      await within(STOP_GRACE_MS, slots.idle());
    }
    stopping.abort(new Error('stopping'));
    await within(STOP_GRACE_MS, stopped);
    beats.stop();
    await handlers.close();
    const left = store.open().filter(({ outbox, starts }) => outbox || starts > 0).length;
    await state.flush(summary);
    return left > 0 ? { kind: 'left_over', count: left } : { kind: 'drained' };
  }

  /** Whether `work` ended in time. */
  async function within(ms: number, work: Promise<unknown>): Promise<boolean> {
    let cancel: () => void = () => undefined;
    const late = new Promise<false>((resolve) => {
      cancel = clock.after(ms, () => resolve(false));
    });
    const inTime = await Promise.race([work.then(() => true as const), late]);
    cancel();
    return inTime;
  }

  return {
    agentId,
    failed,
    start() {
      beats.start();
      // What the last run left in the outbox needs no list and no slot of its own kind: it goes out first.
      for (const record of store.open()) {
        if (record.outbox) work(record, clock.now() + DEFAULT_JOB_MS);
      }
      // Before the first look, which would find them given up still.
      void tryAgain().then(() => {
        if (!draining) loop.start();
      });
    },
    wake: () => loop.wake(),
    setQuiet(next) {
      if (quiet === next) return;
      quiet = next;
      if (!next) loop.wake();
    },
    reloaded() {
      policy = readBidPolicy(handlers.declared().bidPolicy, concurrency);
      sandbox.startAfresh();
      void tryAgain().then(() => loop.wake());
    },
    async resume(jobId) {
      const record = store.open().find(({ job, parked }) => job.id === jobId && parked !== undefined);
      if (!record) return false;
      const { parked: _agreed, ...rest } = record;
      await store.save({ ...rest, approved: true });
      loop.wake();
      return true;
    },
    async invoke(job, { signal, deadline, onProgress, onLog }) {
      const go = { attempt: 1, lastValidation: undefined, deadline, signal, approved: false };
      const progress = (percent: number, message?: string) => onProgress?.(percent, message);
      return await handlers.run(
        job,
        makeContext(job, go, { agentId, clock, log, tools, progress, ...(onLog ? { onLog } : {}) }),
      );
    },
    on(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    status: () => ({
      agentId,
      mode: standing.mode(),
      agentStatus: standing.agentStatus(),
      quiet: isQuiet(),
      draining: draining !== undefined,
      running: slots.all().map(({ job, startedAt }) => ({ job, startedAt })),
      outbox: store.open().filter(({ outbox }) => outbox),
      parked: store.open().filter(({ parked }) => parked),
      heartbeat: beats.state(),
      lastPollAt,
    }),
    async oneRound() {
      await Promise.race([looked, failed]);
      await slots.idle();
    },
    drain() {
      draining ??= drainNow();
      return draining;
    },
  };
}
