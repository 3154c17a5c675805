import type { JobEvent } from '#contract/states/job.ts';
import type { KillableValidator } from '#kit/json-schema/killable-validator.ts';
import type { Rng } from '#kit/rng.ts';
import type { FaultPlan } from './faults/fault-plan.ts';
import type { MarketLog } from './market-log.ts';
import type { MarketSettings } from './market-settings.ts';
import type { JobRow } from './rules/find-job.ts';
import type { Tx } from './storage/database.ts';
import type { DueDate } from './time/due-dates.ts';
import type { MarketClock } from './time/market-clock.ts';
import type { WebhookSender } from './webhooks/webhook-sender.ts';

/**
 * Whoever plays the other parts of the marketplace: requesters, rivals, customers, the judge. The rules tell it what
 * moved, in the transaction of the move, so that what it means to do next is as durable as the move itself; and they
 * hand it its due-dates when they fall due.
 */
export interface Audience {
  jobMoved(tx: Tx, job: JobRow, event: JobEvent): Promise<void>;
  act(tx: Tx, due: DueDate): Promise<void>;
}

/** What every rule of the marketplace may reach besides the transaction it runs in. */
export interface MarketContext {
  readonly clock: MarketClock;
  readonly settings: MarketSettings;
  readonly validator: KillableValidator;
  /** Seeded; forked per subject, so that one agent's luck does not depend on another's traffic. */
  readonly rng: Rng;
  readonly log: MarketLog;
  readonly webhooks: WebhookSender;
  /** What goes wrong on purpose. */
  readonly faults: FaultPlan;
  /** Whether what happens to jobs can be listened to, see realtime/serve-realtime.ts. */
  readonly hasRealtime: boolean;
  /** Absent where nobody plays the world. */
  readonly audience?: Audience;
}
