/**
 * The sentences about intents: what is remembered, what is still open, what cannot be written down. Kept to the rule of
 * `teach.ts`: they say whether anything was sent, and an open outcome is never called a failure.
 */
import { SotaError } from './sota-error.ts';
import type { Subject } from './teach.ts';

export const teachIntents = {
  /** What must not happen twice is not begun where it cannot be remembered. */
  journalUnavailable(operation: Subject, path: string, reason: string, cause?: unknown): SotaError {
    return new SotaError({
      code: 'journal_unavailable',
      message: `${operation.id} was not sent, because it could not be written down first in ${path} (${reason}). No money moved.`,
      fix: 'Reading tools still work. Ask the human to free disk space or make the directory writable for this user alone, then call again with the same arguments.',
      retryable: true,
      recovery: { action: 'ask_human' },
      details: { path },
      cause,
    });
  },

  /** A record of something that may have happened cannot be read. */
  journalCorrupt(operation: Subject, path: string, id: string, cause?: unknown): SotaError {
    return new SotaError({
      code: 'journal_corrupt',
      message: `${operation.id} was not sent: ${path} says that the same was begun before and cannot be read, so what became of it is not known.`,
      fix: `Ask the human to find out what took effect, and then to run: sota-mcp intents resolve ${id} --executed (or --not-executed).`,
      outcome: 'unknown',
      recovery: { action: 'ask_human' },
      details: { path, intent_id: id },
      cause,
    });
  },

  /** Something of this slot with other arguments is unanswered, and still is after asking again. */
  previousUnknown(operation: Subject, previous: string, id: string, cause?: unknown): SotaError {
    return new SotaError({
      code: 'previous_unknown',
      message: `${operation.id} was not sent: an earlier ${previous} with other arguments is unanswered and may have taken effect.`,
      fix: `Call again in a moment; the earlier one is settled first. Do not vary the arguments meanwhile.`,
      outcome: 'unknown',
      retryable: true,
      recovery: { action: 'wait', retry_after_seconds: 15 },
      details: { intent_id: id },
      cause,
    });
  },

  /** Too old to be sent again, and looking did not tell. */
  needsHuman(operation: Subject, id: string, since: string, cause?: unknown): SotaError {
    return new SotaError({
      code: 'needs_human',
      message: `What became of a ${operation.id} begun at ${since} could not be found out, and sending it again could make it happen twice. Nothing was sent.`,
      fix: `Ask the human to look in the portal, and then to run: sota-mcp intents resolve ${id} --executed (or --not-executed).`,
      outcome: 'unknown',
      recovery: { action: 'ask_human' },
      details: { intent_id: id },
      cause,
    });
  },

  /** It was done before, and whether it still holds could not be looked up. */
  notLookedUp(operation: Subject): SotaError {
    return new SotaError({
      code: 'no_answer',
      message: `${operation.id} was done before, and the marketplace did not say whether that still holds. Nothing was sent.`,
      fix: 'Call again with the same arguments in a moment.',
      outcome: 'unknown',
      retryable: true,
      recovery: { action: 'call_again' },
    });
  },

  /** The caller's own idempotency key stands for another request. */
  keyReused(operation: Subject): SotaError {
    return new SotaError({
      code: 'idempotency_conflict',
      message: `${operation.id} was not sent: this idempotencyKey was used for a request with other arguments.`,
      fix: 'Use a new idempotencyKey for a new request, or none: this server makes its own.',
      httpStatus: 422,
    });
  },
} as const;
