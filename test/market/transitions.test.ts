import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AgentEvent, type AgentStatus, agentMachine } from '#contract/states/agent.ts';
import { type BidEvent, type BidStatus, bidMachine } from '#contract/states/bid.ts';
import { legalEvents, type Machine, nextState } from '#contract/states/define-machine.ts';
import { type EscrowEvent, type EscrowStatus, escrowMachine } from '#contract/states/escrow.ts';
import { type JobEvent, type JobStatus, jobMachine } from '#contract/states/job.ts';
import { type TestJobStatus, testJobMachine } from '#contract/states/test-job.ts';
import { moveAgent } from '#market/rules/agent-status.ts';
import { moveBid } from '#market/rules/bid-status.ts';
import { moveEscrow } from '#market/rules/escrow.ts';
import { findJob } from '#market/rules/find-job.ts';
import { moveJob } from '#market/rules/job-status.ts';
import type { Refusal } from '#market/rules/refuse.ts';
import { findAgent } from '#market/storage/agents.ts';
import type { Tx } from '#market/storage/database.ts';
import type { HttpAnswer } from '../support/http.ts';
import { openTestMarket, startTestMarket, type TestAgent, type TestMarket } from '../support/market.ts';
import { skeleton } from './sandbox-content/skeleton.ts';

/**
 * Every state with every event, for every machine: twice where a client can cause it. First the gate itself, called
 * with rows put into each state; then requests, driven into each state by requests.
 */
let market: TestMarket;
let requester: TestAgent;
let worker: TestAgent;
let rival: TestAgent;

beforeAll(async () => {
  market = await startTestMarket({
    settings: { welcomeCredit: 100_000_000_000n, reviewer: { decision: 'manual', delayMs: 0 } },
  });
  requester = await market.agent('requester');
  worker = await market.agent('worker');
  rival = await market.agent('rival');
});
afterAll(async () => {
  expect(await market.violations()).toEqual([]);
  await market.close();
});

function pairs<S extends string, E extends string>(
  machine: Machine<S, E>,
  states?: readonly S[],
  events?: readonly E[],
) {
  const allEvents = [...new Set(machine.transitions.map((move) => move.on))];
  return (states ?? (Object.keys(machine.states) as S[])).flatMap((from) =>
    (events ?? allEvents).map((event) => ({ from, event, to: nextState(machine, from, event) })),
  );
}
const title = '$from + $event → $to';

describe('the gates', () => {
  /** Runs in a transaction that is always undone. */
  async function undone<T>(run: (tx: Tx) => Promise<T>): Promise<T> {
    const box: { result?: T } = {};
    const undo = new Error('undo');
    const done = market.market.db.transaction().execute(async (tx) => {
      box.result = await run(tx);
      throw undo;
    });
    await done.catch((error: unknown) => {
      if (error !== undo) throw error;
    });
    return box.result as T;
  }
  /** The new status, or the refusal's own words about what is legal. */
  const outcome = (move: Promise<string>) =>
    move.catch((error: Refusal) => ({
      code: error.code,
      status: error.context.status,
      allowed: error.context.allowed,
    }));
  const expected = <S extends string, E extends string>(machine: Machine<S, E>, from: S, to: S | undefined) =>
    to ?? { code: 'invalid_state', status: from, allowed: legalEvents(machine, from) };

  let job: string;
  let bid: string;
  beforeAll(async () => {
    job = await posted();
    bid = (await offer(worker, job)).body.bid_id;
    await award(job, bid);
  });

  it.each(pairs(jobMachine))(`job: ${title}`, async ({ from, event, to }) => {
    const result = await undone(async (tx) => {
      await tx.updateTable('jobs').set({ status: from }).where('id', '=', job).execute();
      const row = await findJob(tx, job);
      return outcome(
        moveJob(tx, market.market.context, row!, event as JobEvent, { at: 0 }).then(
          async () => (await findJob(tx, job))!.status,
        ),
      );
    });
    expect(result).toEqual(expected(jobMachine, from, to));
  });

  it.each(pairs(bidMachine))(`bid: ${title}`, async ({ from, event, to }) => {
    const result = await undone(async (tx) => {
      await tx.updateTable('bids').set({ status: from }).where('id', '=', bid).execute();
      const find = () => tx.selectFrom('bids').selectAll().where('id', '=', bid).executeTakeFirstOrThrow();
      const row = await find();
      return outcome(moveBid(tx, row, event as BidEvent).then(async () => (await find()).status));
    });
    expect(result).toEqual(expected(bidMachine, from, to));
  });

  it.each(pairs(escrowMachine))(`escrow: ${title}`, async ({ from, event, to }) => {
    const result = await undone(async (tx) => {
      await tx.updateTable('escrows').set({ status: from }).where('job_id', '=', job).execute();
      const find = () => tx.selectFrom('escrows').selectAll().where('job_id', '=', job).executeTakeFirstOrThrow();
      const row = await find();
      return outcome(moveEscrow(tx, row, event as EscrowEvent).then(async () => (await find()).status));
    });
    expect(result).toEqual(expected(escrowMachine, from, to));
  });

  it.each(pairs(agentMachine))(`agent: ${title}`, async ({ from, event, to }) => {
    const result = await undone(async (tx) => {
      await tx.updateTable('agents').set({ status: from }).where('id', '=', worker.id).execute();
      const row = await findAgent(tx, worker.id);
      return outcome(
        moveAgent(tx, row!, event as AgentEvent, 0).then(async () => (await findAgent(tx, worker.id))!.status),
      );
    });
    expect(result).toEqual(expected(agentMachine, from, to));
  });
});

// Windows of a day close only in tests that let a day pass; those of 15 s are for tests about windows.
const posted = async (bid_window_seconds = 86_400): Promise<string> =>
  (
    await requester.call('POST', 'jobs', {
      description: 'Review it',
      budget_usdc: 5,
      tags: ['code-review'],
      selection: 'manual',
      bid_window_seconds,
    })
  ).body.id;
const offer = (by: TestAgent, job_id: string, amount_usdc = 2) =>
  by.call('POST', 'agents/bid', { job_id, amount_usdc, estimated_seconds: 60 });
const award = (job: string, bid_id: string) => requester.call('POST', `jobs/${job}/award`, { bid_id });
const accept = (job: string, by = worker) => by.call('POST', `agents/jobs/${job}/accept`);
const deliver = (job_id: string) => worker.call('POST', 'agents/deliver', { job_id, result: 'done' });
const giveBack = (job_id: string, retryable: boolean, by = worker) =>
  by.call('POST', 'agents/deliver', { job_id, error_code: 'timeout', error_message: 'late', retryable });
const rate = (job: string, rating: number) => requester.call('POST', `jobs/${job}/accept-delivery`, { rating });
const sendBack = (job: string) => requester.call('POST', `jobs/${job}/request-changes`, { feedback: 'again' });
const judge = (job: string, decision: string) => market.local('POST', `/_local/admin/jobs/${job}/judge`, { decision });
const viewOf = async (job: string) => (await requester.call('GET', `jobs/${job}`)).body;

interface Bidding {
  readonly job: string;
  readonly mine: string;
  readonly other: string;
}
async function withTwoBids(seconds?: number): Promise<Bidding> {
  const job = await posted(seconds);
  return { job, mine: (await offer(worker, job, 2)).body.bid_id, other: (await offer(rival, job, 3)).body.bid_id };
}

describe('a job, by requests', () => {
  /** What leads into each status, starting from a job with two bids. `open` lasts no longer than its own request. */
  const into: Record<Exclude<JobStatus, 'open'>, (job: Bidding) => Promise<unknown>> = {
    bidding: async () => {},
    selecting: () => market.passSeconds(15),
    assigned: ({ job, mine }) => award(job, mine),
    executing: async (bidding) => {
      await into.assigned(bidding);
      await accept(bidding.job);
    },
    completed: async (bidding) => {
      await into.executing(bidding);
      await deliver(bidding.job);
    },
    failed: async (bidding) => {
      await into.executing(bidding);
      await giveBack(bidding.job, false);
    },
    disputed: async (bidding) => {
      await into.completed(bidding);
      await rate(bidding.job, 1);
    },
  };
  const requests: Record<Exclude<JobEvent, 'open_bidding'>, (job: Bidding) => Promise<HttpAnswer | undefined>> = {
    close_window: async () => {
      await market.passSeconds(15);
      return undefined;
    },
    // The server's own move, caused by the last bidder stepping back.
    no_bids: async ({ mine, other }) => {
      await worker.call('DELETE', `agents/bids/${mine}`);
      await rival.call('DELETE', `agents/bids/${other}`);
      return undefined;
    },
    award: ({ job, other }) => award(job, other),
    accept: ({ job }) => accept(job),
    deliver: ({ job }) => deliver(job),
    requeue: ({ job }) => giveBack(job, true),
    fail: ({ job }) => giveBack(job, false),
    request_changes: ({ job }) => sendBack(job),
    dispute: ({ job }) => rate(job, 2),
    cancel: ({ job }) => requester.call('POST', `jobs/${job}/cancel`, {}),
  };
  const matrix = pairs(
    jobMachine,
    Object.keys(into) as (keyof typeof into)[],
    Object.keys(requests) as (keyof typeof requests)[],
  );

  it.each(matrix)(title, async ({ from, event, to }) => {
    const bidding = await withTwoBids(from === 'selecting' || event === 'close_window' ? 15 : undefined);
    await into[from as keyof typeof into](bidding);
    expect((await viewOf(bidding.job)).status).toBe(from);
    const answer = await requests[event as keyof typeof requests](bidding);
    expect((await viewOf(bidding.job)).status).toBe(to ?? from);
    if (!answer) return;
    if (to) expect(answer.status).toBe(200);
    else
      expect(answer).toMatchObject({ status: expect.toSatisfy((s) => s === 409 || s === 403), body: { detail: {} } });
  });
});

describe('an escrow, by requests', () => {
  const into: Record<EscrowStatus, (job: string) => Promise<unknown>> = {
    funded: (job) => accept(job),
    delivered: async (job) => {
      await into.funded(job);
      await deliver(job);
    },
    released: async (job) => {
      await into.delivered(job);
      await rate(job, 4);
    },
    refunded: async (job) => {
      await into.funded(job);
      await giveBack(job, false);
    },
    disputed: async (job) => {
      await into.delivered(job);
      await rate(job, 1);
    },
  };
  const requests: Record<EscrowEvent, (job: string, from: EscrowStatus) => Promise<HttpAnswer>> = {
    deliver: (job) => deliver(job),
    reopen: (job) => sendBack(job),
    release: (job, from) => (from === 'disputed' ? judge(job, 'release') : rate(job, 5)),
    refund: (job, from) => (from === 'disputed' ? judge(job, 'refund') : giveBack(job, false)),
    dispute: (job) => rate(job, 2),
  };

  it.each(pairs(escrowMachine))(title, async ({ from, event, to }) => {
    const { job, mine } = await withTwoBids();
    await award(job, mine);
    await into[from](job);
    expect((await viewOf(job)).escrow.status).toBe(from);
    const answer = await requests[event](job, from);
    expect(answer.status).toBe(to ? 200 : 409);
    expect((await viewOf(job)).escrow.status).toBe(to ?? from);
  });
});

describe('a bid, by requests', () => {
  const into: Record<BidStatus, (job: Bidding) => Promise<unknown>> = {
    pending: async () => {},
    won: ({ job, mine }) => award(job, mine),
    lost: ({ job, other }) => award(job, other),
    cancelled: ({ mine }) => worker.call('DELETE', `agents/bids/${mine}`),
    cleared: async (bidding) => {
      await into.won(bidding);
      await giveBack(bidding.job, true);
    },
  };
  const requests: Record<BidEvent, (job: Bidding) => Promise<unknown>> = {
    lower: ({ job }) => offer(worker, job, 1),
    win: ({ job, mine }) => award(job, mine),
    lose: ({ job, other }) => award(job, other),
    cancel: ({ mine }) => worker.call('DELETE', `agents/bids/${mine}`),
    clear: async ({ job }) => {
      await giveBack(job, true, worker);
      await giveBack(job, true, rival);
    },
  };
  // A job with pending bids has no worker who could give it back: that move exists in the table alone.
  const matrix = pairs(bidMachine).filter(({ from, event }) => !(from === 'pending' && event === 'clear'));

  it.each(matrix)(title, async ({ from, event, to }) => {
    const bidding = await withTwoBids();
    await into[from](bidding);
    const mine = async () =>
      (await worker.call('GET', 'agents/bids?limit=1000')).body.bids.find(
        (bid: { id: string }) => bid.id === bidding.mine,
      );
    expect((await mine()).status).toBe(from);
    await requests[event](bidding);
    expect((await mine()).status).toBe(to ?? from);
    if (event === 'lower') expect((await mine()).amount_usdc).toBe(to ? 1 : 2);
  });
});

describe('an agent, by requests', () => {
  let hall: TestMarket;
  beforeAll(async () => {
    hall = await openTestMarket({ settings: { reviewer: { decision: 'manual', delayMs: 0 } } });
  });
  afterAll(() => hall.close());

  const admin = (agent: TestAgent, action: string) =>
    hall.local('POST', `/_local/admin/agents/${agent.id}/${action}`, {});
  const review = (agent: TestAgent) => agent.call('POST', 'agents/request-review');
  const into: Record<Exclude<AgentStatus, 'deleted'>, (agent: TestAgent) => Promise<unknown>> = {
    sandbox: async () => {},
    testing_passed: (agent) =>
      hall.market.db.transaction().execute(async (tx) => {
        await tx.updateTable('test_jobs').set({ status: 'passed' }).where('agent_id', '=', agent.id).execute();
        await moveAgent(tx, (await findAgent(tx, agent.id))!, 'pass_tests', 0);
      }),
    pending_review: async (agent) => {
      await into.testing_passed(agent);
      await review(agent);
    },
    active: async (agent) => {
      await into.pending_review(agent);
      await admin(agent, 'approve');
    },
    rejected: async (agent) => {
      await into.pending_review(agent);
      await admin(agent, 'reject');
    },
    paused: async (agent) => {
      await into.active(agent);
      await admin(agent, 'pause');
    },
    suspended: async (agent) => {
      await into.active(agent);
      await admin(agent, 'suspend');
    },
  };
  const events = [
    'approve',
    'reject',
    'pause',
    'unpause',
    'suspend',
    'unsuspend',
    'request_review',
    'change_capabilities',
  ] as const;
  let serial = 0;

  it.each(pairs(agentMachine, Object.keys(into) as (keyof typeof into)[], events))(
    title,
    async ({ from, event, to }) => {
      const agent = await hall.agent(`agent-${++serial}`, { active: false });
      await into[from as keyof typeof into](agent);
      const status = async () => (await agent.call('GET', 'agents/me')).body.status;
      expect(await status()).toBe(from);
      const answer =
        event === 'request_review'
          ? await review(agent)
          : event === 'change_capabilities'
            ? await agent.call('PATCH', 'agents/me', { capabilities: ['translation'] })
            : await admin(agent, event);
      expect(await status()).toBe(to ?? from);
      // Asking for a review that is under way is a repeat, not a move.
      const isRepeat = from === 'pending_review' && event === 'request_review';
      expect(answer.status).toBe(to || isRepeat ? 200 : 409);
    },
  );
});

describe('a test job, by requests', () => {
  let hall: TestMarket;
  beforeAll(async () => {
    hall = await openTestMarket();
  });
  afterAll(() => hall.close());

  interface Test {
    readonly agent: TestAgent;
    readonly id: string;
    readonly schema: Record<string, unknown>;
  }
  const submit = ({ agent, id }: Test, result: unknown) =>
    agent.call('POST', `agents/test-jobs/${id}/deliver`, { result: JSON.stringify(result) });
  const retry = ({ agent, id }: Test) => agent.call('POST', `agents/test-jobs/${id}/retry`);
  const into: Record<TestJobStatus, (test: Test) => Promise<unknown>> = {
    assigned: async () => {},
    pending: async (test) => {
      await submit(test, null);
      await retry(test);
    },
    passed: (test) => submit(test, skeleton(test.schema)),
    failed: (test) => submit(test, null),
  };
  const requests = {
    hand_out: ({ agent }: Test) => agent.call('GET', 'agents/jobs'),
    pass: (test: Test) => submit(test, skeleton(test.schema)),
    miss: (test: Test) => submit(test, null),
    expire: () => hall.passSeconds(121),
    retry,
  };
  let serial = 0;

  it.each(pairs(testJobMachine))(title, async ({ from, event, to }) => {
    const agent = await hall.agent(`agent-${++serial}`, { active: false });
    const [first] = (await agent.call('GET', 'agents/jobs')).body.jobs;
    const test = { agent, id: first.id, schema: first.expected_schema };
    await into[from](test);
    // From the table, because listing the tests hands the waiting ones out.
    const status = async () =>
      (
        await hall.market.db
          .selectFrom('test_jobs')
          .select('status')
          .where('id', '=', test.id)
          .executeTakeFirstOrThrow()
      ).status;
    expect(await status()).toBe(from);
    await requests[event](test);
    expect(await status()).toBe(to ?? from);
  });
});
