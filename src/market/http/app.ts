import { Hono } from 'hono';
import type { Operation } from '#contract/define-operation.ts';
import { errorCatalogue } from '#contract/errors/catalogue.ts';
import type { MarketContext } from '../market-context.ts';
import type { MarketLog } from '../market-log.ts';
import { noteSeen } from '../rules/presence.ts';
import { Refusal } from '../rules/refuse.ts';
import type { Database } from '../storage/database.ts';
import type { Scheduler } from '../time/scheduler.ts';
import { authenticate } from './authenticate.ts';
import { type AnyRoute, isReply, type RouteInput } from './define-route.ts';
import {
  fingerprintOf,
  InFlight,
  type KeptAnswer,
  type KeyedCall,
  keepAnswer,
  keptAnswer,
  RETENTION_MS,
  ROTATION_RETENTION_MS,
  readKey,
} from './idempotency.ts';
import { InvalidRequest, parseRequest } from './parse-request.ts';
import { readBody } from './read-body.ts';

export interface AppParts {
  readonly db: Database;
  readonly context: MarketContext;
  readonly scheduler: Scheduler;
  readonly log: MarketLog;
  readonly routes: readonly AnyRoute[];
}

/**
 * One request's way: who calls → does the request fit the contract → was it answered before → prepare → apply, with
 * the effect, the ledger, the activity and the kept answer in one transaction → answer. Every error answer is made
 * in one place, at the end.
 */
export function createApp({ db, context, scheduler, log, routes }: AppParts): Hono {
  const app = new Hono();
  const inFlight = new InFlight();

  for (const route of routes) {
    app.on(route.operation.method, honoPath(route.operation.path), async (c) => {
      const { operation } = route;
      const now = context.clock.real();
      const caller = await authenticate(db, operation.auth, c.req.raw.headers, now);
      const raw = {
        params: c.req.param() as Record<string, string>,
        query: c.req.query(),
        body: await readBody(c.req.raw),
      };
      const request = parseRequest(operation, raw);
      const input = {
        ...request,
        context,
        agent: caller && (await noteSeen(db, caller.agent, now)),
        keyId: caller?.keyId,
        origin: new URL(c.req.url).origin,
      } as RouteInput<Operation>;
      const call = keyedCall(operation, c.req.raw, caller?.agent.id, request.body);
      if (!call) return answer(c.req.raw, operation, await act(route, input), false);

      const leave = inFlight.enter(call);
      try {
        const kept = await keptAnswer(db, call, now);
        return kept
          ? answer(c.req.raw, operation, kept, true)
          : answer(c.req.raw, operation, await act(route, input, call), false);
      } finally {
        leave();
      }
    });
  }

  async function act(route: AnyRoute, input: RouteInput<Operation>, call?: KeyedCall): Promise<KeptAnswer> {
    const now = context.clock.real();
    const retention = route.operation.id === 'rotate_keys' ? ROTATION_RETENTION_MS : RETENTION_MS;
    try {
      const prepared = await route.prepare?.(input as never, db);
      const result = await db.transaction().execute(async (tx) => {
        const value = await route.apply(tx, input as never, prepared as never);
        const answered: KeptAnswer = isReply(value)
          ? { status: value.status, body: value.body }
          : { status: 200, body: value };
        if (call) await keepAnswer(tx, call, answered, now, retention);
        return answered;
      });
      // Who moves the clock or plays admin wants to see the consequences in the next answer.
      if (route.operation.family === 'local') await scheduler.settleDue();
      else scheduler.wake();
      return result;
    } catch (error) {
      // A rule's no is an answer too: a repeat of the same call gets the same no.
      if (call && error instanceof Refusal && isKept(error)) {
        await db.transaction().execute((tx) => keepAnswer(tx, call, refusalAnswer(error), now, retention));
      }
      throw error;
    }
  }

  app.notFound((c) => {
    const { method, path } = c.req;
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
    if (error instanceof Refusal) {
      const retryAfter = error.context.retry_after;
      return json(refusalAnswer(error), typeof retryAfter === 'number' ? { 'Retry-After': String(retryAfter) } : {});
    }
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
  request: Request,
  agentId: string | undefined,
  body: unknown,
): KeyedCall | undefined {
  if (operation.idempotency !== 'key') return undefined;
  const key = readKey(request.headers.get('idempotency-key'));
  if (key === undefined) return undefined;
  const route = `${operation.method} ${operation.path}`;
  const fingerprint = fingerprintOf(new URL(request.url).pathname, body);
  return { scope: agentId ?? 'anonymous', route, key, fingerprint };
}

function answer(_request: Request, operation: Operation, { status, body }: KeptAnswer, replayed: boolean): Response {
  const headers: Record<string, string> = replayed ? { 'Idempotent-Replayed': 'true' } : {};
  if (operation.produces && operation.produces !== 'application/json') {
    return new Response(String(body), {
      status,
      headers: { ...headers, 'Content-Type': `${operation.produces}; charset=utf-8` },
    });
  }
  return json({ status, body }, headers);
}

function json({ status, body }: KeptAnswer, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(body), { status, headers: { ...headers, 'Content-Type': 'application/json' } });
}

function refusalAnswer(refusal: Refusal): KeptAnswer {
  const { status } = errorCatalogue[refusal.code];
  return { status, body: { detail: { error: refusal.code, message: refusal.message, ...refusal.context } } };
}

function isKept(refusal: Refusal): boolean {
  const { status } = errorCatalogue[refusal.code];
  return status >= 400 && status < 500 && ![401, 403, 429].includes(status) && refusal.code !== 'idempotency_in_flight';
}

function honoPath(path: string): string {
  return path.replace(/\{(\w+)\}/g, ':$1');
}

function pathMatches(template: string, path: string): boolean {
  const pattern = template.split('/').map((part) => (part.startsWith('{') ? '[^/]+' : part.replace(/[.]/g, '\\.')));
  return new RegExp(`^${pattern.join('/')}$`).test(path);
}
