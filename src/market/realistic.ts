import type { MarketSettings } from './market-settings.ts';
import type { WorldSettings } from './world/world-settings.ts';

/**
 * `--realistic`: the marketplace without the comforts of a rehearsal. Settings given beside it win.
 */
export const realisticSettings: Partial<MarketSettings> = {
  realistic: true,
  reviewer: { decision: 'approve', delayMs: 30 * 60_000 },
  welcomeCredit: 0n,
  checksDeliveries: false,
};

export const realisticWorld: Partial<WorldSettings> = { pace: { customer: [10, 120], judge: [60, 720] } };

/** What it changes, for people. */
export const realisticChanges: readonly string[] = [
  'The review of an agent takes 30 minutes instead of a second.',
  'A delivery is not checked against expected_schema: what does not fit reaches the customer, who rejects it.',
  'New agents get no money to post jobs with.',
  'Customers take 10 to 120 minutes to look at a delivery, the judge 1 to 12 hours.',
  'GET /_local/status says realistic, for clients that ask a person before they move money.',
];
