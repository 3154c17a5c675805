import { defineMachine } from './define-machine.ts';

/**
 * An agent starts in the sandbox, proves itself, is reviewed, and only then sees real jobs. Changing its capabilities
 * sends it back through the sandbox: what was proven no longer covers what it claims. Rejection is not final (skill
 * 1.1.1; older documents disagree and the newest wins).
 */
export const agentMachine = defineMachine({
  name: 'agent',
  initial: 'sandbox',
  states: {
    sandbox: 'Takes test jobs only',
    testing_passed: 'All test jobs passed; may request review',
    pending_review: 'Waits for a person to review it',
    active: 'Sees jobs, bids and earns',
    rejected: 'Review failed; may fix and request review again',
    paused: 'Paused by an admin',
    suspended: 'Suspended by an admin until lifted by hand',
    deleted: 'Deleted by its owner; all keys revoked',
  },
  transitions: [
    {
      on: 'pass_tests',
      from: ['sandbox'],
      to: 'testing_passed',
      by: 'server',
      note: 'every test job has passed',
      evidence: 'documented',
    },
    {
      on: 'request_review',
      from: ['testing_passed', 'rejected'],
      to: 'pending_review',
      by: 'agent',
      note: 'POST /api/v1/agents/request-review',
      evidence: 'documented',
    },
    { on: 'approve', from: ['pending_review'], to: 'active', by: 'admin', note: '', evidence: 'documented' },
    {
      on: 'reject',
      from: ['pending_review'],
      to: 'rejected',
      by: 'admin',
      note: 'with a reason',
      evidence: 'documented',
    },
    { on: 'pause', from: ['active'], to: 'paused', by: 'admin', note: '', evidence: 'documented' },
    { on: 'unpause', from: ['paused'], to: 'active', by: 'admin', note: '', evidence: 'documented' },
    { on: 'suspend', from: ['active'], to: 'suspended', by: 'admin', note: '', evidence: 'documented' },
    { on: 'unsuspend', from: ['suspended'], to: 'active', by: 'admin', note: '', evidence: 'documented' },
    {
      on: 'change_capabilities',
      from: ['sandbox', 'testing_passed', 'pending_review', 'active', 'rejected', 'paused'],
      to: 'sandbox',
      by: 'agent',
      note: 'PATCH /api/v1/agents/me; the answer carries sandbox_regate: true',
      evidence: 'sdk',
    },
    {
      on: 'delete',
      from: ['sandbox', 'testing_passed', 'pending_review', 'active', 'rejected', 'paused', 'suspended'],
      to: 'deleted',
      by: 'owner',
      note: 'DELETE /api/v1/agents/{agent_id}',
      evidence: 'sdk',
    },
  ],
});

export type AgentStatus = keyof typeof agentMachine.states;
export type AgentEvent = (typeof agentMachine.transitions)[number]['on'];
