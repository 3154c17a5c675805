/**
 * The owner's policy at work. See `types.ts` for its three moments; this file decides their order:
 *
 *   blocked   read-only, freeze, lock                      every attempt, also in the middle of a retry
 *   admit     addresses → limits as they stand → a human   before the intent is written down
 *   send      limits by booking → the approval is used up  under the key, before its first byte leaves
 *
 * `admit` asks early, so that a refused wish leaves no trace; `send` decides, because only a booking is proof against
 * other processes. A wish that was let through before (its booking or its used approval is on file) passes `admit`
 * untested: it may be no new wish at all but the repeat of a call whose answer was lost, and whether it is, only the
 * intent's key tells, in `send`.
 */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { SotaError } from '#contract/errors/sota-error.ts';
import { breachSentence, type CapBreach, teachPolicy } from '#contract/errors/teach-policy.ts';
import { getPayoutWallet } from '#contract/operations/payouts.ts';
import { getPostedJob, listJobBids } from '#contract/operations/requester.ts';
import { type Clock, isoTime, systemClock } from '#kit/clock.ts';
import { sha256Hex } from '#kit/hash.ts';
import { createLogger, type Logger } from '#kit/log.ts';
import { liveSecrets, type Redactor } from '#kit/redact.ts';
import type { WireRequest } from '../http.ts';
import { type Approvals, createApprovals } from './approvals.ts';
import { type Booking, bidBreach, findBreach, reasonToAsk } from './decide.ts';
import { describeWish } from './describe.ts';
import { createLedger, type Ledger, LedgerError, type LedgerOptions, type StoredBooking } from './ledger.ts';
import { createLocalOrigins, type LocalOrigins } from './local-origin.ts';
import { notifyOwner } from './notify.ts';
import { createRefusalLog, lockFile } from './refusal-log.ts';
import { type OperationRule, ruleOf } from './rules.ts';
import type { PolicySettings } from './settings.ts';
import { amountOf, bodyOf, jobIdOf, subjectOf } from './subject.ts';
import type { Admission, PolicyGate, Sender } from './types.ts';

export interface PolicyOptions {
  /** Asked for once, with the first mutation: reading them may touch the disk. */
  readonly settings: () => PolicySettings;
  readonly stateDir: string;
  /** The marketplace is the one built into this program. */
  readonly local?: boolean;
  readonly approvals?: Approvals;
  readonly localOrigins?: LocalOrigins;
  readonly clock?: Clock;
  /** See `LedgerOptions`. */
  readonly bootTime?: LedgerOptions['bootTime'];
  readonly log?: Logger;
  readonly redactor?: Redactor;
}

/** While this file exists, nothing but reads is sent by any process of the state directory. */
export function freezeFile(stateDir: string): string {
  return join(stateDir, 'freeze');
}

/** So many unanswered questions and a human answers none of them. */
const MAX_PENDING = 20;
/** How many open jobs are looked up before a limit on open escrow refuses. */
const MAX_LOOKUPS = 40;
/** A used approval of this age no longer explains an equal call. */
const RESUMABLE_MS = 30 * 24 * 60 * 60_000;

/** What one wish comes to, looked up once. */
interface Wish {
  readonly request: WireRequest;
  readonly rule: OperationRule;
  readonly sender: Sender;
  readonly local: boolean;
  readonly subject: string;
  /** The wallet it sets, or that money goes to; null: none is set. Undefined where no wallet is concerned. */
  readonly wallet?: string | null | undefined;
  readonly walletApproved: boolean;
  /** What it books; undefined where nothing counts against a limit. */
  readonly booking?: Pick<Booking, 'kind' | 'amount'> & { readonly jobId?: string | undefined };
  /** A limit of a single call that needs no booking. */
  readonly breach?: CapBreach | undefined;
}

const UNRESTRICTED: Admission = { send: (_request, _key, work) => work() };

export function createPolicy(options: PolicyOptions): PolicyGate {
  const { stateDir, clock = systemClock, log = createLogger(), redactor = liveSecrets } = options;
  const { approvals = createApprovals(stateDir, { clock }), localOrigins = createLocalOrigins() } = options;
  const refusals = createRefusalLog(stateDir, { clock, log });
  const ledgers = new Map<string, Ledger>();
  const ledgerOptions = { clock, ...(options.bootTime && { bootTime: options.bootTime }) };
  let loaded: PolicySettings | undefined;

  const settings = (): PolicySettings => {
    loaded ??= options.settings();
    return loaded;
  };

  const gate: PolicyGate = {
    blocked(operation) {
      const rule = ruleOf(operation);
      // The built-in marketplace gives nobody a look without an agent, and its agent is made unasked.
      const unasked = options.local === true && operation.id === 'register_simple';
      if (settings().readOnly && !unasked) return teachPolicy.readOnly(operation);
      if (exists(freezeFile(stateDir))) return teachPolicy.frozen(operation, freezeFile(stateDir));
      const guarded = rule.weight === 'spend' || rule.asks !== undefined;
      if (guarded && exists(lockFile(stateDir))) return teachPolicy.locked(operation, lockFile(stateDir));
      return undefined;
    },

    async admit(request, findSender) {
      const rule = ruleOf(request.operation, bodyOf(request));
      if (!isWatched(rule, settings())) return UNRESTRICTED;
      const sender = await findSender();
      return await noted(request, sender, async () => {
        const wish = await weigh(request, sender);
        if (!(await wasLetThrough(wish))) await decideEarly(wish);
        return {
          send: (sent, key, work) =>
            noted(sent, sender, async () => {
              // The journal may send another intent first: one that was left without an answer.
              const same =
                sent === request ||
                (sent.operation === request.operation && sent.body === request.body && sent.target === request.target);
              return await send(same ? wish : await weigh(sent, sender), key, work);
            }),
        };
      });
    },
  };
  return gate;

  /** What an operation comes to: amounts from its body, the rest from the marketplace. Nothing here changes anything. */
  async function weigh(request: WireRequest, sender: Sender): Promise<Wish> {
    const { operation } = request;
    const body = bodyOf(request);
    const rule = ruleOf(operation, body);
    const local = options.local === true || (await localOrigins.is(sender.origin));
    const wallet = await walletOf(request, body, sender);
    const common = {
      request,
      rule,
      sender,
      local,
      wallet,
      subject: subjectOf(request, sender, rule.asks === 'withdrawal' ? wallet : undefined),
      walletApproved: typeof wallet === 'string' && (await approvals.hasWallet(sender.origin, sender.agentId, wallet)),
    };
    switch (rule.books) {
      case 'job':
        return { ...common, booking: { kind: 'job', amount: required(request, body.budget_usdc) } };
      case 'withdraw':
        return { ...common, booking: { kind: 'withdraw', amount: required(request, body.amount_usdc) } };
      case 'bid':
        return { ...common, breach: bidBreach(required(request, body.amount_usdc), settings()) };
      case 'award': {
        const booking = await bookingOfAward(request, body, sender, local);
        return booking ? { ...common, booking } : common;
      }
      default:
        return common;
    }
  }

  async function walletOf(
    { operation }: WireRequest,
    body: Readonly<Record<string, unknown>>,
    { look }: Sender,
  ): Promise<string | null | undefined> {
    const given = operation.id === 'set_payout_wallet' ? body.address : body.wallet_address;
    if (typeof given === 'string') {
      // Curve arithmetic is a large piece of code: loaded where an address is looked at, not at every start.
      const { walletProblem } = await import('#kit/solana-address.ts');
      const problem = walletProblem(given);
      if (problem) throw teachPolicy.invalidWallet(given, problem);
      return given;
    }
    if (operation.id !== 'withdraw') return undefined;
    return (await look(getPayoutWallet, {})).address;
  }

  /** An award draws on the budget that its job holds already; only a job we have not booked is booked now. */
  async function bookingOfAward(
    request: WireRequest,
    body: Readonly<Record<string, unknown>>,
    { look, ...sender }: Sender,
    local: boolean,
  ): Promise<Wish['booking'] | undefined> {
    const jobId = jobIdOf(request);
    if (jobId === undefined) throw teachPolicy.amountUnknown(request.operation);
    const bookings = await booksOf(sender.origin, local).read();
    if (bookings.some((one) => one.kind === 'job' && one.objectId === jobId && !one.released)) return undefined;
    const { bids } = await look(listJobBids, { params: { job_id: jobId } });
    const bid = bids.find(({ id }) => id === body.bid_id);
    const job = bid ? undefined : await look(getPostedJob, { params: { job_id: jobId } });
    const amount = amountOf(bid?.amount_usdc ?? job?.budget_usdc);
    if (amount === undefined) throw teachPolicy.amountUnknown(request.operation);
    return { kind: 'award', amount, jobId };
  }

  /** Whether the same was let through before and may now be repeated under its key. */
  async function wasLetThrough({ subject, booking, sender, local }: Wish): Promise<boolean> {
    const recent = clock.now() - RESUMABLE_MS;
    const used = (await approvals.about(subject)).some(({ state, askedAt }) => state === 'used' && askedAt > recent);
    if (used || !booking) return used;
    const bookings = await booksOf(sender.origin, local).read();
    return bookings.some((one) => one.subject === subject && !one.released && one.at > recent);
  }

  async function decideEarly(wish: Wish): Promise<void> {
    let breach = wish.breach;
    if (wish.booking) {
      const books = booksOf(wish.sender.origin, wish.local);
      const judge = async () => {
        const bookings = await books.read();
        const at = Math.max(clock.now(), bookings.at(-1)?.at ?? 0);
        return wish.booking && findBreach({ ...wish.booking, at }, bookings, settings());
      };
      breach = await judge();
      if (breach?.setting === OPEN_ESCROW && (await noteEndedJobs(books, wish.sender))) breach = await judge();
    }
    if (breach && settings().confirm === 'never') throw teachPolicy.capExceeded(wish.request.operation, breach);
    const why = whyToAsk(wish, breach);
    if (why !== undefined && !(await granted(wish))) throw await askHuman(wish, why);
  }

  async function send<T extends { readonly data: unknown }>(
    wish: Wish,
    key: string,
    work: () => Promise<T>,
  ): Promise<T> {
    const { sender, local, subject } = wish;
    const books = booksOf(sender.origin, local);
    const used = (await approvals.about(subject)).find(({ usedFor }) => usedFor === key);
    const booking = wish.booking && (await book(wish, key, books));
    // An attempt of this very intent, perhaps of a process that died, was let through: so is its repeat.
    const resumed = used !== undefined || booking?.sent === true;
    let approved = used !== undefined;
    if (!resumed) {
      try {
        approved = await ask(wish, key, wish.breach ?? booking?.breach);
        if (booking) await books.sent(booking.seq);
      } catch (error) {
        if (booking) await books.release(booking.seq);
        throw error;
      }
    }
    let answer: T;
    try {
      answer = await work();
    } catch (error) {
      if (booking && isFinal(error, resumed)) await books.release(booking.seq);
      throw error;
    }
    await settled(wish, answer.data, books, booking, approved);
    return answer;
  }

  async function book(wish: Wish, key: string, books: Ledger) {
    const { request, sender, subject } = wish;
    if (!wish.booking) return undefined;
    const { origin, agentId } = sender;
    const entry = { ...wish.booking, key, operation: request.operation.id, origin, agentId, subject };
    let booked = await books.book(entry, settings());
    if (booked.breach?.setting === OPEN_ESCROW && !booked.booking.sent && (await noteEndedJobs(books, sender))) {
      booked = await books.book(entry, settings());
    }
    return { ...booked.booking, breach: booked.breach };
  }

  /**
   * Asks whoever has to be asked. Resolves with whether an approval was used up for this key.
   * @throws SotaError when the answer is not there, or is no
   */
  async function ask(wish: Wish, key: string, breach: CapBreach | undefined): Promise<boolean> {
    if (breach && settings().confirm === 'never') throw teachPolicy.capExceeded(wish.request.operation, breach);
    const why = whyToAsk(wish, breach);
    if (why === undefined) return false;
    // Another process may use the same approval up at the same moment; then the next one is looked for.
    for (;;) {
      const approval = await granted(wish);
      if (!approval) throw await askHuman(wish, why);
      if (await approvals.use(approval.id, key)) return true;
    }
  }

  /** Writes down what an answered mutation means for the books. What cannot be written stays counted, which is safe. */
  async function settled(
    { request, sender, wallet }: Wish,
    data: unknown,
    books: Ledger,
    booking: StoredBooking | undefined,
    approved: boolean,
  ): Promise<void> {
    const answer = (typeof data === 'object' && data !== null ? data : {}) as Readonly<Record<string, unknown>>;
    try {
      if (booking) await books.done(booking.seq, textOf(answer.id ?? answer.withdrawal_id ?? answer.job_id));
      if (approved && typeof wallet === 'string' && request.operation.id !== 'withdraw') {
        await approvals.noteWallet(sender.origin, sender.agentId, wallet);
      }
      const jobId = jobIdOf(request);
      if (jobId !== undefined && (request.operation.id === 'cancel_job' || isOver(answer))) await endJob(books, jobId);
      if (request.operation.id === 'withdraw' && typeof answer.address === 'string' && answer.address !== wallet) {
        log.error('a withdrawal went to another wallet than the one looked up before it', { address: answer.address });
      }
    } catch (error) {
      log.warn('a settled call could not be written down; it stays counted', {
        operation: request.operation.id,
        error,
      });
    }
  }

  async function endJob(books: Ledger, jobId: string): Promise<void> {
    for (const one of await books.read()) {
      const isIts = (one.kind === 'job' && one.objectId === jobId) || (one.kind === 'award' && one.jobId === jobId);
      if (isIts && !one.ended) await books.ended(one.seq);
    }
  }

  /** Asks the marketplace which of the jobs we count as open have ended meanwhile. */
  async function noteEndedJobs(books: Ledger, { look, origin, agentId }: Sender): Promise<boolean> {
    const open = (await books.read()).filter(
      (one) =>
        one.kind !== 'withdraw' &&
        !one.released &&
        !one.ended &&
        one.origin === origin &&
        one.agentId === agentId &&
        (one.jobId ?? one.objectId) !== undefined,
    );
    let found = false;
    for (const one of open.slice(0, MAX_LOOKUPS)) {
      const jobId = one.jobId ?? one.objectId ?? '';
      try {
        const job: unknown = await look(getPostedJob, { params: { job_id: jobId } });
        if (!isOver(job as Readonly<Record<string, unknown>>)) continue;
        await books.ended(one.seq);
        found = true;
      } catch (error) {
        // Not knowing is no reason to count less.
        log.debug('a job could not be looked up', { job: jobId, error });
      }
    }
    return found;
  }

  function whyToAsk({ rule, local, wallet, walletApproved }: Wish, breach: CapBreach | undefined): string | undefined {
    if (breach) return breachSentence(breach).replace(/\.$/, '');
    return reasonToAsk({ rule, settings: settings(), local, wallet, walletApproved });
  }

  async function granted({ subject }: Wish) {
    return (await approvals.about(subject)).find(({ state }) => state === 'approved');
  }

  /** The error that carries the question; the owner is told of a new one. */
  async function askHuman({ request, sender, subject, wallet }: Wish, why: string): Promise<SotaError> {
    const { operation } = request;
    const what = redactor.redact(describeWish(request, wallet ?? undefined));
    const known = await approvals.list();
    if (known.some((one) => one.subject === subject && one.state === 'rejected' && clock.now() < one.expiresAt)) {
      return teachPolicy.declined(operation, what);
    }
    const pending = known.filter(({ state }) => state === 'pending');
    if (pending.length >= MAX_PENDING && !pending.some((one) => one.subject === subject)) {
      return teachPolicy.tooManyQuestions(operation, pending.length);
    }
    const { origin, agentId } = sender;
    const { approval, isNew } = await approvals.ask({ subject, operation: operation.id, origin, agentId, what, why });
    const expiresAt = isoTime(approval.expiresAt);
    if (isNew) {
      log.warn('a human has to approve', { request_id: approval.id, what, approve_with: approveWith(approval.id) });
      notifyOwner(
        {
          event: 'approval_requested',
          request_id: approval.id,
          what,
          why,
          operation: operation.id,
          origin,
          agent_id: agentId,
          expires_at: expiresAt,
          approve_with: approveWith(approval.id),
        },
        settings(),
        { log, redactor },
      );
    }
    return teachPolicy.needsApproval(operation, { requestId: approval.id, what, why, expiresAt });
  }

  /** One budget for everything that is real money, whatever marketplace; play money is counted per marketplace. */
  function booksOf(origin: string, local: boolean): Ledger {
    const name = local ? `local-${sha256Hex(origin).slice(0, 16)}` : 'live';
    const found = ledgers.get(name) ?? createLedger(join(stateDir, 'spend', name), ledgerOptions);
    ledgers.set(name, found);
    return found;
  }

  /** Turns trouble with our own files into the refusal it means, and writes refusals down. */
  async function noted<T>({ operation }: WireRequest, { origin, agentId }: Sender, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (cause) {
      const error = cause instanceof LedgerError ? ledgerRefusal(operation, cause) : cause;
      const ours =
        error instanceof SotaError &&
        (error.outcome === 'refused_by_policy' || error.code === 'invalid_wallet_address');
      if (ours) await refusals.note(error, { operation: operation.id, origin, agentId });
      throw error;
    }
  }
}

const OPEN_ESCROW = 'SOTA_MAX_OPEN_ESCROW_USDC';
const approveWith = (id: string): string => `sota-mcp approvals approve ${id}`;

function ledgerRefusal(operation: WireRequest['operation'], error: LedgerError): SotaError {
  return error.kind === 'damaged'
    ? teachPolicy.ledgerDamaged(operation, error.path, error.message)
    : teachPolicy.cannotRecord(operation, error.path, error.message, error.cause);
}

/** Most of what a worker does needs no look at anything: it must not wait for one. */
function isWatched(rule: OperationRule, { confirm, maxBid }: PolicySettings): boolean {
  if (rule.asks !== undefined || rule.ends) return true;
  if (rule.books === 'bid') return maxBid !== undefined;
  return rule.books !== undefined || (rule.weight !== 'write' && confirm === 'always');
}

function required(request: WireRequest, value: unknown): bigint {
  const amount = amountOf(value);
  if (amount === undefined) throw teachPolicy.amountUnknown(request.operation);
  return amount;
}

/** Whether the money of a job is settled, one way or the other. */
function isOver({ status, escrow, escrow_status }: Readonly<Record<string, unknown>>): boolean {
  const money = escrow_status ?? (escrow as { status?: unknown } | null | undefined)?.status;
  return money === 'released' || money === 'refunded' || (money === undefined && status === 'failed');
}

/**
 * Whether an error gives a booking back. It must say for certain that nothing took effect, and not only of this attempt:
 * where the key was sent before, that may have, and only the marketplace's own refusal of the same key tells that it did
 * not.
 */
function isFinal(error: unknown, resumed: boolean): boolean {
  if (!(error instanceof SotaError)) return false;
  if (!resumed) return error.outcome === 'rejected' || error.outcome === 'refused_by_policy';
  if (error.outcome !== 'rejected') return false;
  return error.httpStatus !== undefined && !error.retryable && error.httpStatus !== 401 && error.httpStatus !== 403;
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** A path that cannot be looked at counts as there: the switch must not depend on luck. */
function exists(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch {
    return true;
  }
}
