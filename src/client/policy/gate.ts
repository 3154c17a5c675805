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
import { type Clock, systemClock } from '#kit/clock.ts';
import { createLogger, type Logger } from '#kit/log.ts';
import { liveSecrets, type Redactor } from '#kit/redact.ts';
import type { WireRequest } from '../http.ts';
import { listIntents } from '../journal/inspect.ts';
import { type Approval, type Approvals, createApprovals } from './approvals.ts';
import { askHuman } from './ask-human.ts';
import { createBooks, type KnownOutcome } from './books.ts';
import { reasonToAsk } from './decide.ts';
import type { Ledger } from './ledger.ts';
import { LedgerError, type LedgerOptions } from './ledger-files.ts';
import { createLocalOrigins, type LocalOrigins } from './local-origin.ts';
import { createRefusalLog, lockFile } from './refusal-log.ts';
import { type OperationRule, ruleOf } from './rules.ts';
import type { PolicySettings } from './settings.ts';
import { bodyOf } from './subject.ts';
import type { Admission, PolicyGate, Sender } from './types.ts';
import { type Wish, weigh } from './weigh.ts';

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

/** What was let through this long ago no longer explains an equal call. */
const RESUMABLE_MS = 30 * 24 * 60 * 60_000;
const UNRESTRICTED: Admission = { send: (_request, _key, work) => work() };

export function createPolicy(options: PolicyOptions): PolicyGate {
  const { stateDir, local = false, clock = systemClock, log = createLogger(), redactor = liveSecrets } = options;
  const { approvals = createApprovals(stateDir, { clock }), localOrigins = createLocalOrigins() } = options;
  const refusals = createRefusalLog(stateDir, { clock, log });
  let loaded: PolicySettings | undefined;
  const settings = (): PolicySettings => {
    loaded ??= options.settings();
    return loaded;
  };
  const { bootTime } = options;
  const outcomes = () => outcomesOf(stateDir, clock);
  const books = createBooks({ stateDir, settings, outcomes, log, clock, ...(bootTime && { bootTime }) });
  const scales = { settings, approvals, localOrigins, local, books };
  const desk = { approvals, settings, clock, log, redactor };

  return {
    blocked(operation) {
      const rule = ruleOf(operation);
      // The built-in marketplace gives nobody a look without an agent, and its agent is made unasked.
      const unasked = local && operation.id === 'register_simple';
      if (settings().readOnly && !unasked) return teachPolicy.readOnly(operation);
      if (exists(freezeFile(stateDir))) return teachPolicy.frozen(operation, freezeFile(stateDir));
      const guarded = rule.weight === 'spend' || rule.asks !== undefined;
      if (guarded && exists(lockFile(stateDir))) return teachPolicy.locked(operation, lockFile(stateDir));
      return undefined;
    },

    async admit(request, findSender) {
      if (!isWatched(ruleOf(request.operation, bodyOf(request)), settings())) return UNRESTRICTED;
      const sender = await findSender();
      return await noted(request, sender, async () => {
        const wish = await weigh(request, sender, scales);
        if (!(await wasLetThrough(wish))) await decideEarly(wish);
        return {
          send: (sent, key, work) =>
            noted(sent, sender, async () => {
              // The journal may send another intent first: one that was left without an answer.
              const own = isSame(sent, request) ? wish : await weigh(sent, sender, scales);
              return await send(own, key, work);
            }),
        };
      });
    },
  };

  /** Whether the same was let through before and may now be repeated under its key. */
  async function wasLetThrough({ subject, booking, sender, local: play }: Wish): Promise<boolean> {
    const recent = clock.now() - RESUMABLE_MS;
    const used = (await approvals.about(subject)).some(({ state, askedAt }) => state === 'used' && askedAt > recent);
    if (used || !booking) return used;
    const bookings = await books.of(sender.origin, play).read();
    return bookings.some((one) => one.subject === subject && !one.released && one.at > recent);
  }

  async function decideEarly(wish: Wish): Promise<void> {
    const why = whyToAsk(wish, wish.breach ?? (await books.preview(wish)));
    if (why !== undefined && !(await granted(wish))) throw await askHuman(wish, why, desk);
  }

  async function send<T extends { readonly data: unknown }>(
    wish: Wish,
    key: string,
    work: () => Promise<T>,
  ): Promise<T> {
    const { sender, wallet, rule } = wish;
    const ledger = books.of(sender.origin, wish.local);
    const { booking, approved, resumed } = await clear(wish, key, ledger);
    let answer: T;
    try {
      answer = await work();
    } catch (error) {
      const tells = whatItTells(error, resumed);
      if (booking && tells !== 'nothing') await ledger.release(booking.seq, { certain: tells === 'certain' });
      throw error;
    }
    await books.settle(wish, booking, answer.data);
    if (approved && rule.asks === 'wallet' && typeof wallet === 'string') {
      await approvals.noteWallet(sender.origin, sender.agentId, wallet).catch((error: unknown) => {
        log.warn('an approved wallet could not be written down; a human is asked again', { error });
      });
    }
    return answer;
  }

  /**
   * Books the wish and has it approved, as far as that is needed. Afterwards it may leave under its key.
   * @throws SotaError where it may not
   */
  async function clear(wish: Wish, key: string, ledger: Ledger) {
    for (;;) {
      const used = (await approvals.about(wish.subject)).find(({ usedFor }) => usedFor === key);
      const booking = await books.book(wish, key);
      let approved = used !== undefined;
      // An attempt of this very intent, perhaps of a process that died, was let through: so is its repeat.
      if (!approved && !booking?.sent) {
        try {
          approved = await useApproval(wish, key, wish.breach ?? booking?.breach);
        } catch (error) {
          if (booking) await ledger.refuse(booking.seq);
          throw error;
        }
      }
      // Another process that is at the same intent may have given the booking back: then there is a new one.
      const begun = booking && (await ledger.begin(booking.seq));
      if (begun !== 'gone') return { booking, approved, resumed: used !== undefined || begun === 'again' };
    }
  }

  /**
   * Asks whoever has to be asked. Resolves with whether an approval was used up for this key.
   * @throws SotaError when the answer is not there, or is no
   */
  async function useApproval(wish: Wish, key: string, breach: CapBreach | undefined): Promise<boolean> {
    const why = whyToAsk(wish, breach);
    if (why === undefined) return false;
    // Another process may use the same approval up at the same moment; then the next one is looked for.
    for (;;) {
      const approval = await granted(wish);
      if (!approval) throw await askHuman(wish, why, desk);
      if (await approvals.use(approval.id, key)) return true;
    }
  }

  /** @throws SotaError where a limit is final */
  function whyToAsk({ request, rule, ...wish }: Wish, breach: CapBreach | undefined): string | undefined {
    if (breach && settings().confirm === 'never') throw teachPolicy.capExceeded(request.operation, breach);
    if (breach) return breachSentence(breach).replace(/\.$/, '');
    const { local: play, wallet, walletApproved } = wish;
    return reasonToAsk({ rule, settings: settings(), local: play, wallet, walletApproved });
  }

  async function granted({ subject }: Wish): Promise<Approval | undefined> {
    return (await approvals.about(subject)).find(({ state }) => state === 'approved');
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

/** Most of what a worker does needs no look at anything: it must not wait for one. */
function isWatched(rule: OperationRule, { confirm, maxBid }: PolicySettings): boolean {
  if (rule.asks !== undefined || rule.ends) return true;
  if (rule.books === 'bid') return maxBid !== undefined;
  return rule.books !== undefined || (rule.weight !== 'write' && confirm === 'always');
}

function isSame(a: WireRequest, b: WireRequest): boolean {
  return a.operation === b.operation && a.target === b.target && a.body === b.body;
}

async function outcomesOf(stateDir: string, clock: Clock): Promise<KnownOutcome[]> {
  const intents = await listIntents({ directory: stateDir, clock });
  return intents.flatMap(({ generation }) =>
    generation?.out === undefined
      ? []
      : [
          {
            key: generation.intent.key,
            executed: generation.out.outcome === 'done',
            objectId: generation.out.result_id,
          },
        ],
  );
}

function ledgerRefusal(operation: WireRequest['operation'], error: LedgerError): SotaError {
  return error.kind === 'damaged'
    ? teachPolicy.ledgerDamaged(operation, error.path, error.message)
    : teachPolicy.cannotRecord(operation, error.path, error.message, error.cause);
}

/**
 * What an error tells about the effect of a key. `certain`: the marketplace refused it, so it has none. `this_attempt`:
 * nothing left this machine, which says nothing about others that may be sending the same. Where the key was sent
 * before, only the marketplace's word counts; and a refusal that is decided before the key is looked at is none.
 */
function whatItTells(error: unknown, resumed: boolean): 'certain' | 'this_attempt' | 'nothing' {
  if (!(error instanceof SotaError) || error.outcome === 'unknown') return 'nothing';
  const { outcome, httpStatus, retryable } = error;
  const undecided = retryable || httpStatus === 401 || httpStatus === 403;
  if (outcome === 'rejected' && httpStatus !== undefined && !undecided) return 'certain';
  return resumed ? 'nothing' : 'this_attempt';
}

/** A path that cannot be looked at counts as there: the switch must not depend on luck. */
function exists(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch {
    return true;
  }
}
