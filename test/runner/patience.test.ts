import { expect, it, onTestFinished } from 'vitest';
import { AgentError } from '#runner/handlers/agent-error.ts';
import type { HandlerContext } from '#runner/handlers/handler-host.ts';
import type { JobView } from '#runner/handlers/job-view.ts';
import { createTestHarness } from '#runner/sdk/test-harness.ts';

const TAGS = ['data-extraction'];
const MINUTE_MS = 60_000;

it('a test outlasts a model that is down for many minutes, without asking it all the time', {
  timeout: 60_000,
}, async () => {
  const harness = await createTestHarness();
  onTestFinished(() => harness.close());
  const backAt = harness.clock.now() + 14 * MINUTE_MS;
  let tries = 0;
  let passed = 0;
  const dispatch = (_job: JobView, ctx: HandlerContext) => {
    tries += 1;
    if (harness.clock.now() < backAt) throw new AgentError('resource_unavailable', 'The model is down');
    return ctx.skeleton();
  };
  const { runner } = await harness.agent('patient', {
    active: false,
    tags: TAGS,
    concurrency: 4,
    exports: { dispatch },
  });
  runner.on((event) => {
    if (event.type === 'settled' && event.outcome === 'passed') passed += 1;
  });
  await harness.pass(13 * MINUTE_MS);
  expect(passed).toBe(0);
  expect(tries).toBeGreaterThan(15);
  expect(tries).toBeLessThan(60);
  await harness.pass(7 * MINUTE_MS);
  expect(passed).toBe(3);
});

it('a test whose handler says that trying again is of no use is tried once', async () => {
  const harness = await createTestHarness();
  onTestFinished(() => harness.close());
  const tried: string[] = [];
  const dispatch = ({ id }: JobView) => {
    tried.push(id);
    throw new AgentError('authentication_failed', 'No model');
  };
  await harness.agent('keyless', { active: false, tags: TAGS, exports: { dispatch } });
  await harness.pass(2 * MINUTE_MS);
  expect(tried.length).toBeGreaterThan(0);
  expect(new Set(tried).size).toBe(tried.length);
});
