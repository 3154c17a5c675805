/** The owner's rules as functions of facts alone: no clock, no disk, no network. */
import type { CapBreach } from '#contract/errors/teach-policy.ts';
import { formatUsdc, type Micro } from '#kit/money.ts';
import type { OperationRule } from './rules.ts';
import type { PolicySettings } from './settings.ts';

/** One booking of the ledger, as far as limits care. */
export interface Booking {
  readonly kind: 'job' | 'award' | 'withdraw';
  readonly amount: Micro;
  /** Milliseconds since 1970. Never less than that of the booking before it. */
  readonly at: number;
  /** It was refused for certain, so it counts nowhere. */
  readonly released: boolean;
  /** The job it paid for has ended: no longer open escrow. It still counts for its day. */
  readonly ended: boolean;
}

export type Limits = Pick<
  PolicySettings,
  'maxJob' | 'maxDay' | 'maxOpenEscrow' | 'maxWithdraw' | 'maxWithdrawDay' | 'maxBid'
>;

export const DAY_MS = 24 * 60 * 60_000;

/**
 * The first limit that a booking would break, given those made before it. Any 24 hours count, not calendar days: a
 * fixed day lets twice the limit through around midnight.
 * @example findBreach({ kind: 'job', amount: 30_000_000n, at }, [], limits)?.setting // 'SOTA_MAX_JOB_USDC'
 */
export function findBreach(
  own: Pick<Booking, 'kind' | 'amount' | 'at'>,
  earlier: readonly Booking[],
  limits: Limits,
): CapBreach | undefined {
  const counted = earlier.filter(({ released }) => !released);
  const today = counted.filter(({ at }) => own.at - at < DAY_MS);
  if (own.kind === 'withdraw') {
    return (
      over('SOTA_MAX_WITHDRAW_USDC', limits.maxWithdraw, own.amount) ??
      over('SOTA_MAX_WITHDRAW_DAY_USDC', limits.maxWithdrawDay, own.amount, sum(today.filter(isWithdrawal)))
    );
  }
  const committed = (bookings: readonly Booking[]) => sum(bookings.filter((booking) => !isWithdrawal(booking)));
  return (
    over('SOTA_MAX_JOB_USDC', limits.maxJob, own.amount) ??
    over('SOTA_MAX_DAY_USDC', limits.maxDay, own.amount, committed(today)) ??
    over(
      'SOTA_MAX_OPEN_ESCROW_USDC',
      limits.maxOpenEscrow,
      own.amount,
      committed(counted.filter(({ ended }) => !ended)),
    )
  );
}

/** A bid commits nothing, it only has a ceiling. */
export function bidBreach(amount: Micro, limits: Limits): CapBreach | undefined {
  return over('SOTA_MAX_BID_USDC', limits.maxBid, amount);
}

export interface Circumstances {
  readonly rule: OperationRule;
  readonly settings: Pick<PolicySettings, 'confirm' | 'payoutWallet'>;
  /** A marketplace on this machine with play money. */
  readonly local: boolean;
  /** The wallet this would set, or that a withdrawal would go to; null: none. */
  readonly wallet?: string | null | undefined;
  /** Whether a human has approved that wallet before. */
  readonly walletApproved: boolean;
}

/** Why a human has to be asked, apart from limits; undefined when nobody has to. */
export function reasonToAsk(circumstances: Circumstances): string | undefined {
  const { rule, settings, local, wallet, walletApproved } = circumstances;
  if (settings.confirm === 'never') return undefined;
  if (settings.confirm === 'always') {
    if (rule.weight !== 'write') return 'the owner set SOTA_CONFIRM=always';
    return rule.asks ? REASONS[rule.asks] : undefined;
  }
  if (local || !rule.asks) return undefined;
  const vouchedFor = wallet != null && wallet === settings.payoutWallet;
  if (rule.asks === 'wallet' && vouchedFor) return undefined;
  // Without a wallet the marketplace refuses by itself.
  if (rule.asks === 'withdrawal' && (wallet === null || vouchedFor || walletApproved)) return undefined;
  return REASONS[rule.asks];
}

const REASONS = {
  wallet: 'it decides where all money goes',
  withdrawal: 'no human has approved this wallet',
  keys: 'it replaces what this agent signs in with',
  login: 'whoever opens the link is signed in as the owner',
} as const;

const isWithdrawal = ({ kind }: Booking): boolean => kind === 'withdraw';
const sum = (bookings: readonly Booking[]): Micro => bookings.reduce((total, { amount }) => total + amount, 0n);

function over(setting: string, limit: Micro | undefined, amount: Micro, used?: Micro): CapBreach | undefined {
  if (limit === undefined || amount + (used ?? 0n) <= limit) return undefined;
  return {
    setting,
    limit: formatUsdc(limit),
    amount: formatUsdc(amount),
    ...(used === undefined ? {} : { used: formatUsdc(used) }),
  };
}
