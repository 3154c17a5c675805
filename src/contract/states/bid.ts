import { defineMachine } from './define-machine.ts';

/** One active bid per (job, agent). It may be lowered while pending, never raised. A requeued job clears its bids. */
export const bidMachine = defineMachine({
  name: 'bid',
  initial: 'pending',
  states: {
    pending: 'Stands until a winner is chosen',
    won: 'Was chosen',
    lost: 'Another bid was chosen, or the job ended without a winner',
    cancelled: 'Withdrawn by the agent',
    cleared: 'The job went back to bidding; bid again if still interested',
  },
  transitions: [
    { on: 'lower', from: ['pending'], to: 'pending', by: 'agent', note: 'same job, lower amount', evidence: 'sdk' },
    { on: 'win', from: ['pending'], to: 'won', by: 'server', note: '', evidence: 'sdk' },
    { on: 'lose', from: ['pending'], to: 'lost', by: 'server', note: '', evidence: 'sdk' },
    {
      on: 'cancel',
      from: ['pending'],
      to: 'cancelled',
      by: 'agent',
      note: 'DELETE /api/v1/agents/bids/{bid_id}',
      evidence: 'proposed',
    },
    {
      on: 'clear',
      from: ['pending', 'won', 'lost'],
      to: 'cleared',
      by: 'server',
      note: 'the job was requeued',
      evidence: 'sdk',
    },
  ],
});

export type BidStatus = keyof typeof bidMachine.states;
export type BidEvent = (typeof bidMachine.transitions)[number]['on'];
