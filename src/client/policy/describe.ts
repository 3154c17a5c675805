import { canonicalJson } from '#kit/canonical-json.ts';
import { inGroupsOfFour } from '#kit/groups-of-four.ts';
import { formatUsdc } from '#kit/money.ts';
import { sanitiseText } from '#kit/text-sanitise.ts';
import type { WireRequest } from '../http.ts';
import { amountOf, bodyOf, jobIdOf } from './subject.ts';

const MAX_TEXT = 120;
const MAX_ARGUMENTS = 400;

/**
 * What a call would do, in one line a human can decide on. Amounts and addresses are complete; words that a model chose
 * are cleaned, cut and quoted, because a stranger may have put them there.
 * @example describeWish(request, wallet) // 'withdraw 12.5 USDC to 4Nd1 mBQt …'
 */
export function describeWish(request: WireRequest, destination?: string): string {
  const body = bodyOf(request);
  const job = jobIdOf(request);
  switch (request.operation.id) {
    case 'set_payout_wallet':
      return `set the payout wallet to ${inGroupsOfFour(String(body.address))}`;
    case 'clear_payout_wallet':
      return 'remove the payout wallet';
    case 'withdraw':
      return `withdraw ${usdc(body.amount_usdc)} to ${destination === undefined ? 'the payout wallet' : inGroupsOfFour(destination)}`;
    case 'create_job':
      return `post the job ${quoted(body.title ?? body.description)} with a budget of ${usdc(body.budget_usdc)}`;
    case 'award_bid':
      return `award job ${quoted(job)} to bid ${quoted(body.bid_id)}`;
    case 'place_bid':
      return `bid ${usdc(body.amount_usdc)} on job ${quoted(body.job_id)}`;
    case 'rotate_keys':
      return 'replace the API key of this agent';
    case 'create_login_link':
      return 'make a link that signs whoever opens it in as the owner';
    default: {
      const fields = Object.keys(body).length > 0 ? ` with ${cut(clean(canonicalJson(body)), MAX_ARGUMENTS)}` : '';
      return `${request.operation.id} (${request.operation.summary})${job === undefined ? '' : ` on job ${quoted(job)}`}${fields}`;
    }
  }
}

function usdc(value: unknown): string {
  const amount = amountOf(value);
  return amount === undefined ? 'an unreadable amount' : `${formatUsdc(amount)} USDC`;
}

function quoted(value: unknown): string {
  return JSON.stringify(cut(clean(String(value)), MAX_TEXT));
}

function clean(text: string): string {
  return sanitiseText(text).text.replace(/\s+/g, ' ').trim();
}

function cut(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length)}…` : text;
}
