import type { Hono } from 'hono';
import { HonoBase } from 'hono/hono-base';
import { TrieRouter } from 'hono/router/trie-router';
import type { BlankEnv, BlankSchema } from 'hono/types';
import type { Operation } from '#contract/define-operation.ts';
import type { MarketContext } from '../market-context.ts';
import type { MarketLog } from '../market-log.ts';
import { noteSeen } from '../rules/presence.ts';
import { Refusal } from '../rules/refuse.ts';
import type { Database } from '../storage/database.ts';
import { isConflict } from '../storage/transaction.ts';
import type { Scheduler } from '../time/scheduler.ts';
import { actingAgent } from './acting-agent.ts';
import { authenticate, type Caller } from './authenticate.ts';
import { clientAddress } from './client-address.ts';
import type { AnyRoute, RouteInput } from './define-route.ts';
import { type Access, passGate } from './gate.ts';
import {
  fingerprintOf,
  InFlight,
  type KeyedCall,
  keptAnswer,
  RETENTION_MS,
  ROTATION_RETENTION_MS,
  readKey,
} from './idempotency.ts';
import { InvalidRequest, type ParsedRequest, parseRequest } from './parse-request.ts';
import { RateLimiter } from './rate-limit.ts';
import { readBody } from './read-body.ts';
import { answer, json, refusalAnswer } from './respond.ts';
import { type Ran, runCall } from './run-call.ts';

export interface AppParts {
  readonly db: Database;
  readonly context: MarketContext;
  readonly scheduler: Scheduler;
  readonly log: MarketLog;
  readonly routes: readonly AnyRoute[];
  readonly access: Access;
}

const TOO_BUSY = [
  'service_unavailable',
  'Others kept changing the same things at the same time; nothing was done, try again',
  { retry_after: 1 },
] as const;

/**
 * One request's way: may it come in → who calls → does the request fit the contract → was it answered before → prepare →
 * apply, with the effect, the ledger, the activity and the kept answer in one transaction → answer. Every error answer is
 * made in one place, at the end.
 */
export function createApp({ db, context, scheduler, log, routes, access }: AppParts): Hono {
  // The one that takes paths which overlap, as ours do: what Hono tries first cannot tell `me` from any `:agent_id`.
  const app = new HonoBase<BlankEnv, BlankSchema, '/'>({ router: new TrieRouter() });
  const inFlight = new InFlight();
  const limiter = new RateLimiter(context.settings.rateLimits);

  for (const route of routes) {
    app.on(route.operation.method, honoPath(route.operation.path), async (c) => {
      const { operation } = route;
      const { headers } = c.req.raw;
      const now = context.clock.real();
      const url = new URL(c.req.url);
      const origin = passGate(access, isAdmin(operation), url, headers);
      limiter.address(operation.id, clientAddress(c.env), now);
      const caller = await authenticate(db, operation.auth, headers, now);
      const request = parseRequest(operation, {
        params: c.req.param() as Record<string, string>,
        query: c.req.query(),
        body: await readBody(c.req.raw),
        isForm: operation.produces === 'text/html',
      });
      const email = (request.body as { email?: string } | undefined)?.email;
      if (email) limiter.email(operation.id, email, now);
      const agent = await agentOf(operation, caller, request, headers, now);
      const owner = caller?.owner;
      const input = { ...request, context, agent, keyId: caller?.keyId, owner, headers, origin };
      const scope = agent?.id ?? (owner ? `owner:${owner.id}` : 'anonymous');
      const call = keyedCall(operation, url.pathname, headers, scope, request.body);
      const leave = call && inFlight.enter(call);
      try {
        const kept = call && (await keptAnswer(db, call, now));
        if (kept) return answer(operation, kept, true);
        const ran = await act(route, input as RouteInput<Operation>, call);
        return answer(operation, ran.answer, ran.replayed);
      } finally {
        leave?.();
      }
    });
  }

  /** The agent a call is about. What a person does for an agent is no sign of life of the agent itself. */
  async function agentOf(
    operation: Operation,
    caller: Caller | undefined,
    { params }: ParsedRequest,
    headers: Headers,
    now: number,
  ) {
    if (caller?.agent) return noteSeen(db, caller.agent, now);
    if (!caller || operation.auth !== 'agent_or_owner') return undefined;
    return actingAgent(db, caller.owner, (params as { job_id?: string } | undefined)?.job_id, headers);
  }

  async function act(route: AnyRoute, input: RouteInput<Operation>, keyed?: KeyedCall): Promise<Ran> {
    const now = context.clock.real();
    const retentionMs = route.operation.id === 'rotate_keys' ? ROTATION_RETENTION_MS : RETENTION_MS;
    const ran = await runCall(db, { route, input, now, keyed, retentionMs });
    // Who moves the clock or plays admin wants to see the consequences in the next answer.
    if (route.operation.family === 'local') await scheduler.settleDue();
    else scheduler.wake();
    return ran;
  }

  app.notFound((c) => {
    const { method, path } = c.req;
    passGate(access, path.startsWith(LOCAL), new URL(c.req.url), c.req.raw.headers);
    const others = routes
      .filter((route) => pathMatches(route.operation.path, path))
      .map((route) => route.operation.method);
    const refusal = others.length
      ? new Refusal('method_not_allowed', `${method} is not offered on ${path}; offered: ${others.join(', ')}`, {
          allowed: others,
        })
      : new Refusal('not_found', `There is no ${method} ${path}; GET /api/v1/openapi.json lists every operation`);
    return json(refusalAnswer(refusal));
  });

  app.onError((error) => {
    if (error instanceof Refusal) return json(refusalAnswer(error));
    if (isConflict(error)) return json(refusalAnswer(new Refusal(...TOO_BUSY)));
    if (error instanceof InvalidRequest) return json({ status: 422, body: { detail: error.problems } });
    log.error('request_failed', { error: error.stack ?? String(error) });
    return json(
      refusalAnswer(
        new Refusal('internal_error', 'The marketplace failed; whether the request took effect is unknown'),
      ),
    );
  });

  return app;
}

function keyedCall(
  operation: Operation,
  path: string,
  headers: Headers,
  scope: string,
  body: unknown,
): KeyedCall | undefined {
  if (operation.idempotency !== 'key') return undefined;
  const key = readKey(headers.get('idempotency-key'));
  if (key === undefined) return undefined;
  const route = `${operation.method} ${operation.path}`;
  return { scope, route, key, fingerprint: fingerprintOf(path, body) };
}

const LOCAL = '/_local';

/** What stands under /_local and asks neither for a key nor for a token is for whoever runs the marketplace. */
function isAdmin({ path, auth }: Operation): boolean {
  return path.startsWith(LOCAL) && auth === 'none';
}

function honoPath(path: string): string {
  return path.replace(/\{(\w+)\}/g, ':$1');
}

function pathMatches(template: string, path: string): boolean {
  const pattern = template.split('/').map((part) => (part.startsWith('{') ? '[^/]+' : part.replace(/[.]/g, '\\.')));
  return new RegExp(`^${pattern.join('/')}$`).test(path);
}
