/**
 * Finding out by looking what became of a request: one entry per operation. Reads only. `absent` is said only where the
 * marketplace shows a state in which the effect cannot be there; whenever two readings are possible it is `unclear`,
 * and then nothing is sent and nothing is written down.
 */

import { SotaError } from '#contract/errors/sota-error.ts';
import { getMe } from '#contract/operations/agent.ts';
import { getPayoutsActivity, getPayoutWallet } from '#contract/operations/payouts.ts';
import { operationById } from '#contract/operations/registry.ts';
import { getPostedJob, listJobBids, listPostedJobs } from '#contract/operations/requester.ts';
import { getAgentJob, listAgentJobs, listBids } from '#contract/operations/worker.ts';
import { canonicalJson } from '#kit/canonical-json.ts';
import { sha256Hex } from '#kit/hash.ts';
import { parseUsdc } from '#kit/money.ts';
import type { SotaClient } from '../types.ts';
import type { IntentRecord } from './records.ts';

export type Found =
  | { readonly kind: 'done'; readonly data: Readonly<Record<string, unknown>> }
  /** `dark`: the marketplace did not answer; looking again may tell. */
  | { readonly kind: 'absent' | 'unclear' | 'dark' };

interface Look {
  readonly record: IntentRecord;
  readonly params: Readonly<Record<string, string>>;
  readonly body: Readonly<Record<string, unknown>>;
  readonly read: SotaClient['call'];
  readonly agentId: string;
  /** Ids of objects that came of other intents of the slot: not ours. */
  readonly taken: ReadonlySet<string>;
}

const ABSENT: Found = { kind: 'absent' };
const UNCLEAR: Found = { kind: 'unclear' };
const done = (data: Readonly<Record<string, unknown>>): Found => ({ kind: 'done', data });
/** The clocks of two machines may differ by this much. */
const CLOCK_SKEW_MS = 120_000;
const LONG_LIST = 1000;
/** Of a job that was taken back. Not typed as a text, because what stands in its place may be a stranger's. */
const CANCELLED: unknown = 'cancelled_by_requester';

const WAYS: Readonly<Record<string, (look: Look) => Promise<Found>>> = {
  async place_bid({ body, read }) {
    const { bids } = await read(listBids, { query: { limit: LONG_LIST } });
    const standing = bids.filter(({ job_id, status }) => job_id === body.job_id && /^(pending|won)$/.test(status));
    const [own] = standing;
    if (standing.length > 1) return UNCLEAR;
    if (!own || !sameAmount(own.amount_usdc, body.amount_usdc)) return ABSENT;
    if (own.estimated_seconds !== null && own.estimated_seconds !== body.estimated_seconds) return ABSENT;
    return done({ status: own.status, bid_id: own.id, id: own.id });
  },

  async cancel_bid({ params, read }) {
    const { bids } = await read(listBids, { query: { limit: LONG_LIST } });
    const own = bids.find(({ id }) => id === params.bid_id);
    if (!own) return UNCLEAR;
    return own.status === 'cancelled' ? done({ cancelled: true, bid_id: own.id }) : ABSENT;
  },

  async accept_assignment({ params, read, agentId }) {
    const job = await read(getAgentJob, { params: { job_id: params.job_id ?? '' } });
    if (job.winner_agent_id !== agentId) return ABSENT;
    return job.status === 'assigned' ? ABSENT : done({ job_id: job.id, status: job.status });
  },

  async deliver({ body, read, agentId }) {
    const job = await read(getAgentJob, { params: { job_id: String(body.job_id) } });
    if (typeof body.result === 'string') {
      if (job.result_hash?.toLowerCase() === sha256Hex(body.result) && job.status !== 'executing') {
        return done({ status: 'delivered' });
      }
      return job.status === 'executing' && job.winner_agent_id === agentId ? ABSENT : UNCLEAR;
    }
    if (job.status === 'executing' && job.winner_agent_id === agentId) return ABSENT;
    return job.status === 'failed' && job.error_code === body.error_code ? done({ status: 'failed' }) : UNCLEAR;
  },

  async deliver_test_result({ params, record, read }) {
    const test = await testOf(params.test_job_id, read);
    if (test?.status === 'passed') return done({ passed: true, code: 'ok', message: 'The test has passed.' });
    const moved = test?.attempt !== undefined && record.epoch !== '' && String(test.attempt) !== record.epoch;
    return moved ? ABSENT : UNCLEAR;
  },

  async retry_test_job({ params, record, read }) {
    const test = await testOf(params.test_job_id, read);
    if (!test) return UNCLEAR;
    const retried = done({ retried: true, test_job_id: test.id, status: test.status });
    // Open again and failed again: whatever was done to it, another retry is a new one.
    if (test.status === 'failed') return ABSENT;
    if (test.attempt !== undefined && record.epoch !== '') {
      return test.attempt > Number(record.epoch) ? retried : ABSENT;
    }
    return test.status === 'pending' ? retried : UNCLEAR;
  },

  async request_review({ read }) {
    const me = await read(getMe, {});
    const asked = me.status === 'pending_review' || me.status === 'active';
    return asked ? done({ agent_id: me.id, status: me.status }) : ABSENT;
  },

  async create_job({ body, record, read, taken }) {
    const { jobs } = await read(listPostedJobs, { query: { limit: LONG_LIST } });
    const candidates = jobs.filter(
      (job) =>
        !taken.has(job.id) &&
        job.description === body.description &&
        sameAmount(job.budget_usdc, body.budget_usdc) &&
        notBefore(job.created_at, record),
    );
    return only(candidates, ({ id, status, budget_usdc, selection, bid_window_closes_at, created_at }) => ({
      id,
      status,
      budget_usdc,
      selection,
      bid_window_closes_at,
      created_at,
    }));
  },

  async award_bid({ params, body, read }) {
    const job_id = params.job_id ?? '';
    const { bids } = await read(listJobBids, { params: { job_id } });
    const chosen = bids.find(({ id }) => id === body.bid_id);
    if (chosen?.status !== 'won') return bids.some(({ status }) => status === 'pending') ? ABSENT : UNCLEAR;
    const job = await read(getPostedJob, { params: { job_id } });
    return done({ job_id, status: job.status, winner_agent_id: chosen.agent_id, bid_id: chosen.id });
  },

  async accept_delivery({ params, read }) {
    const job = await read(getPostedJob, { params: { job_id: params.job_id ?? '' } });
    const escrow = job.escrow?.status;
    if (escrow === 'released' || escrow === 'disputed' || escrow === 'refunded') {
      return done({ job_id: job.id, status: job.status, escrow_status: escrow });
    }
    return job.status === 'completed' ? ABSENT : UNCLEAR;
  },

  async request_changes({ params, record, read }) {
    const job = await read(getPostedJob, { params: { job_id: params.job_id ?? '' } });
    const before = Number(record.epoch.split('.')[1]);
    if (job.revision !== undefined && Number.isInteger(before)) {
      return job.revision > before ? done({ job_id: job.id, status: job.status, revision: job.revision }) : ABSENT;
    }
    return job.status === 'completed' ? ABSENT : UNCLEAR;
  },

  async cancel_job({ params, read }) {
    const job = await read(getPostedJob, { params: { job_id: params.job_id ?? '' } });
    const cancelled = job.status === 'failed' && job.error_code === CANCELLED;
    if (cancelled) return done({ job_id: job.id, status: job.status });
    return job.status === 'failed' ? UNCLEAR : ABSENT;
  },

  async update_me({ body, read }) {
    const me = (await read(getMe, {})) as Record<string, unknown>;
    const plain = (value: unknown) => canonicalJson(Array.isArray(value) ? [...value].sort() : (value ?? null));
    const holds = Object.entries(body).every(([name, value]) => plain(me[name]) === plain(value));
    return holds ? done(me) : ABSENT;
  },

  async set_payout_wallet({ body, read }) {
    const wallet = await read(getPayoutWallet, {});
    return wallet.address === body.address ? done(wallet) : ABSENT;
  },

  async clear_payout_wallet({ read }) {
    const wallet = await read(getPayoutWallet, {});
    return wallet.address === null ? done(wallet) : ABSENT;
  },

  async withdraw({ body, record, read, taken }) {
    const { entries } = await read(getPayoutsActivity, { query: { limit: LONG_LIST } });
    const candidates = entries.filter(
      (entry) =>
        entry.type === 'withdrawal' &&
        !taken.has(entry.id) &&
        sameAmount(entry.amount_usdc, body.amount_usdc) &&
        notBefore(entry.created_at, record),
    );
    return only(candidates, ({ id, amount_usdc, status, tx_signature }) => ({
      withdrawal_id: id,
      amount_usdc,
      status,
      tx_signature,
    }));
  },
};

/**
 * What the marketplace shows of an intent. Never throws.
 * @param taken ids that came of other intents of the slot
 */
export async function reconcile(
  record: IntentRecord,
  read: SotaClient['call'],
  agentId: string,
  taken: ReadonlySet<string>,
): Promise<Found> {
  const way = WAYS[record.op];
  if (!way) return UNCLEAR;
  try {
    return await way({ record, params: paramsOf(record), body: bodyOf(record), read, agentId, taken });
  } catch (error) {
    return error instanceof SotaError && error.retryable ? { kind: 'dark' } : UNCLEAR;
  }
}

async function testOf(id: string | undefined, read: SotaClient['call']) {
  const { jobs } = await read(listAgentJobs, { query: {} });
  for (const job of jobs)
    if (job.id === id && 'origin' in job) return job as { id: string; status: string; attempt?: number };
  return undefined;
}

function only<T>(candidates: readonly T[], keep: (found: T) => Readonly<Record<string, unknown>>): Found {
  const [first] = candidates;
  if (first === undefined) return ABSENT;
  return candidates.length === 1 ? done(keep(first)) : UNCLEAR;
}

function notBefore(time: string, record: IntentRecord): boolean {
  return !(Date.parse(time) < Date.parse(record.created_at) - CLOCK_SKEW_MS);
}

function sameAmount(a: unknown, b: unknown): boolean {
  if ((typeof a !== 'number' && typeof a !== 'string') || (typeof b !== 'number' && typeof b !== 'string'))
    return false;
  return parseUsdc(a) === parseUsdc(b);
}

/** The path parameters of the stored target. */
function paramsOf({ op, target }: IntentRecord): Record<string, string> {
  const template = operationById(op)?.path.split('/') ?? [];
  const path = (target.split('?')[0] ?? '').split('/');
  return Object.fromEntries(
    template.flatMap((part, at) =>
      part.startsWith('{') ? [[part.slice(1, -1), decodeURIComponent(path[at] ?? '')]] : [],
    ),
  );
}

function bodyOf({ body }: IntentRecord): Record<string, unknown> {
  return body === undefined ? {} : (JSON.parse(body) as Record<string, unknown>);
}
