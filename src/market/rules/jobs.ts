import type { z } from 'zod';
import type { createJob as createJobOperation } from '#contract/operations/requester.ts';
import type { JobStatus } from '#contract/states/job.ts';
import { closest } from '#kit/closest.ts';
import type { KillableValidator } from '#kit/json-schema/killable-validator.ts';
import { formatUsdc, parseUsdc, usdcNumber } from '#kit/money.ts';
import type { MarketContext } from '../market-context.ts';
import { record } from '../storage/activity.ts';
import type { AgentRow } from '../storage/agents.ts';
import type { Tx } from '../storage/database.ts';
import { newId } from '../storage/ids.ts';
import { lockBalance, spendingOf } from '../storage/ledger.ts';
import { micro } from '../storage/rows.ts';
import { unschedule } from '../time/due-dates.ts';
import { loseBids } from './award.ts';
import { bidsOf } from './bid-status.ts';
import { openWindow } from './bid-window.ts';
import { openEscrow, refundEscrow } from './escrow.ts';
import { findJob, type JobRow, postedJob } from './find-job.ts';
import { holdBudget, releaseHold } from './hold.ts';
import { moveJob } from './job-status.ts';
import { refuseField } from './pages.ts';
import { refuse } from './refuse.ts';

type NewJob = z.output<(typeof createJobOperation)['body']>;

/** Public SDK 0.2.0. Short: agents that look every minute need more, and requesters are told so. */
export const DEFAULT_BID_WINDOW_SECONDS = 15;
export const CANCELLED = 'cancelled_by_requester';
/** A requester need not have passed the sandbox, but it must not be shut out. */
const SHUT_OUT = ['suspended', 'rejected', 'deleted'];

/**
 * Whether a schema can be used at all, before anybody promises to satisfy it. Runs in the validator's thread: the schema
 * is a stranger's. That an empty object does not satisfy it is no objection.
 * @throws Refusal validation_error
 */
export async function checkExpectedSchema(
  validator: KillableValidator,
  schema: Readonly<Record<string, unknown>> | undefined,
): Promise<void> {
  if (schema === undefined) return;
  const outcome = await validator.validate(schema, {});
  if (outcome.ok !== 'unchecked') return;
  if (outcome.reason === 'closed' || outcome.reason === 'crashed')
    refuse('service_unavailable', `The schema could not be checked: ${outcome.message}`);
  refuseField('body', 'expected_schema', `Not a usable JSON Schema: ${outcome.message}`, outcome.reason);
}

/**
 * Posts a job: its budget is held and its bid window opens at once.
 * @throws Refusal forbidden, unknown_tag, insufficient_funds
 */
export async function createJob(tx: Tx, context: MarketContext, agent: AgentRow, request: NewJob): Promise<JobRow> {
  if (SHUT_OUT.includes(agent.status)) {
    refuse('forbidden', `An agent that is ${agent.status} cannot post jobs`, { status: agent.status });
  }
  const tags = [...new Set(request.tags)];
  await checkTags(tx, tags);
  const budget = parseUsdc(request.budget_usdc);
  const available = await lockBalance(tx, spendingOf(agent.id));
  if (available < budget) {
    refuse(
      'insufficient_funds',
      `The budget is ${formatUsdc(budget)} USDC and the spending balance ${formatUsdc(available)} USDC. ` +
        'On the local marketplace, POST /_local/fund with agent_id and amount_usdc adds to it',
      { available_usdc: usdcNumber(available), needed_usdc: usdcNumber(budget), agent_id: agent.id },
    );
  }
  const at = context.clock.real();
  const id = newId('job');
  await tx
    .insertInto('jobs')
    .values({
      id,
      requester_id: agent.id,
      title: request.title ?? null,
      description: request.description,
      parameters: JSON.stringify(request.parameters ?? {}),
      tags: JSON.stringify(tags),
      expected_schema: request.expected_schema === undefined ? null : JSON.stringify(request.expected_schema),
      budget_micro: budget,
      status: 'open',
      selection: request.selection ?? 'auto',
      bid_window_seconds: request.bid_window_seconds ?? DEFAULT_BID_WINDOW_SECONDS,
      retry_count: 0,
      revision: 0,
      created_at: at,
    })
    .execute();
  const job = await findJob(tx, id);
  if (!job) throw new Error('A job just posted is there');
  for (const tag of tags) {
    await tx.insertInto('job_tags').values({ job_id: id, tag, seq: job.seq, is_open: 0 }).execute();
  }
  await holdBudget(tx, job, at);
  const payload = { budget_usdc: usdcNumber(budget), tags };
  await record(tx, { agentId: agent.id, type: 'job_posted', jobId: id, payload, at });
  return openWindow(tx, context, job, 'open_bidding', { at });
}

async function checkTags(tx: Tx, tags: readonly string[]): Promise<void> {
  const known = (await tx.selectFrom('tags').select('slug').orderBy('slug').execute()).map((row) => row.slug);
  const unknown = tags.filter((tag) => !known.includes(tag));
  if (!unknown.length) return;
  const hints = unknown.flatMap((tag) => closest(tag, known) ?? []);
  const meant = hints.length ? `; did you mean ${hints.join(', ')}?` : '.';
  refuse('unknown_tag', `Not in the taxonomy: ${unknown.join(', ')}${meant} All are in GET /api/v1/onboard/taxonomy`, {
    unknown,
    ...(hints.length ? { did_you_mean: hints } : {}),
  });
}

/**
 * Takes a job back before work on it has started. The budget returns, or the escrow of a winner that has not accepted
 * yet. Cancelling again answers the same.
 * @throws Refusal not_cancellable
 */
export async function cancelJob(tx: Tx, context: MarketContext, agent: AgentRow, jobId: string, reason?: string) {
  const job = await postedJob(tx, agent, jobId);
  if (job.status === 'failed' && job.error_code === CANCELLED) {
    return { job_id: job.id, status: job.status, refunded_usdc: await refundOf(tx, job) };
  }
  if (!['open', 'bidding', 'selecting', 'assigned'].includes(job.status)) {
    refuse('not_cancellable', `A job that is ${job.status} cannot be cancelled`, {
      job_id: job.id,
      status: job.status as JobStatus,
    });
  }
  const at = context.clock.real();
  const refunded =
    job.status === 'assigned' ? await refundEscrow(tx, await openEscrow(tx, job), at) : await releaseHold(tx, job, at);
  await unschedule(tx, 'bid_window', job.id);
  await loseBids(tx, await bidsOf(tx, job.id, ['pending']), at);
  const moved = await moveJob(tx, context, job, 'cancel', {
    at,
    patch: { error_code: CANCELLED, error_message: reason ?? 'The requester took the job back' },
    payload: { error_code: CANCELLED, refunded_usdc: usdcNumber(refunded), ...(reason ? { reason } : {}) },
  });
  return { job_id: job.id, status: moved.status, refunded_usdc: usdcNumber(refunded) };
}

/** What the cancellation gave back: the last movement of this job into the spending balance. */
async function refundOf(tx: Tx, job: JobRow): Promise<number> {
  const entry = await tx
    .selectFrom('ledger_entries')
    .select('amount_micro')
    .where('job_id', '=', job.id)
    .where('account', '=', spendingOf(job.requester_id))
    .where('kind', 'in', ['unhold', 'refund'])
    .orderBy('id', 'desc')
    .executeTakeFirst();
  return usdcNumber(micro(entry?.amount_micro ?? 0));
}
