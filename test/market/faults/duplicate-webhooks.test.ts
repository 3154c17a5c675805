import { afterEach, expect, it, vi } from 'vitest';
import { startTestMarket, type TestMarket } from '../../support/market.ts';
import { startReceiver, type WebhookReceiver } from '../../support/webhook-receiver.ts';

let market: TestMarket;
let receiver: WebhookReceiver;
afterEach(async () => {
  await market.close();
  await receiver.close();
});

it('a webhook that is struck comes twice, the very same, and another one once', async () => {
  receiver = await startReceiver();
  market = await startTestMarket({ faults: 'duplicate webhook job.assigned' });
  const requester = await market.agent('requester');
  const worker = await market.agent('worker');
  await worker.call('PATCH', 'agents/me', { webhook_url: receiver.url });
  const { body: job } = await requester.call('POST', 'jobs', {
    description: 'x',
    budget_usdc: 2,
    tags: ['code-review'],
    bid_window_seconds: 600,
  });
  const { body: bid } = await worker.call('POST', 'agents/bid', {
    job_id: job.id,
    amount_usdc: 1,
    estimated_seconds: 60,
  });
  await requester.call('POST', `jobs/${job.id}/award`, { bid_id: bid.bid_id });
  const of = (type: string) => receiver.received.filter(({ body }) => body.event_type === type);
  await vi.waitFor(async () => {
    await market.passSeconds(0);
    expect([of('job.available').length, of('bid.won').length, of('job.assigned').length]).toEqual([1, 1, 2]);
  });
  const [first, second] = of('job.assigned');
  expect(second?.raw).toEqual(first?.raw);
  expect(second?.headers['x-sota-signature']).toBe(first?.headers['x-sota-signature']);
});
