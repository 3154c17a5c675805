import { rankCandidates } from '#market/rules/selection.ts';
import type { Step } from './ledger-steps.ts';

export const AGENTS = ['ann', 'bob', 'cyd'] as const;
const DAY_MS = 24 * 3_600_000;
const SILENCE_MS = 90_000;

interface Bid {
  readonly id: number;
  readonly job: Job;
  readonly by: number;
  amount: bigint;
  seconds: number;
  status: 'pending' | 'won' | 'lost' | 'cancelled' | 'cleared';
}

interface Job {
  readonly id: number;
  readonly requester: number;
  readonly budget: bigint;
  readonly manual: boolean;
  status: 'bidding' | 'selecting' | 'assigned' | 'executing' | 'completed' | 'failed' | 'disputed';
  bids: Bid[];
  winner: Bid | null;
  escrow: 'funded' | 'delivered' | 'released' | 'refunded' | 'disputed' | null;
  retries: number;
  rating: number | null;
  cancelled: boolean;
  confirmAt: number;
}

/** What falls due in real time, in the order in which it was set. */
interface Due {
  readonly kind: 'window' | 'silence' | 'timeout';
  readonly job: Job;
  at: number;
}

interface Purse {
  spending: bigint;
  earnings: bigint;
  earned: bigint;
  withdrawn: bigint;
  reputation: number;
}

const workMs = (seconds: number): number => Math.max(2 * seconds * 1000, 60_000);
const reportMs = (seconds: number): number => Math.max(seconds * 1000, 60_000);

/**
 * The rules of the marketplace once more, as plainly as they can be said: no database, no accounts, no state tables.
 * Money held or in escrow is not stored at all but follows from the jobs, so a leak in the ledger has nowhere to hide.
 */
export class LedgerModel {
  /** What happened in this sequence, and how often. */
  readonly reached = new Map<string, number>();
  readonly #purses: Purse[];
  readonly #jobs: Job[] = [];
  readonly #bids: Bid[] = [];
  #dues: Due[] = [];
  readonly #seen = AGENTS.map(() => 0);
  #real = 0;
  #virtual = 0;

  constructor(credit: bigint) {
    this.#purses = AGENTS.map(() => ({ spending: credit, earnings: 0n, earned: 0n, withdrawn: 0n, reputation: 50 }));
  }

  /** Plays a step. Tells what the marketplace must answer, and whom and what the step means. */
  apply(step: Step): { expected: string; who: number; job: number; bid: number; amount: bigint } {
    const job = 'job' in step ? this.#chosenJob(step) : undefined;
    const bid = 'bid' in step ? this.#chosenBid(step, job) : undefined;
    const who = 'who' in step ? (step.who === 'fitting' ? this.#fitting(step.do, job, bid) : step.who) : 0;
    const amount =
      'amount' in step ? step.amount : 'percent' in step ? this.#share(step.do, step.percent, who, job) : 0n;
    const expected = this.#play(step, who, job, bid, amount);
    return { expected, who, job: job?.id ?? -1, bid: bid?.id ?? -1, amount };
  }

  /** Bids are shares of a budget, withdrawals of the earnings; a little above the whole now and then. */
  #share(what: Step['do'], percent: number, who: number, job: Job | undefined): bigint {
    const whole = what === 'bid' ? (job?.budget ?? 1_000_000n) : this.#purses[who]!.earnings;
    const amount = (whole * BigInt(percent)) / 100n;
    return amount > 0n ? amount : 1n;
  }

  booksOf(agent: number) {
    const purse = this.#purses[agent]!;
    const pending = this.#jobs
      .filter((job) => job.winner?.by === agent && ['funded', 'delivered', 'disputed'].includes(job.escrow ?? ''))
      .reduce((sum, job) => sum + job.winner!.amount, 0n);
    return { ...purse, pending };
  }

  standingOf(job: number) {
    const { status, escrow, winner } = this.#jobs[job]!;
    return { status, escrow: winner ? escrow : null };
  }

  /** Most steps mean a job they can change, so that sequences get somewhere. */
  #chosenJob(step: { do: string; job: number }): Job | undefined {
    const suited: Record<string, readonly Job['status'][]> = {
      bid: ['bidding'],
      award: ['bidding', 'selecting'],
      accept: ['assigned'],
      progress: ['executing'],
      deliver: ['executing'],
      give_back: ['assigned', 'executing'],
      request_changes: ['completed'],
      accept_delivery: ['completed'],
      judge: ['disputed'],
      cancel_job: ['bidding', 'selecting', 'assigned'],
    };
    const fitting = this.#jobs.filter(
      (job) =>
        suited[step.do]?.includes(job.status) &&
        (step.do !== 'award' || job.bids.some((bid) => bid.status === 'pending')),
    );
    const from = step.job % 8 !== 0 && fitting.length ? fitting : this.#jobs;
    return from.length ? from[step.job % from.length] : undefined;
  }

  #chosenBid(step: { bid: number }, job: Job | undefined): Bid | undefined {
    const pending = (job?.bids ?? this.#bids).filter((bid) => bid.status === 'pending');
    const from = step.bid % 8 !== 0 && pending.length ? pending : this.#bids;
    return from.length ? from[step.bid % from.length] : undefined;
  }

  #fitting(what: Step['do'], job: Job | undefined, bid: Bid | undefined): number {
    if (what === 'cancel_bid') return bid?.by ?? 0;
    if (['accept', 'progress', 'deliver', 'give_back'].includes(what)) return job?.winner?.by ?? 0;
    if (what === 'withdraw') return this.#richest();
    const requester = job?.requester ?? 0;
    return what === 'bid' ? (requester + 1 + (this.#bids.length % 2)) % 3 : requester;
  }

  #play(step: Step, who: number, job: Job | undefined, bid: Bid | undefined, amount: bigint): string {
    const purse = this.#purses[who]!;
    if (!['fund', 'judge', 'pass_seconds', 'advance_hours'].includes(step.do)) this.#seen[who] = this.#real;
    switch (step.do) {
      case 'fund':
        purse.spending += amount;
        return 'ok';
      case 'withdraw':
        if (purse.earnings < amount) return 'insufficient_balance';
        purse.earnings -= amount;
        purse.withdrawn += amount;
        this.#reach('withdrawn');
        return 'ok';
      case 'post':
        if (purse.spending < amount) return 'insufficient_funds';
        purse.spending -= amount;
        this.#open({
          id: this.#jobs.length,
          requester: who,
          budget: amount,
          manual: step.manual,
          status: 'bidding',
          bids: [],
          winner: null,
          escrow: null,
          retries: 0,
          rating: null,
          cancelled: false,
          confirmAt: 0,
        });
        return 'ok';
      case 'bid':
        return this.#bid(who, job, amount, step.seconds);
      case 'cancel_bid':
        return this.#cancelBid(who, bid);
      case 'pass_seconds':
        this.#real += step.seconds * 1000;
        this.#virtual += step.seconds * 1000;
        this.#settle();
        return 'ok';
      case 'advance_hours':
        this.#virtual += step.hours * 3_600_000;
        this.#settle();
        return 'ok';
      case 'judge':
        return this.#judge(job, step.release);
      default:
        break;
    }
    if (!job || !this.#sees(who, job)) return 'job_not_found';
    if (['accept', 'progress', 'deliver', 'give_back'].includes(step.do)) {
      if (job.winner?.by !== who) return 'not_winner';
    } else if (job.requester !== who) return 'not_job_owner';

    switch (step.do) {
      case 'award':
        if (!bid || bid.job !== job) return 'bid_not_found';
        if (job.winner === bid) return 'ok';
        if (job.winner || bid.status !== 'pending' || !['bidding', 'selecting'].includes(job.status))
          return 'invalid_state';
        this.#award(job, bid);
        return 'ok';
      case 'accept':
        if (job.status !== 'assigned') return 'invalid_state';
        job.status = 'executing';
        this.#set('timeout', job, this.#real + workMs(job.winner!.seconds));
        return 'ok';
      case 'progress': {
        if (job.status !== 'executing') return 'invalid_state';
        const due = this.#dues.find((one) => one.kind === 'timeout' && one.job === job)!;
        due.at = Math.max(due.at, this.#real + reportMs(job.winner!.seconds));
        return 'ok';
      }
      case 'deliver':
        if (job.status === 'assigned') return 'not_accepted';
        if (job.status === 'completed' || job.status === 'disputed') return 'already_delivered';
        if (job.status !== 'executing') return 'invalid_state';
        job.status = 'completed';
        job.escrow = 'delivered';
        job.confirmAt = this.#virtual + DAY_MS;
        this.#unset(job);
        return 'ok';
      case 'give_back':
        return this.#giveBack(job, step.retryable);
      case 'request_changes':
        if (job.status !== 'completed' || job.escrow !== 'delivered') return 'invalid_state';
        job.status = 'executing';
        job.escrow = 'funded';
        this.#set('silence', job, this.#real + SILENCE_MS);
        this.#set('timeout', job, this.#real + workMs(job.winner!.seconds));
        this.#reach('reopened');
        return 'ok';
      case 'accept_delivery':
        return this.#acceptDelivery(job, step.rating ?? null);
      case 'cancel_job':
        return this.#cancelJob(job);
    }
  }

  #open(job: Job): void {
    this.#jobs.push(job);
    this.#set('window', job, this.#real + 15_000);
  }

  #set(kind: Due['kind'], job: Job, at: number): void {
    const standing = this.#dues.find((due) => due.kind === kind && due.job === job);
    if (standing) standing.at = at;
    else this.#dues.push({ kind, job, at });
  }

  #unset(job: Job): void {
    this.#dues = this.#dues.filter((due) => due.job !== job);
  }

  #richest(): number {
    const earnings = this.#purses.map((purse) => purse.earnings);
    return earnings.reduce((best, amount, i) => (amount > earnings[best]! ? i : best), 0);
  }

  #reach(what: string): void {
    this.reached.set(what, (this.reached.get(what) ?? 0) + 1);
  }

  #sees(who: number, job: Job): boolean {
    return job.requester === who || job.status === 'bidding' || job.bids.some((bid) => bid.by === who);
  }

  #bid(who: number, job: Job | undefined, amount: bigint, seconds: number): string {
    if (!job) return 'job_not_found';
    const standing = job.bids.find((bid) => bid.by === who && bid.status === 'pending');
    if (standing && standing.amount === amount && standing.seconds === seconds) return 'ok';
    if (job.requester === who) return 'own_job';
    if (job.status !== 'bidding') return 'bid_window_closed';
    if (amount > job.budget) return 'bid_exceeds_budget';
    if (standing) {
      if (amount > standing.amount) return 'bid_cannot_increase';
      Object.assign(standing, { amount, seconds });
      this.#reach('lowered');
      return 'ok';
    }
    const bid: Bid = { id: this.#bids.length, job, by: who, amount, seconds, status: 'pending' };
    this.#bids.push(bid);
    job.bids.push(bid);
    return 'ok';
  }

  #cancelBid(who: number, bid: Bid | undefined): string {
    if (bid?.by !== who) return 'bid_not_found';
    if (bid.status === 'cancelled') return 'ok';
    if (bid.status !== 'pending') return 'bid_not_cancellable';
    bid.status = 'cancelled';
    if (bid.job.status === 'selecting') this.#failWithoutBids(bid.job);
    return 'ok';
  }

  #award(job: Job, winner: Bid): void {
    for (const bid of job.bids) if (bid.status === 'pending') bid.status = bid === winner ? 'won' : 'lost';
    this.#purses[job.requester]!.spending += job.budget - winner.amount;
    Object.assign(job, { status: 'assigned', escrow: 'funded', winner });
    this.#unset(job);
    this.#set('silence', job, this.#real + SILENCE_MS);
  }

  #failWithoutBids(job: Job): void {
    if (job.bids.some((bid) => bid.status === 'pending')) return;
    job.status = 'failed';
    this.#purses[job.requester]!.spending += job.budget;
    this.#reach('no_bids');
  }

  #giveBack(job: Job, retryable: boolean): string {
    if (job.status === 'completed' || job.status === 'disputed') return 'already_delivered';
    if (job.status !== 'assigned' && job.status !== 'executing') return 'invalid_state';
    const payer = this.#purses[job.requester]!;
    this.#unset(job);
    this.#refund(job);
    if (retryable && job.retries < 2 && payer.spending >= job.budget) {
      payer.spending -= job.budget;
      for (const bid of job.bids) if (bid.status !== 'cancelled') bid.status = 'cleared';
      Object.assign(job, { status: 'bidding', winner: null, escrow: null });
      this.#set('window', job, this.#real + 15_000);
      job.retries += 1;
      this.#reach('requeued');
    } else job.status = 'failed';
    return 'ok';
  }

  #refund(job: Job, points = -5): void {
    this.#purses[job.requester]!.spending += job.winner!.amount;
    job.escrow = 'refunded';
    this.#rate(job.winner!.by, points);
    this.#reach('refunded');
  }

  #release(job: Job, points = 5): void {
    const worker = this.#purses[job.winner!.by]!;
    const net = job.winner!.amount - job.winner!.amount / 10n;
    worker.earnings += net;
    worker.earned += net;
    job.escrow = 'released';
    this.#rate(job.winner!.by, points);
    this.#reach('released');
  }

  #rate(agent: number, points: number): void {
    const purse = this.#purses[agent]!;
    purse.reputation = Math.min(100, Math.max(0, purse.reputation + points));
  }

  #acceptDelivery(job: Job, rating: number | null): string {
    if (job.status !== 'completed' && job.status !== 'disputed') return 'invalid_state';
    if (job.escrow !== 'delivered') return job.rating === rating ? 'ok' : 'invalid_state';
    job.rating = rating;
    if (rating === null || rating >= 3) this.#release(job);
    else {
      Object.assign(job, { status: 'disputed', escrow: 'disputed' });
      this.#reach('disputed');
    }
    return 'ok';
  }

  #judge(job: Job | undefined, release: boolean): string {
    if (!job) return 'job_not_found';
    if (job.escrow !== 'disputed') return 'invalid_state';
    if (release) this.#release(job, 2);
    else this.#refund(job);
    this.#reach('judged');
    return 'ok';
  }

  #cancelJob(job: Job): string {
    if (job.cancelled) return 'ok';
    if (!['bidding', 'selecting', 'assigned'].includes(job.status)) return 'not_cancellable';
    this.#purses[job.requester]!.spending += job.winner ? job.winner.amount : job.budget;
    if (job.winner) job.escrow = 'refunded';
    for (const bid of job.bids) if (bid.status === 'pending') bid.status = 'lost';
    Object.assign(job, { status: 'failed', cancelled: true });
    this.#unset(job);
    this.#reach('cancelled');
    return 'ok';
  }

  /** Windows and work run on real time, the requester's day on virtual time; what is overdue in real time comes first. */
  #settle(): void {
    for (let due = this.#next(); due; due = this.#next()) {
      this.#dues.splice(this.#dues.indexOf(due), 1);
      this.#fall(due);
    }
    for (const job of this.#jobs) {
      if (job.escrow !== 'delivered' || job.confirmAt > this.#virtual) continue;
      this.#release(job);
      this.#reach('auto_confirm');
    }
  }

  #next(): Due | undefined {
    const overdue = this.#dues.filter((due) => due.at <= this.#real);
    return overdue.reduce<Due | undefined>((first, due) => (first && first.at <= due.at ? first : due), undefined);
  }

  #fall({ kind, job, at }: Due): void {
    const until = kind === 'silence' ? Math.max(at, this.#seen[job.winner!.by]! + SILENCE_MS) : at;
    if (kind === 'window') this.#closeWindow(job);
    else if (until > this.#real) this.#set('silence', job, until);
    else {
      this.#reach(kind);
      this.#giveBack(job, kind === 'silence');
    }
  }

  #closeWindow(job: Job): void {
    job.status = 'selecting';
    const pending = job.bids.filter((bid) => bid.status === 'pending');
    if (!pending.length) this.#failWithoutBids(job);
    if (!pending.length || job.manual) return;
    const candidates = pending.map((bid) => ({
      bid,
      amount: bid.amount,
      estimatedSeconds: bid.seconds,
      reputation: this.#purses[bid.by]!.reputation,
      seq: bid.id,
    }));
    this.#award(job, rankCandidates(candidates)[0]!.candidate.bid);
    this.#reach('auto_award');
  }
}
