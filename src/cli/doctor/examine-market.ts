/** What the marketplace is asked: whether it answers, what time it is there, whether it knows us, what it offers. */
import { compareContract, type Drift } from '#client/contract-drift.ts';
import type { Routes } from '#client/operations-map.ts';
import { proxyFetch } from '#client/proxy.ts';
import type { Session } from '#client/types.ts';
import { SotaError } from '#contract/errors/sota-error.ts';
import { getMe } from '#contract/operations/agent.ts';
import { openapi } from '#contract/operations/discovery.ts';
import { operations } from '#contract/operations/registry.ts';
import { type Finding, note, ok, problem, skipped } from './finding.ts';

const TIMEOUT_MS = 10_000;
/** Signatures of webhooks are refused from five minutes on; a tenth of that is worth mending. */
const SKEW_MS = 30_000;

export interface Reached {
  readonly findings: readonly Finding[];
  /** Of the origin; undefined where it could not be read. */
  readonly document: unknown;
}

/** One request answers three questions: the description of the API is public, and every answer carries a date. */
export async function reach(origin: string): Promise<Reached> {
  const started = Date.now();
  try {
    const fetch = await proxyFetch();
    const answer = await fetch(`${origin}${openapi.path}`, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    const ms = Date.now() - started;
    const text = await answer.text();
    const reachable = ok('reachability', `${origin} answered with ${answer.status} in ${ms} ms.`);
    const skew = examineClock(answer.headers.get('date'), started, Date.now());
    if (answer.status !== 200) {
      return {
        findings: [reachable, skew, note('openapi', `${openapi.path} answered with ${answer.status}.`)],
        document: undefined,
      };
    }
    return { findings: [reachable, skew], document: parse(text) };
  } catch (error) {
    return {
      findings: [
        problem(
          'reachability',
          `${origin} does not answer (${reasonOf(error)}).`,
          'Check the address, the network and the proxy; certificates of a company need NODE_EXTRA_CA_CERTS.',
        ),
      ],
      document: undefined,
    };
  }
}

/** @param sent, received milliseconds since 1970 of this machine, around the answer that carried `date` */
export function examineClock(date: string | null, sent: number, received: number): Finding {
  const there = date === null ? Number.NaN : Date.parse(date);
  if (Number.isNaN(there)) return skipped('clock', 'The marketplace does not say what time it is.');
  // The header has whole seconds, and the answer took a while: only what is beyond both is an error of a clock.
  const behind = there - received;
  const ahead = sent - (there + 1000);
  const skew = Math.max(behind, ahead, 0);
  const seconds = Math.round(skew / 1000);
  if (skew <= SKEW_MS) return ok('clock', 'The clocks agree.');
  return problem(
    'clock',
    `This machine’s clock is ${seconds} s ${behind > 0 ? 'behind' : 'ahead of'} the marketplace’s.`,
    'Switch on time synchronisation: deadlines and webhook signatures are judged by the clock.',
    { skew_seconds: seconds },
  );
}

/** Whether the marketplace takes the key. */
export async function examineIdentity(session: Session): Promise<Finding> {
  try {
    const me = await session.client.call(getMe, {});
    return ok('identity', `The marketplace knows this agent: ${me.name} (${me.id}), ${me.status}.`);
  } catch (error) {
    if (!(error instanceof SotaError)) throw error;
    return problem('identity', error.message, error.fix);
  }
}

/**
 * Whether the marketplace is the one this program was written for.
 * @param routes the owner's operations map for it
 */
export function examineContract(document: unknown, routes: Routes = {}): Finding {
  if (document === undefined) return skipped('contract', 'The marketplace’s OpenAPI document could not be read.');
  let drift: Drift;
  try {
    drift = compareContract(operations, document, routes);
  } catch (error) {
    return problem('contract', reasonOf(error), `Ask the operator what ${openapi.path} should be.`);
  }
  const { matching, mapped, missing, fields } = drift;
  const total = matching + missing.length;
  const details = { matching, mapped, missing, fields };
  const stale = mapped.filter((entry) => entry.problem !== undefined);
  if (missing.length === 0 && fields.length === 0 && mapped.length === 0) {
    return ok('contract', `All ${total} operations are offered as this program knows them.`, { matching });
  }
  const says = [
    `${matching} of ${total} operations are offered as this program knows them${mapped.length > stale.length ? ' or as you mapped them' : ''}.`,
    ...mapped.map(
      ({ operation, route, problem: why }) =>
        `  ${operation}: you mapped it to ${route}${why === undefined ? '' : `, but ${why}`}`,
    ),
    ...missing.map(
      ({ operation, method, path, proposals: [best] }) =>
        `  ${operation}: ${method} ${path} is not offered${best ? `; perhaps ${best.method} ${best.path} (${best.because.join(', ')})` : ''}`,
    ),
    ...fields.map(({ operation, unknown_required, not_taken }) =>
      [
        `  ${operation}:`,
        ...(unknown_required.length > 0 ? [`demands ${plain(unknown_required)}`] : []),
        ...(not_taken.length > 0 ? [`does not name ${plain(not_taken)}`] : []),
      ].join(' '),
    ),
  ].join('\n');
  const settled = missing.some(({ evidence }) => evidence !== 'proposed');
  if (missing.length === 0 && fields.length === 0) return ok('contract', says, details);
  const fix = contractFix(missing, stale.length > 0);
  return settled || stale.length > 0 ? problem('contract', says, fix, details) : note('contract', says, fix, details);
}

function contractFix(missing: Drift['missing'], stale: boolean): string {
  const found = missing.find(({ proposals }) => proposals.length > 0);
  const best = found?.proposals[0];
  return [
    'What is documented is tried as it is, what is proposed is refused; nothing is sent to a path that is only similar.',
    ...(found && best
      ? [
          `If a proposal is the same operation, say so: sota-mcp operations map ${found.operation} ${best.method} ${best.path}`,
        ]
      : []),
    ...(stale ? ['Correct or remove what is mapped wrongly: sota-mcp operations list'] : []),
  ].join(' ');
}

/** Names out of a stranger's document, which a terminal must not obey. */
function plain(names: readonly string[]): string {
  return names.map((name) => (/^[\w$.-]{1,60}$/.test(name) ? name : JSON.stringify(name.slice(0, 60)))).join(', ');
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function reasonOf(error: unknown): string {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const code = (cause as { code?: unknown }).code;
    if (typeof code === 'string') return code;
    if (cause.name === 'TimeoutError') return `no answer within ${TIMEOUT_MS / 1000} s`;
    if (cause.cause === undefined) return cause.message;
  }
  return String(error);
}
