import { canonicalJson } from '#kit/canonical-json.ts';
import { sha256Hex } from '#kit/hash.ts';
import { AmountError, type Micro, parseUsdc } from '#kit/money.ts';
import type { WireRequest } from '../http.ts';

type Fields = Readonly<Record<string, unknown>>;

/** The body of a request as fields; empty where it has none. */
export function bodyOf({ body }: Pick<WireRequest, 'body'>): Fields {
  if (body === undefined) return {};
  const value: unknown = JSON.parse(body);
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}

/**
 * One text per exactly one wish of exactly one agent at exactly one marketplace: what an approval is for. Two requests
 * with the same subject are the same question to a human; anything else, also one micro-USDC more, is another one.
 * @param destination where a withdrawal goes, since the request itself does not say
 */
export function subjectOf(
  request: WireRequest,
  { origin, agentId }: { readonly origin: string; readonly agentId: string },
  destination?: string | null,
): string {
  const wish = [request.operation.id, request.target, bodyOf(request), destination ?? null];
  return sha256Hex(canonicalJson(['sota-approval/1', origin, agentId, ...wish]));
}

/** The id between `/jobs/` and the next slash of a target. */
export function jobIdOf({ target }: Pick<WireRequest, 'target'>): string | undefined {
  const id = /\/jobs\/([^/?]+)/.exec(target)?.[1];
  return id === undefined ? undefined : decodeURIComponent(id);
}

/** An amount of a body or an answer; undefined where it is none. */
export function amountOf(value: unknown): Micro | undefined {
  if (typeof value !== 'number' && typeof value !== 'string') return undefined;
  try {
    return parseUsdc(value);
  } catch (error) {
    if (error instanceof AmountError) return undefined;
    throw error;
  }
}
