import { publicWallet } from '../public-wallet.ts';
import type { World, WorldAgent } from './world.ts';

/** One thing that is to happen exactly once. */
export interface Intention {
  readonly tool: string;
  readonly args: Readonly<Record<string, unknown>>;
}

/** A way an agent uses a tool again and again, and how to count, at the marketplace, how often it really happened. */
export interface Round {
  readonly agent: WorldAgent;
  /** Sets the scene and says what is wanted next, given the last answer. */
  next(last: Readonly<Record<string, unknown>> | undefined): Promise<Intention>;
  /** Effects so far, by the marketplace's own records. */
  effects(): Promise<number>;
  /** The field of an answer that names the object, and where the marketplace keeps such objects. */
  readonly named?: { readonly field: string; readonly table: 'payouts' | 'jobs' };
}

export type Scenario = (world: World) => Promise<Round>;

const JOB = { description: 'crash test', tags: ['code-review'], selection: 'manual', bid_window_seconds: 3600 };

const post = async (requester: WorldAgent, budget = 1): Promise<string> =>
  String((await requester.api('POST', 'jobs', { ...JOB, budget_usdc: budget })).id);
const bidOn = async (worker: WorldAgent, job_id: string): Promise<string> =>
  String((await worker.api('POST', 'agents/bid', { job_id, amount_usdc: 1, estimated_seconds: 600 })).bid_id);
const award = (requester: WorldAgent, job_id: string, bid_id: string) =>
  requester.api('POST', `jobs/${job_id}/award`, { bid_id });
const accept = (worker: WorldAgent, job_id: string) => worker.api('POST', `agents/jobs/${job_id}/accept`);
const deliver = (worker: WorldAgent, job_id: string) =>
  worker.api('POST', 'agents/deliver', { job_id, result: 'work' });

async function assigned(requester: WorldAgent, worker: WorldAgent): Promise<string> {
  const job = await post(requester);
  await award(requester, job, await bidOn(worker, job));
  return job;
}

/** `after` names the object of the intention before, as a caller that saw its answer can. */
const after = (last: Readonly<Record<string, unknown>> | undefined, field: string) =>
  last?.[field] ? { after: last[field] } : {};

/** The tools a scenario uses, from its name. */
export const toolsOf = (scenario: string): string[] => scenario.split(' and ');

export const scenarios: Readonly<Record<string, Scenario>> = {
  async withdraw(world) {
    const agent = await world.agent({ earnings: 10_000_000n });
    await agent.api('PUT', 'payouts/wallet', { address: publicWallet('crash test one') });
    return {
      agent,
      named: { field: 'withdrawal_id', table: 'payouts' },
      next: async (last) => ({ tool: 'withdraw', args: { amount_usdc: '0.000001', ...after(last, 'withdrawal_id') } }),
      effects: () => world.count(agent.id, 'payout_withdrawn'),
    };
  },

  async create_job(world) {
    const agent = await world.agent({ spending: 1000 });
    return {
      agent,
      named: { field: 'job_id', table: 'jobs' },
      next: async (last) => ({ tool: 'create_job', args: { ...JOB, budget_usdc: '0.01', ...after(last, 'job_id') } }),
      effects: () => world.count(agent.id, 'job_posted'),
    };
  },

  async 'bid and cancel_bid'(world) {
    const [agent, requester] = [await world.agent(), await world.agent({ spending: 10 })];
    const job_id = await post(requester);
    let standing = false;
    return {
      agent,
      async next(last) {
        standing = !standing;
        if (standing) return { tool: 'bid', args: { job_id, amount_usdc: 1, eta_seconds: 600 } };
        return { tool: 'cancel_bid', args: { bid_id: last?.bid_id } };
      },
      effects: async () => (await world.count(agent.id, 'bid_placed')) + (await world.count(agent.id, 'bid_cancelled')),
    };
  },

  async accept_assignment(world) {
    const [agent, requester] = [await world.agent(), await world.agent({ spending: 100_000 })];
    return {
      agent,
      next: async () => ({ tool: 'accept_assignment', args: { job_id: await assigned(requester, agent) } }),
      effects: () => world.count(agent.id, 'job_status', { to: 'executing' }),
    };
  },

  async deliver(world) {
    const [agent, requester] = [await world.agent(), await world.agent({ spending: 10 })];
    const job_id = await assigned(requester, agent);
    await accept(agent, job_id);
    return {
      agent,
      async next(last) {
        // The same bytes are wanted again only because the requester asked: a new revision, not a repeat.
        if (last) await requester.api('POST', `jobs/${job_id}/request-changes`, { feedback: 'again' });
        return { tool: 'deliver', args: { job_id, result: 'work' } };
      },
      effects: () => world.count(agent.id, 'job_status', { to: 'completed' }),
    };
  },

  async fail_job(world) {
    const [agent, requester] = [await world.agent(), await world.agent({ spending: 100_000 })];
    return {
      agent,
      async next() {
        const job_id = await assigned(requester, agent);
        await accept(agent, job_id);
        return {
          tool: 'fail_job',
          args: { job_id, error_code: 'invalid_input', error_message: 'no input', retryable: false },
        };
      },
      effects: () => world.count(agent.id, 'job_status', { to: 'failed' }),
    };
  },

  async 'submit_test_result and retry_test'(world) {
    const agent = await world.agent({ active: false });
    const { jobs } = (await agent.api('GET', 'agents/jobs')) as { jobs: { id: string }[] };
    const test_job_id = String(jobs[0]?.id);
    let submitted = false;
    return {
      agent,
      async next() {
        submitted = !submitted;
        return submitted
          ? { tool: 'submit_test_result', args: { test_job_id, result_json: '{"wrong":true}' } }
          : { tool: 'retry_test', args: { test_job_id } };
      },
      effects: async () => (await world.count(agent.id, 'test_failed')) + (await world.attemptsOf(test_job_id)) - 1,
    };
  },

  async request_review(world) {
    const agent = await world.agent({ active: false });
    await world.passTests(agent.id);
    return {
      agent,
      async next(last) {
        // Rejection is not final: review is asked for again and again.
        if (last) await world.admin(agent.id, 'reject');
        return { tool: 'request_review', args: {} };
      },
      effects: () => world.count(agent.id, 'agent_status', { to: 'pending_review' }),
    };
  },

  async award_bid(world) {
    const [agent, worker] = [await world.agent({ spending: 100_000 }), await world.agent()];
    return {
      agent,
      async next() {
        const job_id = await post(agent);
        return { tool: 'award_bid', args: { job_id, bid_id: await bidOn(worker, job_id) } };
      },
      effects: () => world.count(agent.id, 'job_status', { to: 'assigned' }),
    };
  },

  async accept_delivery(world) {
    const [agent, worker] = [await world.agent({ spending: 100_000 }), await world.agent()];
    return {
      agent,
      async next() {
        const job_id = await assigned(agent, worker);
        await accept(worker, job_id);
        await deliver(worker, job_id);
        return { tool: 'accept_delivery', args: { job_id, rating: 5 } };
      },
      effects: () => world.count(worker.id, 'payout_released'),
    };
  },

  async request_changes(world) {
    const [agent, worker] = [await world.agent({ spending: 10 }), await world.agent()];
    const job_id = await assigned(agent, worker);
    await accept(worker, job_id);
    return {
      agent,
      async next() {
        await deliver(worker, job_id);
        return { tool: 'request_changes', args: { job_id, feedback: 'again' } };
      },
      effects: () => world.count(worker.id, 'job_status', { from: 'completed', to: 'executing' }),
    };
  },

  async cancel_job(world) {
    const agent = await world.agent({ spending: 10 });
    return {
      agent,
      next: async () => ({ tool: 'cancel_job', args: { job_id: await post(agent) } }),
      effects: () => world.count(agent.id, 'job_status', { to: 'failed' }),
    };
  },

  async 'set_payout_wallet and clear_payout_wallet'(world) {
    const agent = await world.agent();
    let set = false;
    return {
      agent,
      async next() {
        set = !set;
        return set
          ? { tool: 'set_payout_wallet', args: { address: publicWallet('crash test two') } }
          : { tool: 'clear_payout_wallet', args: {} };
      },
      effects: () => world.count(agent.id, 'payout_wallet_changed'),
    };
  },

  async update_profile(world) {
    const agent = await world.agent();
    let wanted: string | undefined;
    let held = 0;
    // To set the same twice changes nothing, so what counts is that nothing older came back over it.
    const look = async () => {
      if (wanted !== undefined && (await agent.api('GET', 'agents/me')).description === wanted) held += 1;
    };
    return {
      agent,
      async next() {
        await look();
        wanted = `profile ${held} of ${agent.id}`;
        return { tool: 'update_profile', args: { description: wanted } };
      },
      async effects() {
        await look();
        return held;
      },
    };
  },

  async rotate_keys(world) {
    const agent = await world.agent();
    return {
      agent,
      next: async (last) => ({ tool: 'rotate_keys', args: after(last, 'key_id') }),
      effects: () => world.count(agent.id, 'keys_rotated'),
    };
  },
};
