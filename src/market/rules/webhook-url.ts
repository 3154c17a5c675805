import { refuse } from './refuse.ts';

/**
 * A webhook URL must be http(s) and carry no credentials. The local marketplace runs on the machine of the agent, so
 * loopback targets are what it is for and are allowed.
 * @throws Refusal invalid_webhook_url
 */
export function checkWebhookUrl(text: string): void {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^https?:$/.test(url.protocol))
    refuse('invalid_webhook_url', 'A webhook URL starts with https:// or http://');
  if (url.username || url.password)
    refuse('invalid_webhook_url', 'A webhook URL must not carry a user name or password');
}
