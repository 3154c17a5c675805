import type { BidStatus } from '#contract/states/bid.ts';
import { isoTime } from '#kit/clock.ts';
import { usdcNumber } from '#kit/money.ts';
import { micro } from '../storage/rows.ts';
import type { BidRow } from './bid-status.ts';

/** A bid as the API shows it. */
export function bidView(bid: BidRow) {
  return {
    id: bid.id,
    job_id: bid.job_id,
    amount_usdc: usdcNumber(micro(bid.amount_micro)),
    estimated_seconds: bid.estimated_seconds,
    status: bid.status as BidStatus,
    created_at: isoTime(Number(bid.created_at)),
  };
}
