/** What was committed, as the policy uses it: the right ledger for a marketplace, kept up to date with what became of things. */
import { join } from 'node:path';
import type { CapBreach } from '#contract/errors/teach-policy.ts';
import { getPostedJob } from '#contract/operations/requester.ts';
import { sha256Hex } from '#kit/hash.ts';
import type { Logger } from '#kit/log.ts';
import { findBreach } from './decide.ts';
import { createLedger, type Ledger } from './ledger.ts';
import type { LedgerOptions, StoredBooking } from './ledger-files.ts';
import type { PolicySettings } from './settings.ts';
import { jobIdOf } from './subject.ts';
import type { Sender } from './types.ts';
import type { Wish } from './weigh.ts';

/** What is known of an intent from elsewhere. */
export interface KnownOutcome {
  readonly key: string;
  readonly executed: boolean;
  readonly objectId?: string | undefined;
}

export interface BooksParts extends LedgerOptions {
  readonly stateDir: string;
  readonly settings: () => PolicySettings;
  /** What the journal has written down of intents it brought to their end without sending them through here. */
  readonly outcomes: () => Promise<readonly KnownOutcome[]>;
  readonly log: Logger;
}

/** Money of which there is only one: all of it is in the ledger `live`, whatever marketplace it is for. */
export interface Books {
  of(origin: string, local: boolean): Ledger;
  /** Whether the budget of a job is booked already. */
  holds(origin: string, local: boolean, jobId: string): Promise<boolean>;
  /** The limit a wish would break if it were booked now. Only `book` is proof against other processes. */
  preview(wish: Wish): Promise<CapBreach | undefined>;
  /** Books a wish under its key, or finds it booked; undefined where it books nothing. */
  book(wish: Wish, key: string): Promise<(StoredBooking & { readonly breach?: CapBreach | undefined }) | undefined>;
  /** Writes down what an answer means. Never throws: what cannot be written stays counted, which is safe. */
  settle(wish: Wish, booking: StoredBooking | undefined, data: unknown): Promise<void>;
}

/** How many open jobs are looked up before a limit on open escrow refuses. */
const MAX_LOOKUPS = 40;
const OPEN_ESCROW = 'SOTA_MAX_OPEN_ESCROW_USDC';

type Fields = Readonly<Record<string, unknown>>;

export function createBooks({ stateDir, settings, outcomes, log, ...ledgerOptions }: BooksParts): Books {
  const ledgers = new Map<string, Ledger>();

  /** One budget for everything that is real money; play money is counted per marketplace. */
  function of(origin: string, local: boolean): Ledger {
    const name = local ? `local-${sha256Hex(origin).slice(0, 16)}` : 'live';
    const found = ledgers.get(name) ?? createLedger(join(stateDir, 'spend', name), ledgerOptions);
    ledgers.set(name, found);
    return found;
  }

  /** Where a limit would refuse, what is counted is looked at once more. True when less is counted now. */
  async function freed(ledger: Ledger, breach: CapBreach, sender: Sender): Promise<boolean> {
    const known = await learnOutcomes(ledger);
    return (breach.setting === OPEN_ESCROW && (await learnEndedJobs(ledger, sender))) || known;
  }

  /** Intents that were brought to their end by looking, or by a person's word, were never answered through here. */
  async function learnOutcomes(ledger: Ledger): Promise<boolean> {
    const unclear = (await ledger.read()).filter(({ sent, done, released }) => sent && !done && !released);
    if (unclear.length === 0) return false;
    const byKey = new Map((await outcomes()).map((outcome) => [outcome.key, outcome]));
    let found = false;
    for (const { seq, key } of unclear) {
      const outcome = byKey.get(key);
      if (!outcome) continue;
      if (outcome.executed) await ledger.done(seq, outcome.objectId);
      else await ledger.release(seq, { certain: true });
      found = true;
    }
    return found;
  }

  /** Asks the marketplace which of the jobs we count as open have ended meanwhile. */
  async function learnEndedJobs(ledger: Ledger, { look, origin, agentId }: Sender): Promise<boolean> {
    const open = (await ledger.read()).filter(
      (one) => isEscrow(one) && one.origin === origin && one.agentId === agentId && jobOf(one) !== undefined,
    );
    let found = false;
    for (const one of open.slice(0, MAX_LOOKUPS)) {
      const jobId = jobOf(one) ?? '';
      try {
        const job = (await look(getPostedJob, { params: { job_id: jobId } })) as Fields;
        if (!isOver(job)) continue;
        await ledger.ended(one.seq);
        found = true;
      } catch (error) {
        // Not knowing is no reason to count less.
        log.debug('a job could not be looked up', { job: jobId, error });
      }
    }
    return found;
  }

  return {
    of,

    async holds(origin, local, jobId) {
      const bookings = await of(origin, local).read();
      return bookings.some((one) => one.kind === 'job' && one.objectId === jobId && !one.released);
    },

    async preview({ booking, sender, local }) {
      if (!booking) return undefined;
      const ledger = of(sender.origin, local);
      const judge = async () => {
        const bookings = await ledger.read();
        const at = Math.max(ledgerOptions.clock.now(), bookings.at(-1)?.at ?? 0);
        return findBreach({ ...booking, at }, bookings, settings());
      };
      const breach = await judge();
      return breach && (await freed(ledger, breach, sender)) ? await judge() : breach;
    },

    async book({ booking, sender, local, request, subject }, key) {
      if (!booking) return undefined;
      const ledger = of(sender.origin, local);
      const { origin, agentId } = sender;
      const entry = { ...booking, key, operation: request.operation.id, origin, agentId, subject };
      let booked = await ledger.book(entry, settings());
      const { breach } = booked;
      if (breach && !booked.booking.sent && (await freed(ledger, breach, sender))) {
        booked = await ledger.book(entry, settings());
      }
      return { ...booked.booking, breach: booked.breach };
    },

    async settle({ request, sender, local, wallet }, booking, data) {
      const { id: operation } = request.operation;
      const answer = (typeof data === 'object' && data !== null ? data : {}) as Fields;
      const ledger = of(sender.origin, local);
      try {
        if (booking) await ledger.done(booking.seq, textOf(answer.id ?? answer.withdrawal_id ?? answer.job_id));
        const jobId = jobIdOf(request);
        if (jobId !== undefined && (operation === 'cancel_job' || isOver(answer))) {
          for (const one of await ledger.read()) {
            if (isEscrow(one) && jobOf(one) === jobId) await ledger.ended(one.seq);
          }
        }
      } catch (error) {
        log.warn('a settled call could not be written down; it stays counted', { operation, error });
      }
      if (operation === 'withdraw' && typeof answer.address === 'string' && answer.address !== wallet) {
        log.error('a withdrawal went to another wallet than the one looked up before it', { address: answer.address });
      }
    },
  };
}

function isEscrow({ kind, released, ended }: StoredBooking): boolean {
  return kind !== 'withdraw' && !released && !ended;
}

/** The job a booking pays for. */
function jobOf({ kind, jobId, objectId }: StoredBooking): string | undefined {
  return kind === 'award' ? jobId : objectId;
}

/** Whether the money of a job is settled, one way or the other. */
function isOver({ status, escrow, escrow_status }: Fields): boolean {
  const money = escrow_status ?? (escrow as { status?: unknown } | null | undefined)?.status;
  return money === 'released' || money === 'refunded' || (money === undefined && status === 'failed');
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
