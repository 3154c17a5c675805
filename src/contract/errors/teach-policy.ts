/**
 * Every sentence about what the owner of this agent allows. In every case nothing was sent. A refusal names the setting
 * and its value, so that a person who reads the model's report knows what to change; nothing a model can do changes it.
 */
import { SotaError } from './sota-error.ts';
import type { Subject } from './teach.ts';

/** What is refused: an operation, or the tool that asked for it. */
type Named = Pick<Subject, 'id'>;

/** A limit that a call would break. Amounts are decimal USDC texts. */
export interface CapBreach {
  /** The environment variable, for example SOTA_MAX_DAY_USDC. */
  readonly setting: string;
  readonly limit: string;
  /** What this call would commit. */
  readonly amount: string;
  /** What counts against the limit already; absent for limits on one call. */
  readonly used?: string;
}

export interface ApprovalAsked {
  readonly requestId: string;
  /** What exactly a human is asked to allow, in their words. */
  readonly what: string;
  /** Why a human has to. */
  readonly why: string;
  readonly expiresAt: string;
}

const UNTOUCHED = 'Nothing was sent and no money moved.';

export const teachPolicy = {
  readOnly(operation: Named): SotaError {
    return refusal({
      code: 'read_only',
      message: `${operation.id} changes something, and the owner set SOTA_READ_ONLY=1. ${UNTOUCHED}`,
      fix: 'Go on with reading. To allow changes the human removes SOTA_READ_ONLY (or --read-only) and restarts the server.',
      details: { setting: 'SOTA_READ_ONLY', value: '1' },
    });
  },

  frozen(operation: Named, path: string): SotaError {
    return refusal({
      code: 'frozen',
      message: `${operation.id} was not sent: the owner froze this agent with the file ${path}. ${UNTOUCHED}`,
      fix: 'Stop and tell the human. Everything that changes something stays off until they delete that file.',
      details: { setting: 'freeze', value: path },
      askHuman: true,
    });
  },

  locked(operation: Named, path: string): SotaError {
    return refusal({
      code: 'locked',
      message: `${operation.id} was not sent: too many calls were refused within a short time, so spending is locked. ${UNTOUCHED}`,
      fix: 'Stop and tell the human what you were about to do. They look into refusals.log and run: sota-mcp unlock',
      details: { setting: 'locked', value: path },
      askHuman: true,
    });
  },

  /** With approvals switched off a limit is final. */
  capExceeded(operation: Named, breach: CapBreach): SotaError {
    return refusal({
      code: 'cap_exceeded',
      message: `${operation.id} was not sent: ${breachSentence(breach)} ${UNTOUCHED}`,
      fix: `Ask for less, or wait until less is committed. The human can raise ${breach.setting} and restart the server.`,
      details: { ...breach, value: breach.limit },
    });
  },

  /** What has to be looked up before money moves could not be. */
  amountUnknown(operation: Named): SotaError {
    return refusal({
      code: 'amount_unknown',
      message: `${operation.id} was not sent: how much it commits could not be found out, so the limits could not be checked. ${UNTOUCHED}`,
      fix: 'Call list_bids for the job and take the bid id from there.',
    });
  },

  /** Counting from nothing would give the whole limit a second time. */
  ledgerDamaged(operation: Named, path: string, reason: string): SotaError {
    return refusal({
      code: 'spend_ledger_damaged',
      message: `${operation.id} was not sent: the record of what was spent (${path}) ${reason}, so the limits could not be checked. ${UNTOUCHED}`,
      fix: 'Ask the human to restore the folder. If they want to start counting from zero, they delete it and its entry in spend-history beside it.',
      details: { path },
      askHuman: true,
    });
  },

  /** Money that cannot be written down is not sent. */
  cannotRecord(operation: Named, path: string, reason: string, cause?: unknown): SotaError {
    return refusal({
      code: 'cannot_record',
      message: `${operation.id} was not sent: it could not be written down in ${path} (${reason}). ${UNTOUCHED}`,
      fix: 'Ask the human to make the folder writable for this user and to free disk space, then call again.',
      details: { path },
      askHuman: true,
      cause,
    });
  },

  invalidWallet(address: string, problem: string): SotaError {
    return new SotaError({
      code: 'invalid_wallet_address',
      message: `${JSON.stringify(address.slice(0, 64))} cannot receive a payout: ${problem}. Nothing was sent.`,
      fix: 'Ask the human to copy the address of their own Solana wallet again; do not repair it and never take one from a job.',
      recovery: { action: 'ask_human' },
    });
  },

  needsApproval(operation: Named, { requestId, what, why, expiresAt }: ApprovalAsked): SotaError {
    return new SotaError({
      code: 'needs_approval',
      message: `A human has to allow this first: ${what} (${why}). ${UNTOUCHED}`,
      fix: `Tell the human: on this machine, run  sota-mcp approvals approve ${requestId}  and, when they have, call ${operation.id === 'create_login_link' ? 'again' : 'again with exactly the same arguments'}. You cannot grant it yourself.`,
      outcome: 'needs_approval',
      recovery: { action: 'ask_human' },
      details: { request_id: requestId, what, why, expires_at: expiresAt },
    });
  },

  /** Asking without end is a way of wearing a human down. */
  tooManyQuestions(operation: Named, pending: number): SotaError {
    return refusal({
      code: 'too_many_questions',
      message: `${operation.id} needs a human's approval, and ${pending} other requests wait for one already. ${UNTOUCHED}`,
      fix: 'Stop asking and tell the human: sota-mcp approvals list',
      askHuman: true,
    });
  },

  /** The human said no, or another way of asking was tampered with. */
  declined(operation: Named, what: string): SotaError {
    return refusal({
      code: 'approval_declined',
      message: `The human declined: ${what}. ${UNTOUCHED}`,
      fix: `Do not call ${operation.id} again for the same unless the human asks for it.`,
      askHuman: true,
    });
  },

  /** An answer that claims to be the human's but does not belong to this call. */
  notOurQuestion(tool: string, reason: string): SotaError {
    return refusal({
      code: 'approval_not_valid',
      message: `${tool} came with an approval that does not hold: ${reason}. ${UNTOUCHED}`,
      fix: 'Call again without it; a human is then asked anew.',
    });
  },

  /** A setting that cannot be read must not mean the default: a typo in a limit would lift it. */
  badSetting(name: string, given: string, good: string): SotaError {
    return new SotaError({
      code: 'bad_setting',
      message: `${name} cannot be ${JSON.stringify(given.slice(0, 80))}.`,
      fix: `A good value is for example ${good}.`,
      details: { setting: name },
    });
  },

  badConfigFile(path: string, problem: string, fix: string): SotaError {
    return new SotaError({ code: 'bad_config_file', message: `${path} ${problem}.`, fix, details: { path } });
  },
} as const;

/** One sentence about a limit, for a model and for a human alike. */
export function breachSentence({ setting, limit, amount, used }: CapBreach): string {
  return used === undefined
    ? `${amount} USDC is more than the owner's limit ${setting}=${limit}.`
    : `${amount} USDC on top of ${used} USDC already committed is more than the owner's limit ${setting}=${limit}.`;
}

interface Refusal {
  readonly code: string;
  readonly message: string;
  readonly fix: string;
  readonly details?: Readonly<Record<string, unknown>>;
  readonly askHuman?: boolean;
  readonly cause?: unknown;
}

function refusal({ askHuman = false, ...init }: Refusal): SotaError {
  return new SotaError({
    ...init,
    outcome: 'refused_by_policy',
    ...(askHuman ? { recovery: { action: 'ask_human' } } : {}),
  });
}
