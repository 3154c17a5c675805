/**
 * Webhooks, as hints: a genuine one makes the runner look at once, and that is all it can do. What to do is read from
 * the list of jobs, so a forged, lost or repeated hook moves no money and loses no work.
 *
 * Every refusal of a signature is the same 401, whatever was wrong with it.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { WEBHOOK_SIGNATURE_HEADER } from '#contract/webhook-events.ts';
import type { Clock } from '#kit/clock.ts';
import { sha256Hex } from '#kit/hash.ts';
import type { Logger } from '#kit/log.ts';
import { DEFAULT_TOLERANCE_SECONDS, MAX_SIGNED_BODY_BYTES, verifyWebhookSignature } from '#kit/webhook-signature.ts';
import { type HttpHandler, readBody, reply } from '../http-server.ts';
import { verifyBareSignature } from './bare-signature.ts';
import type { ReplayGuard } from './replay-guard.ts';

export interface ReceiverOptions {
  readonly secrets: readonly string[];
  readonly replays: ReplayGuard;
  readonly clock: Clock;
  readonly log: Logger;
  /** Called for a hook that was not seen before, while it is written down and before it is answered. */
  readonly onEvent: (event: { readonly type: string; readonly jobId: string | undefined }) => void;
  /** Also take bare hex signatures, which can be replayed. */
  readonly allowBareSignatures?: boolean;
}

const HEADER = WEBHOOK_SIGNATURE_HEADER.toLowerCase();

/** How long an id must be remembered: a copy is genuine for the tolerance on either side of its time. */
export const REPLAY_KEEP_MS = 2 * DEFAULT_TOLERANCE_SECONDS * 1000;

export function createReceiver(options: ReceiverOptions): HttpHandler {
  const { secrets, replays, clock, log, onEvent, allowBareSignatures = false } = options;

  function isGenuine(body: Uint8Array, header: string | undefined): boolean {
    const verdict = verifyWebhookSignature({ body, header, secrets, now: clock.now() / 1000 });
    if (verdict.valid) return true;
    if (allowBareSignatures && verifyBareSignature(body, header, secrets)) return true;
    log.warn('a webhook was refused', { because: verdict.reason });
    return false;
  }

  return async (request: IncomingMessage, response: ServerResponse) => {
    if (request.method !== 'POST') return reply(response, 405, { error: 'method_not_allowed' });
    if (!/^application\/json\b/i.test(request.headers['content-type'] ?? '')) {
      return reply(response, 415, { error: 'unsupported_media_type' });
    }
    const body = await readBody(request, MAX_SIGNED_BODY_BYTES);
    if (!body) {
      response.setHeader('connection', 'close');
      return reply(response, 413, { error: 'payload_too_large' });
    }
    // Node joins repeated headers with ", ", so a second one makes the time appear twice and is refused for it.
    const header = request.headers[HEADER];
    if (!isGenuine(body, typeof header === 'string' ? header : undefined)) {
      return reply(response, 401, { error: 'invalid_signature' });
    }
    const event = readEvent(body);
    const id = event.id ?? sha256Hex(body);
    const { seen, kept } = await replays.note(id);
    // A hook that was heard and then forgotten by a crash is sent again, and makes us look once more: no harm.
    if (!seen) onEvent({ type: event.type, jobId: event.jobId });
    await kept;
    reply(response, 200, { received: true });
  };
}

/** The three shapes of a body that were seen; one that is none of them is genuine all the same, and only wakes. */
function readEvent(body: Buffer): { id: string | undefined; type: string; jobId: string | undefined } {
  let value: Record<string, unknown> = {};
  try {
    const parsed: unknown = JSON.parse(body.toString('utf8'));
    if (typeof parsed === 'object' && parsed !== null) value = parsed as Record<string, unknown>;
  } catch {
    // Signed, so it is from the marketplace; what it says does not matter.
  }
  const text = (name: string) => (typeof value[name] === 'string' ? (value[name] as string) : undefined);
  return { id: text('id'), type: text('event_type') ?? text('event') ?? 'unknown', jobId: text('job_id') };
}
