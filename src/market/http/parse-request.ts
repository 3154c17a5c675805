import type { z } from 'zod';
import type { Operation } from '#contract/define-operation.ts';
import type { FieldProblem } from '#contract/errors/envelope.ts';
import { exceedsDepth } from '#kit/json-schema/json-depth.ts';
import { fieldProblems } from './request-problems.ts';

/** The request did not fit the contract: HTTP 422 with one entry per field. */
export class InvalidRequest extends Error {
  override readonly name = 'InvalidRequest';
  constructor(readonly problems: readonly FieldProblem[]) {
    super('The request is not valid');
  }
}

/** Deeper than any real body, and far from where recursion over it could exhaust the stack. */
const MAX_BODY_DEPTH = 64;

export interface RawRequest {
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  /** Text of the body, empty where there is none. */
  readonly body: string;
  /** True where the body is a form of a page instead of JSON. */
  readonly isForm?: boolean;
}

export interface ParsedRequest {
  readonly params: unknown;
  readonly query: unknown;
  readonly body: unknown;
}

/**
 * Checks path, query and body against the operation. An absent body counts as `{}`: the public SDKs send empty POSTs
 * under a JSON content type.
 * @throws InvalidRequest
 */
export function parseRequest(operation: Operation, raw: RawRequest): ParsedRequest {
  const problems: FieldProblem[] = [];
  const read = (part: 'path' | 'query' | 'body', schema: z.ZodType | undefined, value: unknown): unknown => {
    if (!schema) return undefined;
    problems.push(...unstorable(part, value));
    const result = bestParse(schema, value);
    if (result.success) return result.data;
    problems.push(...fieldProblems(part, result.error, value, result.known));
    return undefined;
  };
  const params = read('path', operation.params, raw.params);
  const query = read('query', operation.query, raw.query);
  const body = operation.body ? read('body', operation.body, parseBody(raw)) : undefined;
  if (problems.length) throw new InvalidRequest(problems);
  return { params, query, body };
}

function parseBody({ body: text, isForm = false }: RawRequest): unknown {
  if (text.trim() === '') return {};
  if (isForm) return Object.fromEntries(new URLSearchParams(text));
  const value = parseJson(text);
  if (exceedsDepth(value, MAX_BODY_DEPTH)) {
    const msg = `The body nests deeper than ${MAX_BODY_DEPTH} levels`;
    throw new InvalidRequest([{ loc: ['body'], msg, type: 'json_too_deep' }]);
  }
  if (!isWellFormed(value)) {
    const msg = 'The body holds half a surrogate pair, which is no Unicode text';
    throw new InvalidRequest([{ loc: ['body'], msg, type: 'string_unicode' }]);
  }
  return value;
}

/** Whether all text in a value can be written as UTF-8; JSON can spell text that cannot. Recursion ends with its depth. */
function isWellFormed(value: unknown): boolean {
  if (typeof value === 'string') return value.isWellFormed();
  if (typeof value !== 'object' || value === null) return true;
  return Object.entries(value).every(([name, member]) => name.isWellFormed() && isWellFormed(member));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'unreadable';
    throw new InvalidRequest([
      { loc: ['body'], msg: `The body is not JSON: ${reason.slice(0, 200)}`, type: 'json_invalid' },
    ]);
  }
}

/** A NUL character, which databases do not take in text. Inside JSON that is stored as JSON it stays escaped. */
function unstorable(part: 'path' | 'query' | 'body', value: unknown): FieldProblem[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, field]) =>
    typeof field === 'string' && field.includes('\0')
      ? [{ loc: [part, name], msg: 'Text must not hold a NUL character', type: 'string_nul' }]
      : [],
  );
}

type Outcome = { success: true; data: unknown } | { success: false; error: z.ZodError; known: readonly string[] };

/** Where a body may have one of several shapes, the complaint is about the shape it comes closest to. */
function bestParse(schema: z.ZodType, value: unknown): Outcome {
  const options = 'options' in schema.def ? (schema.def.options as z.ZodType[]) : [schema];
  let closestMiss: Outcome | undefined;
  let fewest = Number.POSITIVE_INFINITY;
  for (const option of options) {
    const result = option.safeParse(value);
    if (result.success) return { success: true, data: result.data };
    if (result.error.issues.length < fewest) {
      fewest = result.error.issues.length;
      closestMiss = { success: false, error: result.error, known: knownKeys(option) };
    }
  }
  return closestMiss ?? { success: true, data: value };
}

function knownKeys(schema: z.ZodType): string[] {
  return 'shape' in schema.def ? Object.keys(schema.def.shape as object) : [];
}
