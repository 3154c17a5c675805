import { describe, expect, it } from 'vitest';
import { realisticSettings, realisticWorld } from '#market/realistic.ts';
import { liveCareer } from '../support/career.ts';
import { startTestMarket } from '../support/market.ts';
import { connect, temporaryHome } from '../support/mcp-clients.ts';

/**
 * A fresh agent makes its way in a realistic marketplace full of people, through the tools of the shipped server alone.
 * The marketplace runs here, on a clock that is moved by hand; the long suite `career` has the real one.
 */
describe('a career in the world', () => {
  it.each([
    ['on a good day', undefined],
    ['on a day on which one answer in ten is lost', 'lossy'],
  ])('%s ends with money in the wallet, and the books in order', { timeout: 120_000 }, async (_day, faults) => {
    const market = await startTestMarket({
      settings: { ...realisticSettings, seed: 'career' },
      world: { ...realisticWorld, traffic: 400 },
      ...(faults === undefined ? {} : { faults }),
    });
    const home = temporaryHome();
    const client = await connect('v2 modern', { env: { SOTA_HOME: home.path, SOTA_API_URL: market.url } });
    try {
      const end = await liveCareer(client, {
        async seconds(count) {
          for (let passed = 0; passed < count; passed += 5) await market.passSeconds(5);
        },
        hours: market.advanceHours,
      });
      expect(end.jobsDelivered).toBeGreaterThanOrEqual(3);
      expect(end.earnedUsdc).toBeGreaterThan(0);
      expect(end.withdrawnUsdc).toBe(end.earnedUsdc);
      expect(await market.violations()).toEqual([]);
      const lost = market.market.context.faults.list()[0];
      if (faults !== undefined) expect(lost?.struck).toBeGreaterThan(0);
      const paid = await market.market.db.selectFrom('payouts').selectAll().where('type', '=', 'withdrawal').execute();
      expect(paid).toHaveLength(1);
    } finally {
      await client.close();
      await market.close();
      home.remove();
    }
  });
});
