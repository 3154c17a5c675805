/**
 * Every sentence a model reads when the marketplace, the way to it, or the key is the problem. Each factory makes one
 * SotaError whose message says what happened and whether money or state changed, may have, or did not, and whose fix
 * says what to do now. An unknown outcome is never called a failure: a model that reads "failed" repeats.
 */
import { excerpt, reveal, type Untrusted, untrusted } from '#kit/untrusted.ts';
import type { Operation } from '../define-operation.ts';
import { type ErrorCode, errorCatalogue, isErrorCode } from './catalogue.ts';
import type { Problem } from './envelope.ts';
import { fixes } from './fixes.ts';
import { type KeyProblem, keyFix, keySentence } from './key-problem.ts';
import { lookFirst } from './look-first.ts';
import { type Recovery, SotaError } from './sota-error.ts';

/** What of an operation the sentences need. */
export type Subject = Pick<Operation, 'id' | 'method' | 'path' | 'summary'> & Partial<Pick<Operation, 'money'>>;

export interface ProblemContext {
  readonly retryAfterSeconds?: number | undefined;
  /** True when an earlier attempt of the same call may have taken effect although this one was refused. */
  readonly earlierMayHaveHappened?: boolean;
}

const MAX_QUOTED = 300;
const BY_STATUS: Readonly<Record<number, ErrorCode>> = {
  400: 'bad_request',
  401: 'invalid_api_key',
  402: 'insufficient_funds',
  403: 'forbidden',
  404: 'not_found',
  405: 'method_not_allowed',
  409: 'invalid_state',
  410: 'not_found',
  413: 'payload_too_large',
  422: 'validation_error',
  429: 'rate_limited',
  503: 'service_unavailable',
};
const WORTH_REPEATING: ReadonlySet<string> = new Set<ErrorCode>([
  'rate_limited',
  'internal_error',
  'service_unavailable',
  'idempotency_in_flight',
]);

export const teach = {
  /** The marketplace answered and refused. Codes it alone knows are passed through. */
  fromProblem(problem: Problem, status: number, operation: Subject, context: ProblemContext = {}): SotaError {
    const byStatus = BY_STATUS[status] ?? (status >= 500 ? 'internal_error' : 'bad_request');
    const code = problem.code ?? byStatus;
    const fix = fixes[isErrorCode(code) ? code : byStatus];
    const unclear = context.earlierMayHaveHappened === true;
    const details = { ...problem.context };
    return new SotaError({
      code,
      message: unclear
        ? `The marketplace refused ${operation.id} (${why(problem, status)}), but an earlier attempt of this call went unanswered and may have taken effect.`
        : `The marketplace refused ${operation.id}: ${why(problem, status)}. ${unchanged(operation)}`,
      fix: unclear ? `${lookFirst(operation)} ${fix}` : fix,
      outcome: unclear ? 'unknown' : 'rejected',
      retryable: WORTH_REPEATING.has(code),
      httpStatus: status,
      ...seconds(context.retryAfterSeconds),
      said: said(problem),
      ...(Object.keys(details).length > 0 ? { details } : {}),
    });
  },

  /** The key the server was given is none. */
  noKey(problem: KeyProblem, variable = 'SOTA_API_KEY'): SotaError {
    return new SotaError({
      code: 'no_api_key',
      message: `${keySentence(problem, variable)} Nothing was sent.`,
      fix: keyFix(problem, variable),
      details: { variable, problem: problem.kind },
      next: [],
    });
  },

  /** The marketplace does not accept the key we hold. */
  unauthorized(source: 'environment' | 'credentials' | 'registered', problem: Problem, status = 401): SotaError {
    const from = source === 'environment' ? 'from SOTA_API_KEY' : 'from the stored credentials';
    const code = problem.code ?? 'invalid_api_key';
    return new SotaError({
      code,
      message: `The marketplace does not accept the API key ${from}: ${why(problem, status)}. Nothing changed.`,
      fix: fixes[isErrorCode(code) ? code : 'invalid_api_key'],
      httpStatus: status,
      said: said(problem),
    });
  },

  /** No attempt left this machine. */
  unreachable(origin: string, operation: Subject, reason: string, cause?: unknown): SotaError {
    return new SotaError({
      code: 'unreachable',
      message: `The marketplace at ${origin} could not be reached for ${operation.id} (${reason}). ${unchanged(operation, 'Nothing was sent')}`,
      fix: 'Call again with the same arguments in a moment. If it stays, ask the human to check the network and SOTA_API_URL.',
      retryable: true,
      recovery: { action: 'call_again' },
      cause,
    });
  },

  /** A read got no usable answer. Reads change nothing, so this is a plain refusal to the caller. */
  noAnswer(operation: Subject, reason: string, status?: number, retryAfterSeconds?: number): SotaError {
    return new SotaError({
      code: 'no_answer',
      message: `The marketplace gave no usable answer to ${operation.id} (${reason}). It only reads, so nothing changed.`,
      fix: 'Call again with the same arguments in a moment.',
      retryable: true,
      recovery: recovery('call_again', retryAfterSeconds),
      ...seconds(retryAfterSeconds),
      ...(status === undefined ? {} : { httpStatus: status }),
    });
  },

  /** A mutation was sent and not answered. `repeatable`: calling again with the same arguments cannot act twice. */
  unknownOutcome(
    operation: Subject,
    reason: string,
    {
      repeatable,
      attempts,
      retryAfterSeconds,
      status,
    }: { repeatable: boolean; attempts: number; retryAfterSeconds?: number | undefined; status?: number | undefined },
  ): SotaError {
    const what = operation.money ? 'Money may have moved' : 'It may have taken effect';
    return new SotaError({
      code: 'outcome_unknown',
      message: `${operation.id} was sent, and whether it took effect is not known (${reason}). ${what}.`,
      fix: `${lookFirst(operation)} ${
        repeatable
          ? 'If it did not take effect, call again with exactly the same arguments; do not change them.'
          : 'Do not repeat it before you know.'
      }`,
      outcome: 'unknown',
      retryable: repeatable,
      recovery: recovery(repeatable ? 'call_again' : 'ask_human', retryAfterSeconds),
      details: { attempts },
      ...seconds(retryAfterSeconds),
      ...(status === undefined ? {} : { httpStatus: status }),
    });
  },

  /** Told to slow down, for longer than a tool call may wait. */
  rateLimited(operation: Subject, retryAfterSeconds: number | undefined, status = 429): SotaError {
    const wait = retryAfterSeconds === undefined ? 'a while' : `${retryAfterSeconds} s`;
    return new SotaError({
      code: 'rate_limited',
      message: `The marketplace asks to wait ${wait} before ${operation.id}. ${unchanged(operation)}`,
      fix: fixes.rate_limited,
      retryable: true,
      httpStatus: status,
      recovery: recovery('wait', retryAfterSeconds),
      ...seconds(retryAfterSeconds),
    });
  },

  /** A guessed path is never called: this origin's own OpenAPI document does not offer the operation. */
  operationNotOffered(origin: string, operation: Subject, nearest: readonly string[]): SotaError {
    const near = nearest.length > 0 ? ` The nearest it offers: ${nearest.join(', ')}.` : '';
    return new SotaError({
      code: 'operation_not_offered',
      message: `${origin} does not offer ${operation.method} ${operation.path} (${operation.id}). ${unchanged(operation, 'Nothing was sent')}`,
      fix: `This marketplace cannot do it through the API; ask the human to do it in the portal.${near} get_openapi_operation shows any of them.`,
      details: { method: operation.method, path: operation.path, nearest },
    });
  },

  /** What was configured as the marketplace's address is none. */
  badOrigin(text: string, cause?: unknown): SotaError {
    return new SotaError({
      code: 'bad_origin',
      message: `The marketplace address ${JSON.stringify(text.slice(0, 200))} is not an http(s) URL. Nothing was sent.`,
      fix: 'Ask the human to set SOTA_API_URL to an address like https://api.sota.market, or to remove it.',
      cause,
    });
  },

  /** The origin's OpenAPI document could not be read, so whether it offers the operation is not known. */
  offerUnknown(origin: string, operation: Subject, cause?: unknown): SotaError {
    return new SotaError({
      code: 'offer_unknown',
      message: `Whether ${origin} offers ${operation.id} could not be checked: its OpenAPI document did not answer. ${unchanged(operation, 'Nothing was sent')}`,
      fix: 'Call again with the same arguments in a moment.',
      retryable: true,
      recovery: { action: 'call_again' },
      cause,
    });
  },

  /** The arguments cannot be a request of this operation. */
  invalidRequest(operation: Subject, problems: readonly string[]): SotaError {
    return new SotaError({
      code: 'invalid_request',
      message: `${operation.id} was not sent: ${quote(problems.join('; '))} Nothing changed.`,
      fix: 'Correct the fields named in the message and call again.',
      details: { problems },
    });
  },

  /** The caller stopped waiting. */
  cancelled(operation: Subject, sent: boolean): SotaError {
    return new SotaError({
      code: 'cancelled',
      message: sent
        ? `${operation.id} was cancelled while under way; it is left to finish and may take effect.`
        : `${operation.id} was cancelled. ${unchanged(operation, 'Nothing was sent')}`,
      fix: sent ? lookFirst(operation) : 'Call again if it is still wanted.',
      outcome: sent ? 'unknown' : 'rejected',
    });
  },

  /** Registering twice would leave an agent behind that nobody looks after. */
  alreadyRegistered(agentId: string, name?: string): SotaError {
    return new SotaError({
      code: 'already_registered',
      message: `This server already works as agent ${agentId}${name ? ` ("${quoteName(name)}")` : ''}. Nothing was sent.`,
      fix: 'Call get_status to see the agent. For another agent, ask the human to start a server with another SOTA_HOME and no SOTA_API_KEY.',
      details: { agent_id: agentId },
    });
  },

  /** Secrets that are shown once must not be asked for where they cannot be kept. */
  cannotStore(path: string, reason: string, cause?: unknown): SotaError {
    return new SotaError({
      code: 'cannot_store_credentials',
      message: `Credentials cannot be stored in ${path} (${quote(reason)}). Nothing was sent.`,
      fix: 'Ask the human to make the directory writable for this user alone, or to set SOTA_HOME to one that is.',
      details: { path },
      cause,
    });
  },

  /** What was issued works in this process, but a restart would not find it. */
  notStored(done: 'registered' | 'rotated', path: string, cause?: unknown): SotaError {
    const what = done === 'registered' ? 'The agent was registered' : 'The key was rotated';
    return new SotaError({
      code: 'credentials_not_stored',
      message: `${what} and this server uses the new key, but it could not be stored in ${path}.`,
      fix: 'Ask the human to make the directory writable, then call rotate_keys before this server stops: that stores a key.',
      outcome: 'unknown',
      details: { path },
      cause,
    });
  },

  /** The name is taken, most likely by our own registration whose answer was lost. */
  registrationUnresolved(name: string, path: string): SotaError {
    return new SotaError({
      code: 'registration_unresolved',
      message: `An earlier registration of "${quoteName(name)}" from here went unanswered and has most likely made the agent. No second one was made.`,
      fix: `Ask the human to sign in to the portal with the e-mail address and password stored in ${path}, to create an API key there and set SOTA_API_KEY.`,
      outcome: 'unknown',
      details: { path },
    });
  },
} as const;

function unchanged(operation: Subject, lead = 'Nothing changed'): string {
  return operation.money ? `${lead} and no money moved.` : `${lead}.`;
}

function recovery(action: Recovery['action'], retryAfterSeconds: number | undefined): Recovery {
  return { action, ...(retryAfterSeconds === undefined ? {} : { retry_after_seconds: retryAfterSeconds }) };
}

function seconds(value: number | undefined): { retryAfterSeconds?: number } {
  return value === undefined ? {} : { retryAfterSeconds: value };
}

/** The reason as we would say it. What the marketplace said goes beside it, because it may quote anybody. */
function why({ code }: Problem, status: number): string {
  if (code === undefined) return `HTTP ${status}`;
  return isErrorCode(code) ? `${lowerFirst(errorCatalogue[code].meaning)} (${code})` : `HTTP ${status}, ${code}`;
}

function lowerFirst(sentence: string): string {
  return /^[A-Z][a-z ]/.test(sentence) ? `${sentence.charAt(0).toLowerCase()}${sentence.slice(1)}` : sentence;
}

const MAX_SAID = 1_000;

function said({ message }: Problem): Untrusted {
  return reveal(message).length > MAX_SAID ? untrusted(`${reveal(excerpt(message, 0, MAX_SAID))}…`) : message;
}

/** Words of this machine or of the caller inside our sentence: one line, bounded, ended. */
function quote(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is taken out
  const line = text.replace(/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069]+/g, ' ').trim();
  const cut = line.length > MAX_QUOTED ? `${line.slice(0, MAX_QUOTED)}…` : line;
  return /[.!?…]$/.test(cut) ? cut : `${cut}.`;
}

function quoteName(name: string): string {
  return quote(name).replace(/\.$/, '');
}
