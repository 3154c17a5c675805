import type { CapBreach } from '#contract/errors/teach-policy.ts';
import { teachPolicy } from '#contract/errors/teach-policy.ts';
import { getPayoutWallet } from '#contract/operations/payouts.ts';
import { getPostedJob, listJobBids } from '#contract/operations/requester.ts';
import type { WireRequest } from '../http.ts';
import type { Approvals } from './approvals.ts';
import type { Books } from './books.ts';
import { type Booking, bidBreach } from './decide.ts';
import type { LocalOrigins } from './local-origin.ts';
import { type OperationRule, ruleOf } from './rules.ts';
import type { PolicySettings } from './settings.ts';
import { amountOf, bodyOf, jobIdOf, subjectOf } from './subject.ts';
import type { Sender } from './types.ts';

/** What one wish comes to, looked up once. */
export interface Wish {
  readonly request: WireRequest;
  readonly rule: OperationRule;
  readonly sender: Sender;
  /** It is for a marketplace with play money. */
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

export interface WeighParts {
  readonly settings: () => PolicySettings;
  readonly approvals: Approvals;
  readonly localOrigins: LocalOrigins;
  /** The marketplace is the one built into this program. */
  readonly local: boolean;
  readonly books: Books;
}

type Fields = Readonly<Record<string, unknown>>;

/**
 * Finds out what a request comes to: amounts from its body, the rest from the marketplace. Changes nothing.
 * @throws SotaError when it cannot be found out, or when money would go to what is no wallet
 */
export async function weigh(request: WireRequest, sender: Sender, parts: WeighParts): Promise<Wish> {
  const { settings, approvals, localOrigins, books } = parts;
  const body = bodyOf(request);
  const rule = ruleOf(request.operation, body);
  const local = parts.local || (await localOrigins.is(sender.origin));
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
      const booking = await bookingOfAward(request, body, sender, books, local);
      return booking ? { ...common, booking } : common;
    }
    default:
      return common;
  }
}

async function walletOf(
  { operation }: WireRequest,
  body: Fields,
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
  body: Fields,
  { look, origin }: Sender,
  books: Books,
  local: boolean,
): Promise<Wish['booking'] | undefined> {
  const jobId = jobIdOf(request);
  if (jobId === undefined) throw teachPolicy.amountUnknown(request.operation);
  if (await books.holds(origin, local, jobId)) return undefined;
  const { bids } = await look(listJobBids, { params: { job_id: jobId } });
  const bid = bids.find(({ id }) => id === body.bid_id);
  // What is not on the list may be anything up to the budget.
  const job = bid ? undefined : await look(getPostedJob, { params: { job_id: jobId } });
  return { kind: 'award', amount: required(request, bid?.amount_usdc ?? job?.budget_usdc), jobId };
}

function required(request: WireRequest, value: unknown): bigint {
  const amount = amountOf(value);
  if (amount === undefined) throw teachPolicy.amountUnknown(request.operation);
  return amount;
}
