import type { z } from 'zod';
import type { ErrorCode } from './errors/catalogue.ts';

/**
 * How sure we are that the live marketplace has this operation in this shape.
 * `documented`: published in skill 1.1.1 or the runner 0.1.1 page. `sdk`: the public SDKs 0.2.0 send or read it.
 * `proposed`: a published tool needs it but no wire evidence is public; our local marketplace defines it, and against
 * any other origin it is called only where that origin's own OpenAPI document offers it.
 */
export type Evidence = 'documented' | 'sdk' | 'proposed';

/** `agent`: X-API-Key. `owner`: Bearer token of a person. `agent_or_owner`: either. */
export type Auth = 'none' | 'agent' | 'owner' | 'agent_or_owner';

/**
 * `key`: honours an Idempotency-Key, a repeat with the same key replays the first answer. `natural`: a repeat changes
 * nothing. `none`: each call acts anew.
 */
export type Idempotency = 'key' | 'natural' | 'none';

/** One operation of the marketplace's HTTP API, as data. Everything else (client, routes, OpenAPI, docs) is derived. */
export interface Operation {
  /** Unique, snake_case; also the OpenAPI operationId. */
  readonly id: string;
  readonly family:
    | 'discovery'
    | 'registration'
    | 'agent'
    | 'sandbox'
    | 'worker'
    | 'requester'
    | 'payouts'
    | 'docs'
    | 'local';
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** OpenAPI path template, for example `/api/v1/jobs/{job_id}`. */
  readonly path: string;
  readonly auth: Auth;
  readonly summary: string;
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly body?: z.ZodObject | z.ZodUnion<readonly z.ZodObject[]>;
  readonly response: z.ZodType;
  /** What a success carries; JSON unless stated. */
  readonly produces?: 'application/json' | 'text/markdown' | 'text/html';
  readonly errors: readonly ErrorCode[];
  readonly idempotency: Idempotency;
  readonly evidence: Evidence;
  /** Where the shape comes from, or why it was proposed so. */
  readonly source: string;
  /** True where a success moves or commits money. */
  readonly money?: boolean;
}

/**
 * Types an operation without changing it.
 * @example export const heartbeat = defineOperation({ id: 'heartbeat', method: 'POST', … })
 */
export function defineOperation<const O extends Operation>(operation: O): O {
  return operation;
}

type Part<O, K extends string> = O extends { readonly [P in K]: infer Z extends z.ZodType } ? z.input<Z> : undefined;

/** What a caller gives: `params`, `query` and `body`, each present only where the operation declares it. */
export type RequestOf<O extends Operation> = {
  readonly [K in 'params' | 'query' | 'body' as O extends { readonly [P in K]: z.ZodType } ? K : never]: Part<O, K>;
};

/** What a success is to whoever reads it: what others wrote is `Untrusted`. */
export type ResponseOf<O extends Operation> = z.output<O['response']>;

/** What a success is to whoever writes it. */
export type AnswerOf<O extends Operation> = z.input<O['response']>;
