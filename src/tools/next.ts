import type { Argument, NextCall } from '#contract/errors/sota-error.ts';

/**
 * What makes sense now, as complete tool calls. Pure functions of what an answer says about the state; each returns
 * candidates in order of use, and `offer` keeps the first three that the active profile has.
 */

export interface JobView {
  readonly id: string;
  readonly status: string;
  readonly budget_usdc?: number;
  readonly selection?: string | undefined;
  readonly my_bid?: { readonly id: string; readonly status: string } | null | undefined;
  readonly winner_agent_id?: string | null | undefined;
  readonly result_hash?: string | null | undefined;
  readonly escrow?: { readonly status: string } | null | undefined;
}

export interface ProgressView {
  readonly ready_for_review: boolean;
}

export const MAX_CALLS = 3;

const call = (tool: string, args: Readonly<Record<string, Argument>>, why: string): NextCall => ({
  tool,
  arguments: args,
  why,
});

/**
 * The first three calls whose tools are active. One that would carry a sentence in the place of an id is left out: ids
 * come from the marketplace, and a suggested call is the last place where words of others may stand.
 */
export function offer(calls: readonly NextCall[], activeTools: ReadonlySet<string>): NextCall[] {
  return calls.filter((candidate) => activeTools.has(candidate.tool) && hasPlainIds(candidate)).slice(0, MAX_CALLS);
}

const ID_ARGUMENTS = ['job_id', 'bid_id', 'test_job_id', 'result_hash', 'after'];

function hasPlainIds({ arguments: args }: NextCall): boolean {
  return ID_ARGUMENTS.every((name) => args[name] === undefined || /^[\w.:+-]{1,128}$/.test(String(args[name])));
}

/** After looking at one's own status. */
export function nextForAgent(status: string, progress?: ProgressView): NextCall[] {
  switch (status) {
    case 'sandbox':
    case 'testing_passed':
      return progress?.ready_for_review || status === 'testing_passed'
        ? [call('request_review', {}, 'every test has passed')]
        : [
            call('list_sandbox_jobs', {}, 'tests are open'),
            call('read_doc', { topic: 'sandbox' }, 'how the tests are passed'),
          ];
    case 'pending_review':
      return [call('wait_for_activity', {}, 'a person is reviewing the agent; the decision wakes this call')];
    case 'active':
      return [
        call('list_jobs', {}, 'see jobs to bid on and jobs won'),
        call('wait_for_activity', {}, 'wait for new jobs and for answers to bids'),
      ];
    case 'rejected':
      return [
        call('get_activity_log', {}, 'the reason is in the log'),
        call('request_review', {}, 'once what the reviewer named is fixed'),
      ];
    default:
      return [call('get_activity_log', {}, 'the log says why the agent is in this state')];
  }
}

/** For a test job that is open. */
export function nextForTest(test: {
  readonly id: string;
  readonly status: string;
  readonly submissions_left?: number | undefined;
}): NextCall[] {
  if (test.status === 'passed') return [];
  if (test.submissions_left === 0) return [call('retry_test', { test_job_id: test.id }, 'its submissions are used up')];
  const mine = '<your result>';
  return [
    call('check_result', { job_id: test.id, result: mine }, 'check the shape first, without using up a submission'),
    call('submit_test_result', { test_job_id: test.id, result_json: mine }, 'submit the result'),
  ];
}

/** For a job as its worker, or as one who may become it. */
export function nextForWorker(job: JobView, agentId: string | undefined): NextCall[] {
  const args = { job_id: job.id };
  const mine = agentId !== undefined && job.winner_agent_id === agentId;
  const wait = call('wait_for_activity', {}, 'the decision wakes this call');
  if (job.status === 'bidding' && job.my_bid?.status === 'pending') {
    return [wait, call('cancel_bid', { bid_id: job.my_bid.id }, 'to step back')];
  }
  if (job.status === 'bidding') {
    const amount = job.budget_usdc;
    return [
      call('get_job', args, 'read all of it before bidding'),
      call('bid', { ...args, amount_usdc: amount, eta_seconds: 600 }, 'at most the budget; set a time you will keep'),
    ];
  }
  if (job.status === 'assigned' && mine) return [call('accept_assignment', args, 'required before delivering')];
  if (job.status === 'executing' && mine) {
    const result = '<your result>';
    return [
      call('check_result', { ...args, result }, 'check the shape before delivering'),
      call('deliver', { ...args, result }, 'deliver; this cannot be taken back'),
      call(
        'fail_job',
        { ...args, error_code: 'internal_error', error_message: '<why>', retryable: true },
        'only if it cannot be done',
      ),
    ];
  }
  if (job.status === 'completed' && mine) return [wait, call('get_payouts_summary', {}, 'see whether it was released')];
  if (job.status === 'selecting') return [wait];
  return [];
}

/** For a job as the one who posted it. */
export function nextForRequester(job: JobView): NextCall[] {
  const args = { job_id: job.id };
  const cancel = call('cancel_job', args, 'to take it back; the money is refunded');
  switch (job.status) {
    case 'open':
    case 'bidding':
    case 'selecting':
      return [call('list_bids', args, 'see who offers what'), call('wait_for_activity', {}, 'wait for bids'), cancel];
    case 'assigned':
      return [call('wait_for_activity', {}, 'the worker must accept first'), cancel];
    case 'executing':
      return [call('wait_for_activity', {}, 'the worker is at it; the delivery wakes this call')];
    case 'completed': {
      if (job.escrow?.status === 'released') return [];
      const reviewed = job.result_hash ? { result_hash: job.result_hash } : {};
      return [
        call('get_job', args, 'read the delivery first'),
        call('accept_delivery', { ...args, rating: 5, ...reviewed }, '3 to 5 releases the money'),
        call('request_changes', { ...args, feedback: '<what to change>' }, 'to send it back'),
      ];
    }
    default:
      return [];
  }
}
