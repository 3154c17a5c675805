import { reveal, type Untrusted, untrusted } from '#kit/untrusted.ts';

/**
 * The four shapes an error answer can have (skill 1.1.1 and public SDK 0.2.0), read into one. Order matters: a test
 * verdict is flat and must be recognised before anything is looked up under `detail`.
 *
 *   1. verdict    422 {"passed":false,"code":"schema_violation","message":…}
 *   2. canonical  {"detail":{"error":"<code>","message":"<human>", …context}}
 *   3. validation 422 {"detail":[{"loc":["body","amount_usdc"],"msg":"…","type":"…"}]}
 *   4. legacy     {"detail":"Missing X-API-Key header"} or {"message":"…"}
 */
export interface Problem {
  readonly shape: 'verdict' | 'canonical' | 'validation' | 'legacy' | 'unreadable';
  /** The machine code, where the answer carries one. */
  readonly code?: string;
  /** For people, and possibly quoting some. */
  readonly message: Untrusted;
  /** Every further field of the answer, as it came. */
  readonly context: Readonly<Record<string, unknown>>;
}

const NO_MESSAGE = untrusted('The answer had no readable body');

export interface FieldProblem {
  readonly loc: readonly (string | number)[];
  readonly msg: string;
  readonly type: string;
}

/**
 * Reads the body of an error answer.
 * @example readProblem({ detail: { error: 'job_not_found', message: 'No such job' } }).code // 'job_not_found'
 */
export function readProblem(body: unknown): Problem {
  if (typeof body === 'string' && body.trim())
    return { shape: 'legacy', message: untrusted(body.trim().slice(0, 500)), context: {} };
  if (!isRecord(body)) return { shape: 'unreadable', message: NO_MESSAGE, context: {} };
  if (body.passed === false) {
    return { shape: 'verdict', ...codeOf(body.code), message: textOf(body.message ?? body.reason), context: body };
  }
  const { detail } = body;
  if (isRecord(detail)) {
    const { error, message, ...context } = detail;
    return { shape: 'canonical', ...codeOf(error), message: textOf(message), context };
  }
  if (Array.isArray(detail)) {
    return {
      shape: 'validation',
      code: 'validation_error',
      message: describeFields(detail),
      context: { fields: detail },
    };
  }
  return { shape: 'legacy', ...codeOf(body.error), message: textOf(detail ?? body.message), context: {} };
}

function describeFields(problems: readonly unknown[]): Untrusted {
  const lines = problems.filter(isRecord).map((problem) => {
    const loc = Array.isArray(problem.loc) ? problem.loc.filter((part) => part !== 'body').join('.') : '';
    return `${loc ? `${loc}: ` : ''}${reveal(textOf(problem.msg))}`;
  });
  return untrusted(lines.join('; ') || 'The request was not valid');
}

/** A code stands in sentences of ours, so what could be a sentence itself is none. */
const CODE = /^[A-Za-z][\w.:-]{0,63}$/;

function codeOf(value: unknown): { code?: string } {
  return typeof value === 'string' && CODE.test(value) ? { code: value } : {};
}

function textOf(value: unknown): Untrusted {
  return untrusted(typeof value === 'string' && value ? value : 'No message was given');
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
