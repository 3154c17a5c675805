import type { Selectable } from 'kysely';
import { WEBHOOK_SIGNATURE_HEADER } from '#contract/webhook-events.ts';
import { isoTime } from '#kit/clock.ts';
import { signWebhook } from '#kit/webhook-signature.ts';
import type { MarketContext } from '../market-context.ts';
import { findAgent } from '../storage/agents.ts';
import type { Tx } from '../storage/database.ts';
import { fromJson } from '../storage/rows.ts';
import type { WebhookEventTable } from '../storage/schema.ts';
import { schedule, unschedule } from '../time/due-dates.ts';
import type { WebhookMessage, WebhookOutcome } from '../webhooks/send-webhook.ts';
import { signingSecrets } from './webhook-secrets.ts';

/**
 * Delivering an event, at least once. The due-date of an event is its place in the queue, so a crash loses nothing:
 *
 *   recorded ──due──▶ attempt counted, due-date moved to the end of the lease ──▶ sent (outside any transaction)
 *       ▲                                                                            │
 *       └───────────── due-date at the end of the wait ◀── failed, attempts left ────┤
 *                                                     delivered / failed for good ◀──┘
 *
 * A process that dies while it sends leaves the lease behind; when that ends the event is due again. The receiver may
 * then see it twice and knows it by its id. An event recorded while the agent had no URL is never sent: it stays
 * `pending` for whoever reads the list, because nobody wants last week's news on the day the receiver is set up.
 */
const LEASE_MARGIN_MS = 50_000;

/** One attempt to deliver one event, counted from 1. */
export interface Attempt {
  readonly eventId: string;
  readonly attempt: number;
}

type EventRow = Selectable<WebhookEventTable>;

async function pendingEvent(tx: Tx, eventId: string): Promise<EventRow | undefined> {
  const event = await tx
    .selectFrom('webhook_events')
    .selectAll()
    .where('id', '=', eventId)
    .forNoKeyUpdate()
    .executeTakeFirst();
  return event?.status === 'pending' ? event : undefined;
}

/** An event fell due: counts the attempt, takes the lease, and hands the event to the sender. */
export async function beginDelivery(tx: Tx, context: MarketContext, eventId: string): Promise<void> {
  const event = await pendingEvent(tx, eventId);
  if (!event) return;
  const agent = await findAgent(tx, event.agent_id);
  if (!agent?.webhook_url) return;
  const { retryDelaysMs, timeoutMs } = context.settings.webhooks;
  const now = context.clock.real();
  const lease = {
    kind: 'webhook',
    subject: event.id,
    clock: 'real',
    due_at: now + timeoutMs + LEASE_MARGIN_MS,
  } as const;
  // Still in the queue of this process since the last lease: that attempt has not been made yet.
  if (context.webhooks.has(event.id)) return schedule(tx, lease);
  // The last attempt was cut short by a crash: it is not known to have failed, but there must be an end.
  if (event.attempts > retryDelaysMs.length) return giveUp(tx, event.id, 'the last attempt was cut short');
  await tx
    .updateTable('webhook_events')
    .set({ attempts: event.attempts + 1, last_attempt_at: now })
    .where('id', '=', event.id)
    .execute();
  await schedule(tx, lease);
  context.webhooks.enqueue({ eventId: event.id, attempt: event.attempts + 1 });
}

/**
 * What is to be sent now, signed with every secret in force. Waits for the transaction that took the lease; undefined
 * where that did not come about, or where there is nothing to send any more.
 */
export async function messageOf(
  tx: Tx,
  { eventId, attempt }: Attempt,
  now: number,
): Promise<WebhookMessage | undefined> {
  const event = await pendingEvent(tx, eventId);
  const agent = event && (await findAgent(tx, event.agent_id));
  if (event?.attempts !== attempt || !agent?.webhook_url) return undefined;
  const body = Buffer.from(JSON.stringify(envelopeOf(event)));
  const signature = signWebhook(body, Math.floor(now / 1000), await signingSecrets(tx, agent, now));
  return { url: agent.webhook_url, body, headers: { [WEBHOOK_SIGNATURE_HEADER]: signature } };
}

/** The body, the same bytes at every attempt. The type stands twice because older receivers read `event`. */
function envelopeOf(event: EventRow) {
  const { job_id, ...data } = fromJson<{ job_id?: string }>(event.payload);
  const createdAt = Number(event.created_at);
  return {
    id: event.id,
    event_type: event.event_type,
    event: event.event_type,
    agent_id: event.agent_id,
    ...(job_id === undefined ? {} : { job_id }),
    created_at: isoTime(createdAt),
    ts: Math.floor(createdAt / 1000),
    data,
  };
}

/**
 * Notes what came of an attempt. Another process may have taken over when this one was slow: then only good news counts.
 * @param jitter in [0, 1); waits are between half of what is set and all of it, so that receivers that come back do not
 * get everything in one moment
 */
export async function endDelivery(
  tx: Tx,
  context: Pick<MarketContext, 'clock' | 'settings'>,
  { eventId, attempt }: Attempt,
  { delivered, result }: WebhookOutcome,
  jitter: number,
): Promise<void> {
  const event = await pendingEvent(tx, eventId);
  if (!event || (!delivered && event.attempts !== attempt)) return;
  const now = context.clock.real();
  if (delivered) {
    const change = { status: 'delivered', last_result: result, delivered_at: now };
    await tx.updateTable('webhook_events').set(change).where('id', '=', eventId).execute();
    await unschedule(tx, 'webhook', eventId);
    return;
  }
  const wait = context.settings.webhooks.retryDelaysMs[attempt - 1];
  if (wait === undefined) return giveUp(tx, eventId, result);
  await tx.updateTable('webhook_events').set({ last_result: result }).where('id', '=', eventId).execute();
  const dueAt = now + Math.round(wait * (0.5 + jitter / 2));
  await schedule(tx, { kind: 'webhook', subject: eventId, clock: 'real', due_at: dueAt });
}

async function giveUp(tx: Tx, eventId: string, result: string): Promise<void> {
  await tx
    .updateTable('webhook_events')
    .set({ status: 'failed', last_result: result })
    .where('id', '=', eventId)
    .execute();
  await unschedule(tx, 'webhook', eventId);
}
