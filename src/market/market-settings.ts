import type { Micro } from '#kit/money.ts';
import { defaultRateLimits, type RateLimits } from './http/rate-limit.ts';
import { defaultWebhookSettings, type WebhookSettings } from './webhooks/webhook-settings.ts';

/** What whoever runs a local marketplace can set. */
export interface MarketSettings {
  /** Makes tests and worlds reproducible; two marketplaces with one seed hand out the same tests to the same agents. */
  readonly seed: string;
  /** What a new agent can spend on jobs of its own, so that the requester's side can be rehearsed at once. */
  readonly welcomeCredit: Micro;
  /** What the reviewer does and how many virtual milliseconds it takes; `manual` leaves it to /_local/admin. */
  readonly reviewer: { readonly decision: 'approve' | 'reject' | 'manual'; readonly delayMs: number };
  /** How many virtual seconds pass in a real one. */
  readonly speed: number;
  /** Divides every test's time limit; tests of slow solvers use it. */
  readonly testTimeScale: number;
  /** Whether a delivery must satisfy expected_schema to be accepted at all. */
  readonly checksDeliveries: boolean;
  /** Told to clients, which then behave as with real money. */
  readonly realistic: boolean;
  readonly rateLimits: RateLimits;
  readonly webhooks: WebhookSettings;
}

export const defaultSettings: MarketSettings = {
  seed: 'sota',
  welcomeCredit: 100_000_000n,
  reviewer: { decision: 'approve', delayMs: 1000 },
  speed: 1,
  testTimeScale: 1,
  checksDeliveries: true,
  realistic: false,
  rateLimits: defaultRateLimits,
  webhooks: defaultWebhookSettings,
};
