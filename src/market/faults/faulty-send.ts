import type { SendWebhook } from '../webhooks/send-webhook.ts';
import type { FaultPlan } from './fault-plan.ts';

/** Delivers some webhooks more than once, as every sender that retries will one day. The last outcome counts. */
export function faultySend(send: SendWebhook, plan: FaultPlan): SendWebhook {
  return async (message, settings, signal) => {
    for (let copies = plan.copiesOf(eventTypeOf(message.body)); copies > 1; copies -= 1) {
      await send(message, settings, signal);
    }
    return send(message, settings, signal);
  };
}

function eventTypeOf(body: Uint8Array): string {
  try {
    const { event_type } = JSON.parse(new TextDecoder().decode(body)) as { event_type?: unknown };
    return typeof event_type === 'string' ? event_type : '';
  } catch {
    return '';
  }
}
