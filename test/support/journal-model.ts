/**
 * A client that believes what it is told, a marketplace that remembers what it did, and between them the journal over a
 * disk and a network that fail at any step. After everything was retried, the two must agree.
 *
 * The marketplace here is worse than the real one: what it calls natural acts again on every request. So every repeat
 * the journal lets through by mistake shows.
 */
import fc from 'fast-check';
import { type Answered, HeldBack, type IntentRunner } from '#client/intents.ts';
import { createJournalIntents } from '#client/journal/create-journal-intents.ts';
import { prepareRequest } from '#client/prepare-request.ts';
import type { SotaClient } from '#client/types.ts';
import type { Operation } from '#contract/define-operation.ts';
import { SotaError } from '#contract/errors/sota-error.ts';
import { withdraw } from '#contract/operations/payouts.ts';
import { requestChanges } from '#contract/operations/requester.ts';
import { retryTestJob } from '#contract/operations/sandbox.ts';
import { cancelBid, deliver, placeBid } from '#contract/operations/worker.ts';
import type { Clock } from '#kit/clock.ts';
import { sha256Hex } from '#kit/hash.ts';
import { createLogger } from '#kit/log.ts';
import { type FakeDisk, fakeDisk, systemError } from './fake-disk.ts';

const names = ['bid', 'cancel_bid', 'retry_test', 'deliver', 'request_changes', 'withdraw'] as const;
type Name = (typeof names)[number];

/** One call of the client and what befalls it. A call equal to one that is still open is its retry. */
export interface Step {
  readonly name: Name;
  readonly variant: 1 | 2;
  readonly luck: 'ok' | 'lost before' | 'lost after';
  /** `kept back`: answered, but the answer does not leave. `lost on the way`: it left and does not arrive. */
  readonly arrival: 'arrives' | 'kept back' | 'lost on the way';
  /** The process dies after so many steps of the disk from here on. */
  readonly dies: number | null;
  /** Whether the next process finds only what was synced. */
  readonly powerCut: boolean;
  /** Whether the next process recovers before it is called. */
  readonly recovers: boolean;
}

const step: fc.Arbitrary<Step> = fc.record({
  name: fc.constantFrom(...names),
  variant: fc.constantFrom(1, 2),
  luck: fc.constantFrom('ok', 'ok', 'lost before', 'lost after'),
  arrival: fc.constantFrom('arrives', 'arrives', 'kept back', 'lost on the way'),
  dies: fc.option(fc.nat(26), { freq: 3 }),
  powerCut: fc.boolean(),
  recovers: fc.boolean(),
});

const NOW = Date.parse('2026-01-01T00:00:00Z');
/** So that no two things happen at one time: a client tells by it what it was told before. */
let elapsed = 0;
const clock: Clock = {
  now: () => NOW + (elapsed++ % 1_000),
  after: (ms, run) => {
    // Waits of the journal itself pass at once; none of them decides anything here.
    if (ms < 1_000) queueMicrotask(run);
    return () => {};
  },
};
const ORIGIN = 'https://market.example';
const AGENT = 'agent-1';

const lost = () =>
  new SotaError({ code: 'outcome_unknown', message: 'lost', fix: '', outcome: 'unknown', retryable: true });
const refused = (code: string) => new SotaError({ code, message: code, fix: '', httpStatus: 409 });

/** The marketplace: honours keys where the contract says so, and counts what it really did. */
class Server {
  bid: { id: string; amount: number } | undefined;
  bids = 0;
  attempt = 1;
  testFailed = false;
  revision = 0;
  delivered: string | undefined;
  readonly deliveries: { readonly result: string; readonly revision: number }[] = [];
  readonly payments: { id: string; amount: number }[] = [];
  readonly #kept = new Map<string, { data?: unknown; error?: SotaError }>();

  send(operation: Operation, target: string, body: Record<string, unknown>, key: string): Answered {
    const keyed = operation.idempotency === 'key';
    const before = keyed ? this.#kept.get(key) : undefined;
    if (before?.error) throw before.error;
    if (before) return { data: before.data, attempts: 1, replayed: true };
    try {
      const data = this.#act(operation.id, target, body);
      this.#kept.set(key, { data });
      return { data, attempts: 1, replayed: false };
    } catch (error) {
      this.#kept.set(key, { error: error as SotaError });
      throw error;
    }
  }

  #act(operation: string, target: string, body: Record<string, unknown>): unknown {
    switch (operation) {
      case 'place_bid':
        // One active bid per job: another amount changes it.
        if (!this.bid) this.bids += 1;
        this.bid = { id: `bid_${this.bids}`, amount: Number(body.amount_usdc) };
        return { status: 'pending', bid_id: this.bid.id };
      case 'cancel_bid':
        if (this.bid && target.endsWith(this.bid.id)) this.bid = undefined;
        return { cancelled: true, bid_id: target.split('/').at(-1) };
      case 'retry_test_job':
        this.attempt += 1;
        this.testFailed = false;
        return { retried: true, test_job_id: 't1', status: 'assigned' };
      case 'deliver':
        if (this.delivered !== undefined) throw refused('already_delivered');
        this.delivered = String(body.result);
        this.deliveries.push({ result: this.delivered, revision: this.revision });
        return { status: 'delivered' };
      case 'request_changes':
        if (this.delivered === undefined) throw refused('invalid_state');
        this.delivered = undefined;
        this.revision += 1;
        return { job_id: 'j1', status: 'executing', revision: this.revision };
      case 'withdraw': {
        const id = `wd_${this.payments.length + 1}`;
        this.payments.push({ id, amount: Number(body.amount_usdc) });
        return { withdrawal_id: id, amount_usdc: body.amount_usdc, status: 'completed' };
      }
      default:
        throw new Error(`unexpected ${operation}`);
    }
  }

  look(operation: string): unknown {
    const created_at = new Date(NOW).toISOString();
    switch (operation) {
      case 'list_bids':
        return {
          bids: Array.from({ length: this.bids }, (_, at) => {
            const id = `bid_${at + 1}`;
            const stands = this.bid?.id === id;
            const amount_usdc = stands ? this.bid?.amount : 0.1;
            return {
              id,
              job_id: 'j1',
              amount_usdc,
              estimated_seconds: 60,
              status: stands ? 'pending' : 'cancelled',
              created_at,
            };
          }),
        };
      case 'list_agent_jobs':
        return {
          jobs: [
            { id: 't1', origin: 'tag_test', attempt: this.attempt, status: this.testFailed ? 'failed' : 'assigned' },
          ],
        };
      case 'get_agent_job':
      case 'get_posted_job':
        return {
          id: 'j1',
          status: this.delivered === undefined ? 'executing' : 'completed',
          winner_agent_id: AGENT,
          revision: this.revision,
          result_hash: this.delivered === undefined ? null : sha256Hex(this.delivered),
        };
      default:
        throw lost();
    }
  }
}

/** What the client is doing until it has an answer. */
interface Open {
  readonly name: Name;
  readonly variant: number;
  readonly revision: number;
  tries: number;
  /** The bid a cancellation is about: whoever retries, retries with the same id. */
  readonly bidId?: string;
  after?: string;
}

/** What the client believes. */
interface Beliefs {
  standing: { readonly id: string; readonly amount: number } | undefined;
  retries: number;
  changes: number;
  /** The revision is the one at which the client set out to deliver. */
  readonly deliveries: { readonly result: string; readonly revision: number }[];
  /** Results that were refused because one is delivered already. */
  readonly refused: Set<string>;
  readonly payments: Set<string>;
}

class Client {
  readonly server = new Server();
  readonly beliefs: Beliefs = {
    standing: undefined,
    retries: 0,
    changes: 0,
    deliveries: [],
    refused: new Set(),
    payments: new Set(),
  };
  readonly open = new Map<string, Open>();
  readonly #told = new Set<string>();
  #disk: FakeDisk = fakeDisk();
  #runner: IntentRunner;
  #luck: Step['luck'] = 'ok';
  #life = { dead: false };

  /** @param proven the origin showed that it honours keys, so that answers about money wait for less */
  constructor(readonly proven: boolean) {
    this.#runner = this.#start();
  }

  async take(step: Step): Promise<void> {
    const doing = this.#begin(step);
    if (!doing) return;
    this.#luck = step.luck;
    let died: () => void = () => {};
    const death = new Promise<'died'>((resolve) => {
      died = () => resolve('died');
    });
    const life = this.#life;
    if (step.dies !== null) {
      const last = this.#disk.steps + step.dies;
      const disk = this.#disk;
      disk.failing = () => {
        if (disk.steps <= last) return undefined;
        life.dead = true;
        died();
        return systemError('EIO');
      };
    }
    const answered = this.#call(doing, step.arrival);
    answered.catch(() => undefined);
    await Promise.race([answered, death]);
    // What is still on its way to the disk may be the last thing that happens.
    if (!life.dead) await Promise.race([this.#runner.idle(), death]);
    this.#luck = 'ok';
    this.#disk.failing = () => undefined;
    if (!life.dead) return;
    if (step.powerCut) this.#disk = this.#disk.powerCut();
    this.#life = { dead: false };
    this.#runner = this.#start();
    if (step.recovers) await this.#runner.recover?.({ origin: ORIGIN, agentId: AGENT });
  }

  /** Retries everything that is open until it is answered. */
  async finish(): Promise<void> {
    for (let round = 0; this.open.size > 0; round++) {
      if (round > 30) throw new Error(`never answered: ${JSON.stringify([...this.open.values()])}`);
      for (const doing of [...this.open.values()]) {
        // The end of one may be told to another: then nobody asks for it any more.
        if ([...this.open.values()].includes(doing)) await this.#call(doing, 'arrives');
      }
    }
  }

  disagreements(): string[] {
    const { server, beliefs } = this;
    const pairs: [string, unknown, unknown][] = [
      ['standing bid', beliefs.standing?.amount, server.bid?.amount],
      ['retries', beliefs.retries, server.attempt - 1],
      ['changes', beliefs.changes, server.revision],
      // One that was taken for lost may be delivered again for the next revision, never twice for one. And where another
      // one was sent instead of retrying it, its retry is told that something is delivered already.
      ['deliveries made', beliefs.deliveries.every(isIn(server.deliveries)), true],
      [
        'deliveries believed',
        server.deliveries.every(({ result }) => isIn(beliefs.deliveries)({ result }) || beliefs.refused.has(result)),
        true,
      ],
      [
        'payments',
        [...beliefs.payments].sort().join(),
        server.payments
          .map(({ id }) => id)
          .sort()
          .join(),
      ],
    ];
    return pairs.filter(([, a, b]) => a !== b).map(([what, a, b]) => `${what}: believed ${a}, is ${b}`);
  }

  #begin({ name, variant }: Step): Open | undefined {
    const id = name === 'retry_test' || name === 'cancel_bid' ? name : `${name}/${variant}`;
    const found = this.open.get(id);
    if (found) return found;
    if (name === 'cancel_bid' && !this.server.bid) return undefined;
    if (name === 'request_changes' && this.server.delivered === undefined) return undefined;
    // A test is retried when it has failed, and not before.
    if (name === 'retry_test') this.server.testFailed = true;
    const doing: Open = {
      name,
      variant,
      revision: this.server.revision,
      tries: 0,
      ...(name === 'cancel_bid' && { bidId: this.server.bid?.id ?? '' }),
    };
    this.open.set(id, doing);
    return doing;
  }

  #start(): IntentRunner {
    const life = this.#life;
    const disk = this.#disk;
    const log = createLogger({ level: 'silent' });
    const runner = createJournalIntents({
      directory: '/state',
      disk,
      clock,
      log,
      rng: () => 0,
      honoursKeys: this.proven,
    });
    runner.attach?.({
      send: (request, key) => this.#send(life, request.operation, request.target, request.body, key),
      read: (async (operation: Operation) => {
        if (life.dead) return await new Promise(() => {});
        if (this.#luck !== 'ok') throw lost();
        return this.server.look(operation.id);
      }) as SotaClient['call'],
    });
    return runner;
  }

  async #send(life: { dead: boolean }, operation: Operation, target: string, body: string | undefined, key: string) {
    if (life.dead) return await new Promise<never>(() => {});
    if (this.#luck === 'lost before') throw lost();
    try {
      return this.server.send(operation, target, body === undefined ? {} : JSON.parse(body), key);
    } finally {
      if (this.#luck === 'lost after') {
        // biome-ignore lint/correctness/noUnsafeFinally: whatever the marketplace did, its answer is lost
        throw lost();
      }
    }
  }

  async #call(doing: Open, arrival: Step['arrival']): Promise<void> {
    const life = this.#life;
    const { operation, slot, request, epoch } = this.#describe(doing);
    const { wire, canonical } = prepareRequest(operation, request);
    const marks: (() => Promise<void>)[] = [];
    const host = new AbortController();
    const about = { operation, origin: ORIGIN, agentId: AGENT, slot, epoch, after: doing.after, keyed: true };
    let told: () => void;
    doing.tries += 1;
    try {
      const settled = await this.#runner.run(
        { ...about, canonical, request: wire },
        (sent, key) => this.#send(life, sent.operation, sent.target, sent.body, key),
        { onUnseen: (mark) => marks.push(mark), signal: host.signal },
      );
      // "Done by an earlier call", on the first try: the client knows that call and that this one added nothing.
      const nothingNew = settled.outcome === 'replayed' && doing.tries === 1 && doing.name !== 'withdraw';
      told = () => (nothingNew ? this.#close(doing) : this.#believe(doing, settled.data as Record<string, unknown>));
    } catch (error) {
      if (error instanceof HeldBack) told = () => this.#heldBack(doing, error);
      else if (error instanceof SotaError && error.outcome === 'rejected') told = () => this.#refused(doing);
      else if (error instanceof SotaError) return;
      else throw error;
    }
    if (arrival === 'kept back') host.abort();
    if (life.dead || arrival === 'kept back') return;
    // The answer is in the pipe: it arrives, whatever becomes of the process that wrote it. Unless the host drops it;
    // then only what can be asked for by `after` can still be told apart from a wish for more.
    if (arrival === 'arrives' || doing.name !== 'withdraw') told();
    for (const mark of marks) await mark();
  }

  #describe({ name, variant, bidId }: Open) {
    const job = { params: { job_id: 'j1' } };
    const { revision, attempt, delivered } = this.server;
    switch (name) {
      case 'bid':
        return {
          operation: placeBid as Operation,
          slot: 'bid/j1',
          request: { body: { job_id: 'j1', amount_usdc: variant, estimated_seconds: 60 } },
        };
      case 'cancel_bid':
        return { operation: cancelBid as Operation, slot: 'bid/j1', request: { params: { bid_id: bidId ?? '' } } };
      case 'retry_test':
        return {
          operation: retryTestJob as Operation,
          slot: 'test/t1',
          epoch: String(attempt),
          request: { params: { test_job_id: 't1' }, body: {} },
        };
      case 'deliver':
        return {
          operation: deliver as Operation,
          slot: 'job/j1',
          epoch: `0.${revision}`,
          request: { body: { job_id: 'j1', result: `result ${variant}` } },
        };
      case 'request_changes':
        return {
          operation: requestChanges as Operation,
          slot: 'job/j1/settle',
          // Of the delivery that is to be changed.
          epoch: `0.${delivered === undefined ? revision - 1 : revision}`,
          request: { ...job, body: { feedback: `change ${variant}` } },
        };
      case 'withdraw':
        return { operation: withdraw as Operation, slot: 'withdraw', request: { body: { amount_usdc: variant } } };
    }
  }

  #believe(doing: Open, data: Record<string, unknown>): void {
    const { beliefs } = this;
    switch (doing.name) {
      case 'bid':
        beliefs.standing = { id: String(data.bid_id), amount: doing.variant };
        break;
      case 'cancel_bid':
        if (beliefs.standing?.id === doing.bidId) beliefs.standing = undefined;
        break;
      case 'retry_test':
        beliefs.retries += 1;
        break;
      case 'deliver':
        beliefs.deliveries.push({ result: `result ${doing.variant}`, revision: doing.revision });
        break;
      case 'request_changes':
        beliefs.changes += 1;
        break;
      case 'withdraw': {
        const id = String(data.withdrawal_id);
        if (beliefs.payments.has(id)) {
          // That is an earlier one: this one is to be done once more, on purpose.
          doing.after = id;
          return;
        }
        beliefs.payments.add(id);
      }
    }
    this.#close(doing);
  }

  #heldBack(doing: Open, { outcome, previous, recovery }: HeldBack): void {
    const id = previous.withdrawal_id;
    if (outcome === 'possible_duplicate') {
      if (this.beliefs.payments.has(String(id))) doing.after = recovery.after ?? '';
      else this.#believe(doing, { withdrawal_id: id });
      return;
    }
    // A mark that was lost in a crash: this was told before.
    const seen = JSON.stringify(previous);
    if (this.#told.has(seen)) return;
    this.#told.add(seen);
    // Ours, asked for of the same delivery: it had been done, and its answer was lost.
    if (previous.same_arguments === true) {
      if (doing.name === 'request_changes' && Number(previous.revision) > doing.revision) this.#believe(doing, {});
      return;
    }
    // The earlier call has its answer by this; ours is called again.
    const earlier = [...this.open.values()].find((other) => other !== doing && isOf(other, previous));
    if (earlier) this.#believe(earlier, previous as Record<string, unknown>);
  }

  #refused(doing: Open): void {
    if (doing.name === 'deliver') this.beliefs.refused.add(`result ${doing.variant}`);
    this.#close(doing);
  }

  #close(doing: Open): void {
    for (const [id, other] of this.open) if (other === doing) this.open.delete(id);
  }
}

function isIn(made: readonly { result: string; revision: number }[]) {
  return ({ result, revision = 0 }: { result: string; revision?: number }) =>
    made.some((other) => other.result === result && other.revision >= revision);
}

const OPERATION: Readonly<Record<Name, string>> = {
  bid: 'place_bid',
  cancel_bid: 'cancel_bid',
  retry_test: 'retry_test_job',
  deliver: 'deliver',
  request_changes: 'request_changes',
  withdraw: 'withdraw',
};

function isOf({ name, variant }: Open, previous: Readonly<Record<string, unknown>>): boolean {
  if (OPERATION[name] !== previous.operation) return false;
  return name !== 'withdraw' || previous.amount_usdc === variant;
}

/** Runs the model. Throws with the shortest history that ends in disagreement. */
export async function checkJournalModel(parameters: {
  numRuns: number;
  seed?: number;
  maxLength?: number;
}): Promise<void> {
  const { maxLength = 12, ...rest } = parameters;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength }), fc.boolean(), async (history, proven) => {
      const client = new Client(proven);
      for (const next of history) await client.take(next);
      await client.finish();
      const problems = client.disagreements();
      if (problems.length > 0) throw new Error(problems.join('; '));
    }),
    rest,
  );
}
