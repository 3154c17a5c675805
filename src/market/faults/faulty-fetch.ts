import type { HttpBindings, serve } from '@hono/node-server';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { sleep } from '#kit/clock.ts';
import { json, refusalAnswer } from '../http/respond.ts';
import { Refusal } from '../rules/refuse.ts';
import type { Fault, FaultPlan } from './fault-plan.ts';

type Fetch = Parameters<typeof serve>[0]['fetch'];
const PIECES = 8;

/**
 * Puts the faults between the sockets and the marketplace, so that what a client meets is real: connections that close,
 * bodies that end too soon, answers that never come although everything happened. Waiting is done on the machine's own
 * clock: sockets know no other.
 */
export function faultyFetch(fetch: Fetch, plan: FaultPlan): Fetch {
  return async (request, bindings) => {
    // This marketplace speaks HTTP/1 only.
    const env = bindings as HttpBindings;
    const faults = plan.strike(request.method, new URL(request.url).pathname);
    if (!faults.length) return fetch(request, env);
    for (const { kind, argument } of faults) if (kind === 'delay') await sleep(argument);
    const fault = faults.find(({ kind }) => kind !== 'delay');
    if (!fault) return fetch(request, env);
    const early = insteadOf(fault, env);
    if (early) return early;
    // A body nobody read would keep the connection busy: the handler reads it, whatever becomes of the answer.
    return spoil(fault, (await fetch(request, env)) as Response, env);
  };
}

/** The end of a request that never reached the marketplace, or undefined where it is to reach it. */
function insteadOf({ kind, argument }: Fault, { incoming }: HttpBindings): Response | undefined {
  switch (kind) {
    case 'drop-before':
      incoming.socket.destroy();
      return RESPONSE_ALREADY_SENT;
    case 'reset-before':
      incoming.socket.resetAndDestroy();
      return RESPONSE_ALREADY_SENT;
    case '429':
      return tooManyRequests(argument);
    case '500-before':
    case '502-before':
    case '503-before':
      return brokenAnswer(kind);
    default:
      return undefined;
  }
}

/** What is left of an answer. */
async function spoil(fault: Fault, answer: Response, env: HttpBindings): Promise<Response> {
  switch (fault.kind) {
    case 'drop-after':
      env.incoming.socket.destroy();
      return RESPONSE_ALREADY_SENT;
    case 'reset-after':
      env.incoming.socket.resetAndDestroy();
      return RESPONSE_ALREADY_SENT;
    case 'cut-body':
      return cut(answer, env);
    case 'slow-body':
      return slowly(answer, env, fault.argument);
    case '500-after':
    case '502-after':
    case '503-after':
      return brokenAnswer(fault.kind);
    default:
      return answer;
  }
}

function tooManyRequests(seconds: number): Response {
  const words = `Too many requests; the next one in ${seconds} s`;
  return json(refusalAnswer(new Refusal('rate_limited', words, { retry_after: seconds })));
}

function brokenAnswer(kind: string): Response {
  if (kind.startsWith('500')) return json(refusalAnswer(new Refusal('internal_error', 'The marketplace failed')));
  if (kind.startsWith('503')) {
    return json(refusalAnswer(new Refusal('service_unavailable', 'The marketplace is not available just now')));
  }
  // As a proxy in front of a marketplace says it: not in the marketplace's words, and not as JSON.
  const page = '<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>';
  return new Response(page, { status: 502, headers: { 'Content-Type': 'text/html' } });
}

/** Promises the whole body, sends half of it, and hangs up. */
async function cut(answer: Response, { outgoing, incoming }: HttpBindings): Promise<Response> {
  const body = await begin(answer, outgoing);
  await new Promise<void>((resolve) => outgoing.write(body.subarray(0, Math.floor(body.length / 2)), () => resolve()));
  incoming.socket.destroy();
  return RESPONSE_ALREADY_SENT;
}

async function slowly(answer: Response, { outgoing }: HttpBindings, ms: number): Promise<Response> {
  const body = await begin(answer, outgoing);
  const size = Math.max(1, Math.ceil(body.length / PIECES));
  for (let at = 0; at < body.length && !outgoing.destroyed; at += size) {
    await sleep(ms / PIECES);
    outgoing.write(body.subarray(at, at + size));
  }
  outgoing.end();
  return RESPONSE_ALREADY_SENT;
}

async function begin(answer: Response, outgoing: HttpBindings['outgoing']): Promise<Buffer> {
  const body = Buffer.from(await answer.arrayBuffer());
  outgoing.writeHead(answer.status, { ...Object.fromEntries(answer.headers), 'content-length': String(body.length) });
  return body;
}
