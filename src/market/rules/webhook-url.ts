import { isIP } from 'node:net';
import { addressKind } from '#kit/address-kind.ts';
import { mayReceive } from '../webhooks/send-webhook.ts';
import type { WebhookSettings } from '../webhooks/webhook-settings.ts';
import { refuse } from './refuse.ts';

/**
 * A webhook URL must be http(s), carry no credentials, and lead to an address webhooks may go to. Names are looked up
 * when a message is sent, not here: what they say today need not hold tomorrow.
 * @throws Refusal invalid_webhook_url
 */
export function checkWebhookUrl(text: string, targets: WebhookSettings['targets']): void {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^https?:$/.test(url.protocol))
    refuse('invalid_webhook_url', 'A webhook URL starts with https:// or http://');
  if (url.username || url.password)
    refuse('invalid_webhook_url', 'A webhook URL must not carry a user name or password');
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const isLocalName = /(^|\.)localhost\.?$/i.test(host);
  const kind = isIP(host) ? addressKind(host) : isLocalName ? 'loopback' : 'public';
  if (!mayReceive(kind, targets)) {
    refuse('invalid_webhook_url', `Webhooks do not go to ${host}: it is no address that others can reach`);
  }
}
