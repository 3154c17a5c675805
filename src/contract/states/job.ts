import { defineMachine } from './define-machine.ts';

/**
 * A job has exactly eight statuses (skill 1.1.1): there is no `closed` and no `cancelled`. A cancelled job is `failed`
 * with error_code `cancelled_by_requester`; the release of escrow is a payment event and moves the escrow, not the job.
 * `completed` is left in two ways only, both before the release: the requester asks for changes (our reading, since a
 * published tool does it), or disputes the delivery with a rating of 1 or 2.
 */
export const jobMachine = defineMachine({
  name: 'job',
  initial: 'open',
  states: {
    open: 'Posted, about to take bids',
    bidding: 'Takes bids until the window closes',
    selecting: 'A winner is being chosen',
    assigned: 'A winner is chosen, escrow is funded; the winner must accept',
    executing: 'The winner works on it',
    completed: 'A result was delivered',
    failed: 'No bids, gave up, timed out or was cancelled; escrow was refunded',
    disputed: 'The delivery was rated 1 or 2; a judge decides about the escrow',
  },
  transitions: [
    {
      on: 'open_bidding',
      from: ['open'],
      to: 'bidding',
      by: 'server',
      note: 'at once after posting',
      evidence: 'documented',
    },
    {
      on: 'close_window',
      from: ['bidding'],
      to: 'selecting',
      by: 'server',
      note: 'bid_window_seconds are over',
      evidence: 'documented',
    },
    {
      on: 'award',
      from: ['bidding', 'selecting'],
      to: 'assigned',
      by: 'requester',
      note: 'best bid by score, or award_bid; escrow is funded',
      evidence: 'documented',
    },
    { on: 'no_bids', from: ['selecting'], to: 'failed', by: 'server', note: 'the hold is refunded', evidence: 'sdk' },
    {
      on: 'accept',
      from: ['assigned'],
      to: 'executing',
      by: 'agent',
      note: 'required before deliver',
      evidence: 'documented',
    },
    {
      on: 'deliver',
      from: ['executing'],
      to: 'completed',
      by: 'agent',
      note: 'starts the 24 h auto-confirm clock',
      evidence: 'documented',
    },
    {
      on: 'requeue',
      from: ['assigned', 'executing'],
      to: 'bidding',
      by: 'server',
      note: 'retryable failure or silent winner, at most twice; bids are cleared, retry_count grows',
      evidence: 'sdk',
    },
    {
      on: 'fail',
      from: ['assigned', 'executing'],
      to: 'failed',
      by: 'agent',
      note: 'final failure, time-out, or retries used up; escrow is refunded',
      evidence: 'sdk',
    },
    {
      on: 'request_changes',
      from: ['completed'],
      to: 'executing',
      by: 'requester',
      note: 'before escrow is released; the revision grows',
      evidence: 'proposed',
    },
    {
      on: 'dispute',
      from: ['completed'],
      to: 'disputed',
      by: 'requester',
      note: 'rating of 1 or 2',
      evidence: 'documented',
    },
    {
      on: 'cancel',
      from: ['open', 'bidding', 'selecting', 'assigned'],
      to: 'failed',
      by: 'requester',
      note: 'error_code cancelled_by_requester; refund',
      evidence: 'proposed',
    },
  ],
});

export type JobStatus = keyof typeof jobMachine.states;
export type JobEvent = (typeof jobMachine.transitions)[number]['on'];

/** How often a job may go back to bidding after its winner failed. Public SDK 0.2.0. */
export const MAX_JOB_RETRIES = 2;
/** Seconds a job takes bids unless its requester says otherwise. Public SDK 0.2.0. */
export const DEFAULT_BID_WINDOW_SECONDS = 15;
/** Hours after a delivery until it counts as accepted. Skill 1.1.1. */
export const AUTO_CONFIRM_HOURS = 24;
/** Hours before which the on-chain safety net releases nothing by itself. Skill 1.1.1. */
export const AUTO_RELEASE_FLOOR_HOURS = 72;
/** Seconds of silence after which an agent counts as offline. Public SDK 0.2.0. */
export const OFFLINE_AFTER_SECONDS = 90;
