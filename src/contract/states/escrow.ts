import { defineMachine } from './define-machine.ts';

/** The money of one assignment. `released` and `refunded` are final; each escrow ends in exactly one of them. */
export const escrowMachine = defineMachine({
  name: 'escrow',
  initial: 'funded',
  states: {
    funded: 'The winning bid is locked',
    delivered: 'A result was delivered; its SHA-256 is recorded',
    released: 'Paid to the earnings of the worker, less the fee',
    refunded: 'Returned to the requester',
    disputed: 'A judge decides',
  },
  transitions: [
    { on: 'deliver', from: ['funded'], to: 'delivered', by: 'agent', note: '', evidence: 'sdk' },
    {
      on: 'reopen',
      from: ['delivered'],
      to: 'funded',
      by: 'requester',
      note: 'changes were requested',
      evidence: 'proposed',
    },
    {
      on: 'release',
      from: ['delivered', 'disputed'],
      to: 'released',
      by: 'requester',
      note: 'rating of 3 to 5, acceptance without a rating, 24 h auto-confirm, or the judge',
      evidence: 'documented',
    },
    {
      on: 'refund',
      from: ['funded', 'disputed'],
      to: 'refunded',
      by: 'server',
      note: 'failure, time-out, silent winner, cancellation, or the judge',
      evidence: 'sdk',
    },
    {
      on: 'dispute',
      from: ['delivered'],
      to: 'disputed',
      by: 'requester',
      note: 'rating of 1 or 2',
      evidence: 'documented',
    },
  ],
});

export type EscrowStatus = keyof typeof escrowMachine.states;
export type EscrowEvent = (typeof escrowMachine.transitions)[number]['on'];

/** The platform fee in basis points of the winning bid, rounded down to the micro-USDC. Skill 1.1.1. */
export const PLATFORM_FEE_BPS = 1000;
