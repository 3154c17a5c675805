import type { MarketContext } from '../market-context.ts';
import { type Attempt, endDelivery, messageOf } from '../rules/webhook-delivery.ts';
import type { Database } from '../storage/database.ts';
import { inTransaction } from '../storage/transaction.ts';
import type { SendWebhook } from './send-webhook.ts';

/** Sends the events it is handed, a few at a time, in the background. */
export interface WebhookSender {
  /** Takes an event that was just leased. One it has already is not taken twice. */
  enqueue(attempt: Attempt): void;
  /** Whether an event waits here or is being sent. */
  has(eventId: string): boolean;
  /** Resolves when nothing is waiting or under way. */
  idle(): Promise<void>;
  /** Ends what is under way; those attempts count as failed and are made again by whoever serves the database next. */
  close(): Promise<void>;
}

export interface WebhookSenderParts extends Pick<MarketContext, 'clock' | 'settings' | 'rng' | 'log'> {
  readonly db: Database;
  readonly send: SendWebhook;
  /** Called when a due-date was set. */
  wake(): void;
}

/** Enough that slow receivers do not hold up the others for long, few enough to stay polite to the machine. */
const AT_ONCE = 8;

export function createWebhookSender({ db, send, wake, ...context }: WebhookSenderParts): WebhookSender {
  const waiting: Attempt[] = [];
  const known = new Set<string>();
  const running = new Set<Promise<void>>();
  const stopping = new AbortController();

  async function deliver(attempt: Attempt): Promise<void> {
    const message = await inTransaction(db, (tx) => messageOf(tx, attempt, context.clock.real()));
    if (!message) return;
    const outcome = await send(message, context.settings.webhooks, stopping.signal);
    const jitter = context.rng.fork(`webhook/${attempt.eventId}/${attempt.attempt}`).next();
    await inTransaction(db, (tx) => endDelivery(tx, context, attempt, outcome, jitter));
    if (!outcome.delivered) wake();
  }

  function next(): void {
    while (running.size < AT_ONCE) {
      const attempt = waiting.shift();
      if (attempt === undefined) return;
      const run = deliver(attempt)
        // The lease is still there, so the event is due again when it ends.
        .catch((error: unknown) => context.log.error('webhook_failed', { ...attempt, error: String(error) }))
        .finally(() => {
          known.delete(attempt.eventId);
          running.delete(run);
          next();
        });
      running.add(run);
    }
  }

  return {
    enqueue(attempt) {
      if (known.has(attempt.eventId) || stopping.signal.aborted) return;
      known.add(attempt.eventId);
      waiting.push(attempt);
      // Not at once: the transaction that took the lease is to be committed first.
      setImmediate(next);
    },
    has: (eventId) => known.has(eventId),
    async idle() {
      while (known.size) {
        await Promise.all(running);
        await new Promise((resolve) => setImmediate(resolve));
      }
    },
    async close() {
      for (const { eventId } of waiting.splice(0)) known.delete(eventId);
      stopping.abort();
      await Promise.all(running);
    },
  };
}
