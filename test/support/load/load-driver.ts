import { randomUUID } from 'node:crypto';
import { sha256Hex } from '#kit/hash.ts';
import type { Rng } from '#kit/rng.ts';
import { Facts } from './facts.ts';

export interface LoadAgent {
  readonly id: string;
  readonly key: string;
}

interface Call {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
  readonly idempotencyKey?: string;
}

interface Answer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: answers of every shape are read
  readonly body: any;
}

export interface LoadOptions {
  readonly rng: Rng;
  readonly agents: readonly LoadAgent[];
  /** Send some keyed calls to two addresses at once. */
  readonly twice?: boolean;
}

const PATIENCE_MS = 60_000;
const WALLET = '7xKXtg2CW87d97TXJSDpbD5jBkheTqA83TZRuJosgAsU';
const MAX_OPEN_JOBS = 60;

/**
 * Agents that trade with each other as fast as the marketplace answers: every one posts, bids, chooses, works, accepts,
 * asks for changes, cancels and withdraws. What is acknowledged becomes a fact. A call whose answer was lost is repeated
 * with its key until it is answered, so that in the end there must be exactly as many effects as facts.
 */
export class LoadDriver {
  readonly facts = new Facts();
  /** What must never happen: server errors, calls without an answer, two answers to one key. */
  readonly failures: string[] = [];
  /** Calls answered, by status; busy ones and lost ones besides. */
  readonly counts = { answered: 0, writes: 0, refused: 0, lost: 0, busy: 0, replayed: 0, twice: 0 };

  readonly #options: LoadOptions;
  readonly #openJobs: { id: string; requester: string; budget: number }[] = [];
  #urls: readonly string[] = [];
  #waiting: (() => void)[] = [];
  #stopped = false;
  #inFlight = 0;
  #clients: Promise<void>[] = [];

  constructor(options: LoadOptions) {
    this.#options = options;
  }

  /** Where the marketplace is now; nowhere while it is down. */
  setUrls(urls: readonly string[]): void {
    this.#urls = urls;
    if (urls.length === 0) return;
    for (const resume of this.#waiting.splice(0)) resume();
  }

  start(): void {
    this.#clients = this.#options.agents.map((agent, i) => this.#client(agent, this.#options.rng.fork(`client/${i}`)));
  }

  /** Calls under way. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** Ends the trading; resolves when the last lost answer has been found. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#clients);
  }

  async #client(agent: LoadAgent, rng: Rng): Promise<void> {
    try {
      await this.#call(agent, rng, { method: 'PUT', path: '/api/v1/payouts/wallet', body: { address: WALLET } });
      while (!this.#stopped) await this.#step(agent, rng);
    } catch (error) {
      this.failures.push(`client of ${agent.id}: ${error instanceof Error ? error.stack : error}`);
    }
  }

  async #step(agent: LoadAgent, rng: Rng): Promise<void> {
    const lot = rng.int(0, 99);
    if (lot < 14) return this.#post(agent, rng);
    if (lot < 44) return this.#bid(agent, rng);
    if (lot < 72) return this.#work(agent, rng);
    if (lot < 92) return this.#decide(agent, rng);
    if (lot < 98) return this.#withdraw(agent, rng);
    return this.#passTime(agent, rng);
  }

  async #post(agent: LoadAgent, rng: Rng): Promise<void> {
    if (this.#openJobs.length >= MAX_OPEN_JOBS) return this.#bid(agent, rng);
    const budget = rng.int(1_000_000, 5_000_000) / 1e6;
    const { status, body } = await this.#keyed(agent, rng, '/api/v1/jobs', {
      description: 'Review it',
      budget_usdc: budget,
      tags: ['code-review'],
      bid_window_seconds: rng.int(1, 3),
      selection: rng.int(0, 9) < 7 ? 'auto' : 'manual',
    });
    if (status !== 200) return;
    this.facts.jobs.set(body.id, { requester: agent.id });
    this.#openJobs.push({ id: body.id, requester: agent.id, budget });
  }

  async #bid(agent: LoadAgent, rng: Rng): Promise<void> {
    const others = this.#openJobs.filter((job) => job.requester !== agent.id);
    if (others.length === 0) return this.#post(agent, rng);
    const job = rng.pick(others);
    const { status, body } = await this.#keyed(agent, rng, '/api/v1/agents/bid', {
      job_id: job.id,
      amount_usdc: Math.max(1, Math.floor(job.budget * rng.int(300_000, 1_000_000))) / 1e6,
      estimated_seconds: rng.int(300, 900),
    });
    if (status !== 200) {
      if (body.detail?.error === 'bid_window_closed' || body.detail?.error === 'job_not_found') this.#forget(job.id);
      return;
    }
    this.facts.bids.set(body.bid_id, { job: job.id, agent: agent.id });
    if (rng.int(0, 19) === 0)
      await this.#call(agent, rng, { method: 'DELETE', path: `/api/v1/agents/bids/${body.bid_id}` });
  }

  async #work(agent: LoadAgent, rng: Rng): Promise<void> {
    const { body } = await this.#call(agent, rng, { method: 'GET', path: '/api/v1/agents/jobs?limit=20' });
    const mine = (body.jobs ?? []).filter((job: { winner_agent_id: string }) => job.winner_agent_id === agent.id);
    if (mine.length === 0) return;
    const job = rng.pick<{ id: string; status: string; revision: number }>(mine);
    if (job.status === 'assigned') {
      const { status } = await this.#call(agent, rng, { method: 'POST', path: `/api/v1/agents/jobs/${job.id}/accept` });
      if (status === 200) this.facts.accepted.set(job.id, (this.facts.accepted.get(job.id) ?? 0) + 1);
      return;
    }
    const lot = rng.int(0, 9);
    if (lot < 2) {
      const progress = { job_id: job.id, percent: rng.int(1, 99), message: 'under way' };
      await this.#call(agent, rng, { method: 'POST', path: '/api/v1/agents/progress', body: progress });
      return;
    }
    if (lot < 3) {
      const failure = { job_id: job.id, error_code: 'internal_error', error_message: 'broken', retryable: true };
      await this.#keyed(agent, rng, '/api/v1/agents/deliver', failure);
      return;
    }
    const result = `result ${randomUUID()}`;
    const { status } = await this.#keyed(agent, rng, '/api/v1/agents/deliver', { job_id: job.id, result });
    if (status !== 200) return;
    const delivered = this.facts.deliveries.get(job.id) ?? new Set();
    this.facts.deliveries.set(job.id, delivered.add(sha256Hex(result)));
  }

  async #decide(agent: LoadAgent, rng: Rng): Promise<void> {
    const status = rng.pick(['selecting', 'completed', 'completed', 'completed', 'bidding', 'disputed']);
    const { body } = await this.#call(agent, rng, { method: 'GET', path: `/api/v1/jobs?status=${status}&limit=30` });
    const open = (body.jobs ?? []).filter(
      (job: { escrow?: { status: string } | null; status: string }) =>
        job.status !== 'completed' || job.escrow?.status === 'delivered',
    );
    if (open.length === 0) return;
    const job = rng.pick<{ id: string }>(open);
    if (status === 'completed') return this.#judgeDelivery(agent, rng, job.id);
    if (status === 'disputed') {
      const decision = { decision: rng.pick(['release', 'refund']) };
      await this.#call(agent, rng, { method: 'POST', path: `/_local/admin/jobs/${job.id}/judge`, body: decision });
      return;
    }
    if (rng.int(0, 9) === 0) {
      const { status: answered } = await this.#call(agent, rng, {
        method: 'POST',
        path: `/api/v1/jobs/${job.id}/cancel`,
        body: {},
      });
      if (answered === 200) this.facts.cancelled.add(job.id);
      return;
    }
    if (status === 'bidding' && rng.int(0, 2) > 0) return;
    const { body: offers } = await this.#call(agent, rng, { method: 'GET', path: `/api/v1/jobs/${job.id}/bids` });
    const pending = (offers.bids ?? []).filter((bid: { status: string }) => bid.status === 'pending');
    if (pending.length === 0) return;
    const bid_id = rng.pick<{ id: string }>(pending).id;
    const { status: chosen } = await this.#call(agent, rng, {
      method: 'POST',
      path: `/api/v1/jobs/${job.id}/award`,
      body: { bid_id },
    });
    if (chosen === 200) this.facts.awards.push([job.id, bid_id]);
  }

  async #judgeDelivery(agent: LoadAgent, rng: Rng, job: string): Promise<void> {
    const lot = rng.int(0, 9);
    if (lot < 1) return; // Left to the day that passes.
    if (lot < 3) {
      await this.#keyed(agent, rng, `/api/v1/jobs/${job}/request-changes`, { feedback: 'again' });
      return;
    }
    const rating = lot < 4 ? 1 : rng.int(3, 5);
    const { status, body } = await this.#call(agent, rng, {
      method: 'POST',
      path: `/api/v1/jobs/${job}/accept-delivery`,
      body: { rating },
    });
    if (status === 200 && body.escrow_status === 'released') this.facts.released.add(job);
  }

  async #withdraw(agent: LoadAgent, rng: Rng): Promise<void> {
    const amount_usdc = rng.int(1, 2_000_000) / 1e6;
    const { status, body } = await this.#keyed(agent, rng, '/api/v1/payouts/withdraw', { amount_usdc });
    if (status === 200) this.facts.withdrawals.set(body.withdrawal_id, { agent: agent.id, usdc: amount_usdc });
  }

  async #passTime(agent: LoadAgent, rng: Rng): Promise<void> {
    const body = { seconds: 6 * 3600 };
    const { status } = await this.#call(agent, rng, { method: 'POST', path: '/_local/clock/advance', body });
    if (status === 200) this.facts.advancedHours += 6;
  }

  #forget(job: string): void {
    const at = this.#openJobs.findIndex(({ id }) => id === job);
    if (at >= 0) this.#openJobs.splice(at, 1);
  }

  /** A call that may be repeated until its answer arrives; some are sent twice from the start. */
  async #keyed(agent: LoadAgent, rng: Rng, path: string, body: unknown): Promise<Answer> {
    const call: Call = { method: 'POST', path, body, idempotencyKey: randomUUID() };
    if (!this.#options.twice || rng.int(0, 9) > 0) return this.#call(agent, rng, call);
    this.counts.twice += 1;
    const [one, other] = await Promise.all([this.#call(agent, rng, call), this.#call(agent, rng, call)]);
    if (JSON.stringify(one) !== JSON.stringify(other)) {
      this.failures.push(`One key, two answers to ${path}: ${JSON.stringify(one)} and ${JSON.stringify(other)}`);
    }
    return one;
  }

  /** Sends a call; one without an answer is sent again where that is safe, and else counts as lost. */
  async #call(agent: LoadAgent, rng: Rng, call: Call): Promise<Answer> {
    for (;;) {
      const url = await this.#somewhere(rng);
      const answer = await this.#send(url, agent, call);
      if (answer) {
        const code = answer.body?.detail?.error;
        const busy = code === 'idempotency_in_flight' || code === 'service_unavailable';
        if (!busy) return this.#noted(call, answer);
        this.counts.busy += 1;
        await new Promise((resolve) => setTimeout(resolve, 20));
      } else {
        this.counts.lost += 1;
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      if (call.idempotencyKey === undefined) return { status: 0, body: {} };
    }
  }

  #noted(call: Call, answer: Answer): Answer {
    this.counts.answered += 1;
    if (call.method !== 'GET') this.counts.writes += 1;
    if (answer.status >= 500)
      this.failures.push(`${call.method} ${call.path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    else if (answer.status >= 400) this.counts.refused += 1;
    else this.facts.total += 1;
    return answer;
  }

  async #somewhere(rng: Rng): Promise<string> {
    while (this.#urls.length === 0) await new Promise<void>((resume) => this.#waiting.push(resume));
    return rng.pick(this.#urls);
  }

  async #send(url: string, agent: LoadAgent, call: Call): Promise<Answer | undefined> {
    this.#inFlight += 1;
    try {
      const answer = await fetch(url + call.path, {
        method: call.method,
        headers: {
          'X-API-Key': agent.key,
          'Content-Type': 'application/json',
          ...(call.idempotencyKey === undefined ? {} : { 'Idempotency-Key': call.idempotencyKey }),
        },
        ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
        signal: AbortSignal.timeout(PATIENCE_MS),
      });
      if (answer.headers.get('idempotent-replayed') === 'true') this.counts.replayed += 1;
      return { status: answer.status, body: await answer.json() };
    } catch (error) {
      if (error instanceof DOMException && error.name === 'TimeoutError') this.failures.push(`${call.path} hung`);
      return undefined;
    } finally {
      this.#inFlight -= 1;
    }
  }
}

/** Registers agents and makes them active. */
export async function enrolAgents(url: string, count: number): Promise<LoadAgent[]> {
  const agents: LoadAgent[] = [];
  for (let i = 0; i < count; i += 1) {
    const email = `load${i}@example.test`;
    const registration = { email, password: 'correct horse', agent_name: `load ${i}`, capabilities: ['code-review'] };
    const post = (path: string, body: unknown) =>
      fetch(url + path, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify(body),
      });
    const answer = (await (await post('/api/v1/agents/register/simple', registration)).json()) as {
      agent_id: string;
      api_key: string;
    };
    await post(`/_local/admin/agents/${answer.agent_id}/activate`, {});
    agents.push({ id: answer.agent_id, key: answer.api_key });
  }
  return agents;
}
