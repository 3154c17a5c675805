import type { z } from 'zod';
import type { AnswerOf, Operation } from '#contract/define-operation.ts';
import type { MarketContext } from '../market-context.ts';
import type { Owner } from '../rules/owner-tokens.ts';
import type { AgentRow } from '../storage/agents.ts';
import type { Database, Tx } from '../storage/database.ts';

type Parsed<O, K extends string> = O extends { readonly [P in K]: infer Z extends z.ZodType } ? z.output<Z> : undefined;

/** What a handler is given: the checked request, who asks, and the world it acts in. */
export interface RouteInput<O extends Operation> {
  readonly params: Parsed<O, 'params'>;
  readonly query: Parsed<O, 'query'>;
  readonly body: Parsed<O, 'body'>;
  readonly context: MarketContext;
  /** The calling agent; on operations without agent authentication this must not be read. */
  readonly agent: AgentRow;
  /** The id of the API key that authenticated the call; absent where an owner acts for the agent. */
  readonly keyId: string;
  /** The calling person; on operations without owner authentication this must not be read. */
  readonly owner: Owner;
  readonly headers: Headers;
  /** Scheme, host and port the caller used, for links in answers. */
  readonly origin: string;
}

/** An answer that is not 200 although its effects stand (the failed test verdict), or one with headers of its own. */
export interface Reply<T> {
  readonly status: number;
  readonly body: T;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

export interface Route<O extends Operation, P = unknown> {
  readonly operation: O;
  /** Slow or asynchronous checks that must not hold the transaction, such as validating a stranger's schema. */
  readonly prepare?: (input: RouteInput<O>, db: Database) => Promise<P>;
  /** The effect and the answer, in one transaction; throws a Refusal to say no. */
  readonly apply: (tx: Tx, input: RouteInput<O>, prepared: P) => Promise<AnswerOf<O> | Reply<AnswerOf<O>>>;
}

/** A route whose type parameters no longer matter: what the app mounts. */
export interface AnyRoute {
  readonly operation: Operation;
  readonly prepare?: ((input: never, db: Database) => Promise<unknown>) | undefined;
  readonly apply: (tx: Tx, input: never, prepared: never) => Promise<unknown>;
}

/**
 * Binds a handler to its operation.
 * @example export const heartbeatRoute = defineRoute({ operation: heartbeat, apply: async (tx, { agent }) => … })
 */
export function defineRoute<O extends Operation, P = undefined>(route: Route<O, P>): Route<O, P> {
  return route;
}

const REPLY = Symbol('reply');

/** Marks an answer as having its own status or headers. Headers are not kept for a repeat of a keyed call. */
export function reply<T>(status: number, body: T, headers?: Readonly<Record<string, string>>): Reply<T> {
  return Object.assign(Object.create({ [REPLY]: true }) as object, { status, body, headers }) as Reply<T>;
}

export function isReply(value: unknown): value is Reply<unknown> {
  return typeof value === 'object' && value !== null && REPLY in value;
}
