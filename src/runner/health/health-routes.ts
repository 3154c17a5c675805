/**
 * What a supervisor and a person at this machine can ask: health, numbers, one job through the handlers, and the
 * agreement to a job that waits for it. On loopback, and not for browsers.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import { jsonObject } from '#contract/fields.ts';
import type { Clock } from '#kit/clock.ts';
import { failureOf } from '../handlers/agent-error.ts';
import type { JobView } from '../handlers/job-view.ts';
import { type HttpHandler, isForeignBrowser, readBody, reply } from '../http-server.ts';
import type { Runner } from '../runner-types.ts';
import type { Metrics } from './metrics.ts';

const MAX_BODY_BYTES = 1024 * 1024;
const INVOKE_MS = 10 * 60_000;
/** The marketplace calls an agent offline after this. */
const OFFLINE_MS = 90_000;

const invocation = z.looseObject({
  id: z.string().default('invoked'),
  capability: z.string().default(''),
  tags: z.array(z.string()).optional(),
  title: z.string().nullable().default(null),
  description: z.string().default(''),
  parameters: jsonObject.default({}),
  expected_schema: jsonObject.nullable().default(null),
  feedback: z.string().nullable().default(null),
});

export function createHealthRoutes(runner: Runner, metrics: Metrics, clock: Clock): HttpHandler {
  return async (request, response) => {
    if (isForeignBrowser(request)) return reply(response, 403, { error: 'forbidden' });
    const path = (request.url ?? '').split('?')[0] ?? '';
    const route = `${request.method} ${path}`;
    const resumed = /^POST \/resume\/([^/]+)$/.exec(route)?.[1];
    if (resumed !== undefined) {
      const found = await runner.resume(decodeURIComponent(resumed));
      return reply(response, found ? 200 : 404, found ? { resumed: true } : { error: 'nothing_parked' });
    }
    switch (route) {
      case 'GET /healthz':
        return reply(response, 200, { status: 'ok' });
      case 'GET /readyz': {
        const because = whyNotReady(runner, clock);
        return reply(response, because ? 503 : 200, because ? { status: 'not_ready', because } : { status: 'ready' });
      }
      case 'GET /metrics':
        return reply(response, 200, metrics.render(), 'text/plain; version=0.0.4');
      case 'POST /invoke':
        return await invoke(runner, clock, request, response, false);
      case 'POST /invoke/stream':
        return await invoke(runner, clock, request, response, true);
      default:
        return reply(response, 404, { error: 'not_found' });
    }
  };
}

function whyNotReady(runner: Runner, clock: Clock): string | undefined {
  const { draining, heartbeat, lastPollAt } = runner.status();
  if (draining) return 'draining';
  if (heartbeat.stoppedBecause !== undefined) return heartbeat.stoppedBecause;
  if (lastPollAt === undefined) return 'the marketplace has not answered yet';
  const beat = heartbeat.lastSuccessAt === undefined ? 0 : Date.parse(heartbeat.lastSuccessAt);
  return clock.now() - beat < OFFLINE_MS ? undefined : 'no heartbeat was answered for 90 s';
}

async function invoke(
  runner: Runner,
  clock: Clock,
  request: IncomingMessage,
  response: ServerResponse,
  streams: boolean,
): Promise<void> {
  const job = readJob(await readBody(request, MAX_BODY_BYTES));
  if (!job) return reply(response, 400, { error: 'invalid_input', message: 'The body must be a job as JSON' });
  const gone = new AbortController();
  response.once('close', () => gone.abort(new Error('the caller has gone')));
  const say = (event: string, data: unknown) => {
    if (streams && !response.destroyed) response.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  };
  if (streams) response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  try {
    const result = await runner.invoke(job, {
      signal: gone.signal,
      deadline: clock.now() + INVOKE_MS,
      onProgress: (percent, message) => say('progress', { percent, message }),
      onLog: (message, level) => say('log', { message, level }),
    });
    if (!streams) return reply(response, 200, { result: result ?? null });
    say('result', { result: result ?? null });
  } catch (error) {
    if (!streams) return reply(response, 422, { error: failureOf(error) });
    say('error', failureOf(error));
  }
  say('done', {});
  response.end();
}

function readJob(body: Buffer | undefined): JobView | undefined {
  let value: unknown;
  try {
    value = JSON.parse(body?.toString('utf8') ?? '');
  } catch {
    return undefined;
  }
  const parsed = invocation.safeParse(value);
  if (!parsed.success) return undefined;
  const { id, capability, tags, title, description, parameters, expected_schema, feedback } = parsed.data;
  const asked = { id, capability, title, description, parameters, expected_schema, feedback };
  const own = { kind: 'job', epoch: '0.0', budget_usdc: null, estimated_seconds: null, deadline_at: null } as const;
  return { ...own, ...asked, tags: tags ?? (capability ? [capability] : []) };
}
