import type { SotaError } from '#contract/errors/sota-error.ts';
import { teachPolicy } from '#contract/errors/teach-policy.ts';
import { type Clock, isoTime } from '#kit/clock.ts';
import type { Logger } from '#kit/log.ts';
import type { Redactor } from '#kit/redact.ts';
import type { Approvals } from './approvals.ts';
import { describeWish } from './describe.ts';
import { notifyOwner } from './notify.ts';
import type { PolicySettings } from './settings.ts';
import type { Wish } from './weigh.ts';

export interface AskParts {
  readonly approvals: Approvals;
  readonly settings: () => PolicySettings;
  readonly clock: Clock;
  readonly log: Logger;
  readonly redactor: Redactor;
}

/** So many unanswered questions and a human answers none of them. */
const MAX_PENDING = 20;

/**
 * Puts a question on file, or finds it there, and tells the owner of a new one.
 * @returns the error to throw: `needs_approval`, or the refusal that stands in its way
 */
export async function askHuman(
  { request, sender, subject, wallet }: Wish,
  why: string,
  parts: AskParts,
): Promise<SotaError> {
  const { approvals, settings, clock, log, redactor } = parts;
  const { operation } = request;
  const { origin, agentId } = sender;
  const what = redactor.redact(describeWish(request, wallet ?? undefined));
  const known = await approvals.list();
  if (known.some((one) => one.subject === subject && one.state === 'rejected' && clock.now() < one.expiresAt)) {
    return teachPolicy.declined(operation, what);
  }
  const pending = known.filter(({ state }) => state === 'pending');
  if (pending.length >= MAX_PENDING && !pending.some((one) => one.subject === subject)) {
    return teachPolicy.tooManyQuestions(operation, pending.length);
  }
  const { approval, isNew } = await approvals.ask({ subject, operation: operation.id, origin, agentId, what, why });
  const { id } = approval;
  const expiresAt = isoTime(approval.expiresAt);
  if (isNew) {
    const notice = {
      event: 'approval_requested',
      request_id: id,
      what,
      why,
      operation: operation.id,
      origin,
      agent_id: agentId,
      expires_at: expiresAt,
      approve_with: `sota-mcp approvals approve ${id}`,
    } as const;
    log.warn('a human has to approve', { request_id: id, what, approve_with: notice.approve_with });
    notifyOwner(notice, settings(), { log, redactor });
  }
  return teachPolicy.needsApproval(operation, { requestId: id, what, why, expiresAt });
}
