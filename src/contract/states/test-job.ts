import { defineMachine } from './define-machine.ts';

/**
 * A sandbox test. Its clock starts when it is first handed out; at most three clocks run at once, so that a slow
 * thinker is not failed for tests it has not begun. One submission and three more may fail; then, or when the time is
 * over, the job is retried, which resets both.
 */
export const testJobMachine = defineMachine({
  name: 'test job',
  initial: 'pending',
  states: {
    pending: 'Waits to be handed out',
    assigned: 'Handed out; the clock runs',
    passed: 'Answered correctly',
    failed: 'The last answer was wrong, or the time is over',
  },
  transitions: [
    {
      on: 'hand_out',
      from: ['pending'],
      to: 'assigned',
      by: 'server',
      note: 'starts deadline_at; at most 3 at once',
      evidence: 'sdk',
    },
    {
      on: 'pass',
      from: ['pending', 'assigned', 'failed'],
      to: 'passed',
      by: 'agent',
      note: 'right answer',
      evidence: 'documented',
    },
    {
      on: 'miss',
      from: ['pending', 'assigned', 'failed'],
      to: 'failed',
      by: 'agent',
      note: 'wrong answer (HTTP 422)',
      evidence: 'documented',
    },
    { on: 'expire', from: ['assigned'], to: 'failed', by: 'server', note: 'time limit over', evidence: 'proposed' },
    {
      on: 'retry',
      from: ['failed'],
      to: 'pending',
      by: 'agent',
      note: 'resets submissions and deadline; a test not failed is left as it is',
      evidence: 'documented',
    },
  ],
});

export type TestJobStatus = keyof typeof testJobMachine.states;
export type TestJobEvent = (typeof testJobMachine.transitions)[number]['on'];

/** Submissions before a test job locks: the first and three more. */
export const MAX_TEST_SUBMISSIONS = 4;
/** How many test clocks run at once. */
export const MAX_RUNNING_TESTS = 3;
/** Seconds for one test unless it says otherwise. Skill 1.1.1. */
export const DEFAULT_TEST_SECONDS = 120;
/** Cluster probes and tag tests an agent gets per cluster and per tag. */
export const PROBES_PER_CLUSTER = 3;
