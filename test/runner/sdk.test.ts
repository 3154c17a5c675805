import { describe, expect, it, onTestFinished, vi } from 'vitest';
import * as sdk from '#runner/sdk/sdk.ts';
import type * as sdkTypes from '../../types/sdk.d.ts';
import { openTown, silent } from '../support/runner.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

/** What is published is what is there: this does not compile where the two differ. */
const published: typeof sdkTypes = sdk;

describe('the test harness', () => {
  it('takes a job from posting to delivery in the time of its own clock', async () => {
    const harness = await published.createTestHarness();
    onTestFinished(() => harness.close());
    const started = harness.clock.now();
    await harness.agent('mine', { tags: ['summarization'], exports: { dispatch: () => ({ summary: 's' }) } });
    const id = await harness.post({ tags: ['summarization'], budget_usdc: 5, description: 'Sum it up' });
    expect(await harness.waitFor(id, 'delivered')).toMatchObject({ result: '{"summary":"s"}' });
    expect(harness.clock.now() - started).toBeGreaterThan(5_000);
  });

  it.each([
    'drop_before',
    'drop_after',
    'error_before',
    'error_after',
    'cut',
  ] as const)('delivers once through %s', async (fault) => {
    const harness = await published.createTestHarness();
    onTestFinished(() => harness.close());
    let runs = 0;
    await harness.agent('mine', { tags: ['summarization'], exports: { dispatch: () => `run ${++runs}` } });
    harness.faults.next('/agents/deliver', fault, fault);
    const id = await harness.post({ tags: ['summarization'], budget_usdc: 5, description: 'Sum it up' });
    expect(await harness.waitFor(id, 'delivered')).toMatchObject({ result: 'run 1' });
    expect(runs).toBe(1);
  });

  it('says in which state a job stayed', async () => {
    const harness = await published.createTestHarness();
    onTestFinished(() => harness.close());
    const id = await harness.post({ tags: ['summarization'], budget_usdc: 5, description: 'Nobody is there' });
    await expect(harness.waitFor(id, 'delivered', 20_000)).rejects.toThrow(/is failed, not delivered/);
  });
});

describe('SOTAAgent', () => {
  it('works, bids by its own judgement, and stops', async () => {
    const town = await openTown();
    const { key } = await town.agent('sdk', ['data-extraction']);
    const agent = new sdk.SOTAAgent({
      apiKey: key,
      apiUrl: town.url,
      folder: temporaryDirectory(),
      env: { SOTA_HOME: temporaryDirectory() },
      pollIntervalSeconds: 0.05,
      log: silent,
    });
    agent
      .onJob('data-extraction', (context) => {
        context.updateProgress(50);
        if (context.job.title === 'bad') context.fail('invalid_input', 'not this one');
        context.deliver({ asked: context.job.description });
        return 'ignored';
      })
      .onBidOpportunity((job) => (job.title === 'cheap' ? null : { amount_usdc: 2 }));
    const running = agent.run();
    const [good, bad, cheap] = await Promise.all(
      ['good', 'bad', 'cheap'].map((title) => town.post({ title, bid_window_seconds: 2 })),
    );
    await vi.waitFor(
      async () => {
        expect(await town.job(good!)).toMatchObject({ status: 'completed', result: '{"asked":"Do it."}' });
        expect(await town.job(bad!)).toMatchObject({ status: 'failed', error_code: 'invalid_input' });
        expect(await town.job(cheap!)).toMatchObject({ status: 'failed', bids_count: 0 });
      },
      { timeout: 20_000 },
    );
    agent.stop();
    expect(await running).toEqual({ kind: 'drained' });
  });

  it('ends with the reason when its key is refused', async () => {
    const town = await openTown();
    const options = { apiKey: 'sk_live_nobody_nobody', apiUrl: town.url, folder: temporaryDirectory(), log: silent };
    const agent = new sdk.SOTAAgent({ ...options, env: { SOTA_HOME: temporaryDirectory() } }).onJob(() => 'x');
    await expect(agent.run()).rejects.toMatchObject({ httpStatus: 401 });
  });
});

describe('SOTAClient', () => {
  it('has the operations where people look for them', async () => {
    const town = await openTown();
    const { key, id } = await town.agent('client');
    const client = new sdk.SOTAClient({ apiKey: key, apiUrl: town.url, env: { SOTA_HOME: temporaryDirectory() } });
    onTestFinished(() => client.close());
    expect(await client.agents.me()).toMatchObject({ id, status: 'active' });
    const jobId = await town.post({ bid_window_seconds: 60 });
    await client.bids.place({ job_id: jobId, amount_usdc: 2.5, estimated_seconds: 60 });
    expect(await client.bids.list()).toMatchObject({ bids: [{ job_id: jobId, amount_usdc: 2.5 }] });
    expect(await client.exportContext()).toMatchObject({ agent: { id }, jobs: [{ id: jobId }] });
    await expect(client.jobs.deliver(jobId, {})).rejects.toMatchObject({ code: 'not_winner' });
  });
});
