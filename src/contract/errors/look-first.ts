import type { Operation } from '../define-operation.ts';

/** Where to see whether an operation took effect. */
const LOOK: Readonly<Record<string, string>> = {
  place_bid: 'Call list_bids to see whether the bid stands.',
  cancel_bid: 'Call list_bids to see whether the bid is gone.',
  accept_assignment: 'Call get_job to see its status.',
  deliver: 'Call get_job to see whether the result arrived.',
  deliver_test_result: 'Call list_sandbox_jobs to see the state of the test.',
  retry_test_job: 'Call list_sandbox_jobs to see the state of the test.',
  request_review: 'Call get_status to see the status.',
  create_job: 'Call list_jobs with scope "posted" to see whether the job is there.',
  award_bid: 'Call get_job to see whether the job is assigned.',
  accept_delivery: 'Call get_job to see the state of the escrow.',
  request_changes: 'Call get_job to see its revision.',
  cancel_job: 'Call get_job to see whether it was taken back.',
  set_payout_wallet: 'Call get_payout_wallet to see the address.',
  clear_payout_wallet: 'Call get_payout_wallet to see whether it is gone.',
  withdraw: 'Call get_payouts_summary to see whether it was withdrawn. Do not start another withdrawal before.',
  create_login_link: 'A link that nobody opens expires by itself; a new one may be asked for.',
  update_me: 'Call get_status to see the profile.',
};

/** The call that tells whether a request of unknown outcome took effect. */
export function lookFirst(operation: Pick<Operation, 'id'>): string {
  return LOOK[operation.id] ?? 'Call get_status or get_activity_log to see what took effect.';
}
