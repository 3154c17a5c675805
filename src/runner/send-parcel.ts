import type { SotaClient } from '#client/types.ts';
import { SotaError } from '#contract/errors/sota-error.ts';
import { deliverTestResult } from '#contract/operations/sandbox.ts';
import { acceptAssignment, deliver, getAgentJob } from '#contract/operations/worker.ts';
import { type VerdictAnswer as Verdict, verdictFailureCodes } from '#contract/verdict.ts';
import type { JobView } from './handlers/job-view.ts';
import type { Parcel, TaskOutcome } from './state/task-record.ts';

/** What came of one attempt to hand a parcel over. */
export type Handover =
  | { readonly kind: 'settled'; readonly outcome: Exclude<TaskOutcome, 'dead'>; readonly note?: string }
  /** The result was refused for what it says; the handler may try again. */
  | { readonly kind: 'verdict'; readonly verdict: Verdict }
  /** The same bytes must be sent again. */
  | { readonly kind: 'again'; readonly error: unknown; readonly afterMs?: number }
  /** The key is refused: nothing can be sent any more. */
  | { readonly kind: 'unauthorized'; readonly error: SotaError }
  /** The marketplace will not take this parcel, ever. */
  | { readonly kind: 'refused'; readonly error: SotaError };

const VERDICTS: ReadonlySet<string> = new Set(verdictFailureCodes);
/** The assignment is over, whoever ended it. */
const OVER: ReadonlySet<string> = new Set([
  'invalid_state',
  'not_winner',
  'job_not_found',
  'test_job_not_found',
  'test_job_locked',
  'deadline_exceeded',
  'not_found',
  'agent_not_active',
]);

/**
 * Sends what the outbox holds, once with all the client's retries. The slot, the body and the nonce are those of the
 * first send, so a marketplace that honours keys replays its first answer, however often this is repeated.
 */
export async function sendParcel(
  client: SotaClient,
  job: JobView,
  parcel: Parcel,
  signal: AbortSignal,
): Promise<Handover> {
  try {
    return job.kind === 'test'
      ? await sendTest(client, job, parcel, signal)
      : await sendJob(client, job, parcel, signal);
  } catch (error) {
    if (!(error instanceof SotaError)) return { kind: 'again', error };
    return await readRefusal(client, job, parcel, error, signal);
  }
}

async function sendTest(client: SotaClient, job: JobView, parcel: Parcel, signal: AbortSignal): Promise<Handover> {
  const { data } = await client.run(
    deliverTestResult,
    {
      slot: `test/${job.id}`,
      epoch: job.epoch,
      nonce: parcel.nonce,
      request: { params: { test_job_id: job.id }, body: { result: parcel.result ?? '' } },
    },
    { profile: 'delivery', signal },
  );
  // Public SDK 0.2.0 also knows a failed verdict as HTTP 200.
  return data.passed
    ? { kind: 'settled', outcome: 'passed' }
    : { kind: 'verdict', verdict: data as unknown as Verdict };
}

async function sendJob(client: SotaClient, job: JobView, parcel: Parcel, signal: AbortSignal): Promise<Handover> {
  const { failure, result = '', sha256 } = parcel;
  const body = failure ? { job_id: job.id, ...failure } : { job_id: job.id, result, result_hash: sha256 };
  const { data } = await client.run(
    deliver,
    { slot: `job/${job.id}`, epoch: job.epoch, nonce: parcel.nonce, request: { body } },
    { profile: 'delivery', signal },
  );
  return { kind: 'settled', outcome: failure ? 'given_back' : 'delivered', note: data.status };
}

async function readRefusal(
  client: SotaClient,
  job: JobView,
  parcel: Parcel,
  error: SotaError,
  signal: AbortSignal,
): Promise<Handover> {
  if (error.httpStatus === 401) return { kind: 'unauthorized', error };
  if (error.outcome === 'unknown' || error.retryable || error.code === 'cancelled' || error.code === 'offer_unknown') {
    const afterMs = error.retryAfterSeconds === undefined ? undefined : error.retryAfterSeconds * 1000;
    return { kind: 'again', error, ...(afterMs === undefined ? {} : { afterMs }) };
  }
  if (VERDICTS.has(error.code)) {
    return { kind: 'verdict', verdict: verdictIn(error) };
  }
  switch (error.code) {
    case 'not_accepted':
      await client.run(
        acceptAssignment,
        { slot: `job/${job.id}/assign`, epoch: job.epoch, request: { params: { job_id: job.id }, body: {} } },
        { profile: 'tool', signal },
      );
      return { kind: 'again', error, afterMs: 0 };
    case 'already_delivered':
      return settledWith(error.details?.result_hash, parcel, error);
    case 'idempotency_conflict':
      // Somebody delivered other bytes under our key. What stands there now decides, not another send.
      return settledWith(job.kind === 'job' ? await hashAt(client, job.id, signal) : undefined, parcel, error);
    default:
      break;
  }
  if (error.code === 'test_job_locked' && error.details?.status === 'passed') {
    return { kind: 'settled', outcome: 'passed' };
  }
  if (OVER.has(error.code)) return { kind: 'settled', outcome: 'gone', note: error.code };
  return { kind: 'refused', error };
}

/** In the words of the marketplace: they say what is wrong with the result, our own only that something is. */
function verdictIn({ code, message, details }: SotaError): Verdict {
  const words = details?.message;
  return { ...details, passed: false, code, message: typeof words === 'string' && words ? words : message };
}

function settledWith(hash: unknown, parcel: Parcel, error: SotaError): Handover {
  if (hash === parcel.sha256) return { kind: 'settled', outcome: 'delivered' };
  return { kind: 'settled', outcome: 'gone', note: `${error.code}: another delivery stands (${String(hash)})` };
}

async function hashAt(client: SotaClient, jobId: string, signal: AbortSignal): Promise<unknown> {
  return (await client.call(getAgentJob, { params: { job_id: jobId } }, { signal })).result_hash;
}
