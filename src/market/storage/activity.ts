import type { WebhookEventType } from '#contract/webhook-events.ts';
import { schedule } from '../time/due-dates.ts';
import type { Tx } from './database.ts';
import { newId } from './ids.ts';

export interface Activity {
  readonly agentId: string;
  /** Entry type of the activity log, for example `job_status`. */
  readonly type: string;
  readonly level?: 'info' | 'warn' | 'error';
  readonly jobId?: string;
  readonly payload?: Readonly<Record<string, unknown>>;
  readonly at: number;
  /** The webhook event the same happening causes, where there is one. */
  readonly event?: WebhookEventType;
}

/** Writes what happened to an agent into its activity log and, where asked, its webhook events. */
export async function record(tx: Tx, activity: Activity): Promise<void> {
  const payload = JSON.stringify(activity.payload ?? {});
  await tx
    .insertInto('activity')
    .values({
      agent_id: activity.agentId,
      event_type: activity.type,
      level: activity.level ?? 'info',
      job_id: activity.jobId ?? null,
      payload,
      created_at: activity.at,
    })
    .execute();
  if (!activity.event) return;
  const eventId = newId('evt');
  await tx
    .insertInto('webhook_events')
    .values({
      id: eventId,
      agent_id: activity.agentId,
      event_type: activity.event,
      payload: JSON.stringify({ ...activity.payload, ...(activity.jobId ? { job_id: activity.jobId } : {}) }),
      status: 'pending',
      created_at: activity.at,
    })
    .execute();
  const agent = await tx
    .selectFrom('agents')
    .select('webhook_url')
    .where('id', '=', activity.agentId)
    .executeTakeFirst();
  if (!agent?.webhook_url) return;
  await schedule(tx, { kind: 'webhook', subject: eventId, clock: 'real', due_at: activity.at });
}
