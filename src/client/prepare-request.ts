import type { z } from 'zod';
import type { Operation } from '#contract/define-operation.ts';
import { teach } from '#contract/errors/teach.ts';
import { AmountError, parseUsdc, usdcNumber } from '#kit/money.ts';
import type { WireRequest } from './http.ts';
import { canonicalRequest } from './journal/fingerprint.ts';

export interface Prepared {
  readonly wire: WireRequest;
  /** One text per meaning: equal for requests that ask for the same, however their amounts are written. */
  readonly canonical: string;
}

type Fields = Readonly<Record<string, unknown>>;
type Parts = { readonly params?: unknown; readonly query?: unknown; readonly body?: unknown };

const MONEY_FIELD = /_usdc$/;

/**
 * Checks a request against its operation and turns it into what will be sent. Amounts may be decimal texts: they are
 * read exactly and leave as the numbers the API speaks.
 * @throws SotaError `invalid_request`, nothing was sent
 */
export function prepareRequest(operation: Operation, request: Parts): Prepared {
  const problems: string[] = [];
  const params = checked(operation.params, request.params, problems);
  const query = checked(operation.query, request.query, problems);
  const body = checked(operation.body, request.body, problems);
  for (const [name, value] of Object.entries(params ?? {})) {
    // URL parsers resolve these as steps up the path, also percent-encoded, and would call another operation.
    if (/^\.{1,2}$/.test(String(value))) problems.push(`${name}: not an id`);
  }
  if (problems.length > 0) throw teach.invalidRequest(operation, problems);
  try {
    const canonical = canonicalRequest({ params, query, body });
    return {
      wire: {
        operation,
        target: targetOf(operation.path, params ?? {}, query ?? {}),
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      },
      canonical,
    };
  } catch (error) {
    throw teach.invalidRequest(operation, [error instanceof Error ? error.message : String(error)]);
  }
}

function checked(schema: z.ZodType | undefined, value: unknown, problems: string[]): Fields | undefined {
  if (!schema) return undefined;
  let input: unknown = value ?? {};
  try {
    if (isFields(input)) input = withAmountsAs(input, usdcNumber);
  } catch (error) {
    if (!(error instanceof AmountError)) throw error;
    problems.push(error.message);
    return undefined;
  }
  const result = schema.safeParse(input);
  if (result.success) return result.data as Fields;
  for (const issue of result.error.issues) problems.push(`${issue.path.join('.') || 'request'}: ${issue.message}`);
  return undefined;
}

/** Only top-level fields: what lies deeper (job parameters) belongs to other people and is sent as it is. */
function withAmountsAs<T>(fields: Fields, write: (micro: bigint) => T): Fields {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) =>
      MONEY_FIELD.test(name) && (typeof value === 'string' || typeof value === 'number')
        ? [name, write(parseAmount(name, value))]
        : [name, value],
    ),
  );
}

function parseAmount(name: string, value: string | number): bigint {
  try {
    return parseUsdc(value);
  } catch (error) {
    throw error instanceof AmountError ? new AmountError(`${name}: ${error.message}`) : error;
  }
}

function targetOf(template: string, params: Fields, query: Fields): string {
  const path = template.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(params[name])));
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) search.set(name, String(value));
  return search.size > 0 ? `${path}?${search}` : path;
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
