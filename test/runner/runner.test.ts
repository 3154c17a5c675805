import { describe, expect, it, vi } from 'vitest';
import { systemClock } from '#kit/clock.ts';
import { tagTestFor } from '#market/sandbox-content/catalogue.ts';
import { AgentError } from '#runner/handlers/agent-error.ts';
import type { HandlerContext } from '#runner/handlers/handler-host.ts';
import type { JobView } from '#runner/handlers/job-view.ts';
import { openStateFolder, RunnerBusyError } from '#runner/state/state-folder.ts';
import { openTown, silent, startRunner } from '../support/runner.ts';

const solve = (job: JobView, ctx: HandlerContext) =>
  tagTestFor(job.capability)?.solve({ ...job, expected_schema: { ...job.expected_schema } }) ?? ctx.skeleton();

describe('the sandbox', () => {
  it('is passed, reviewed and left for the first job by one runner without any help', async () => {
    const town = await openTown();
    const { key } = await town.agent('fresh', ['data-extraction'], false);
    const { seen } = await startRunner({
      ...town,
      key,
      exports: {
        handlers: {
          'data-extraction': (job: JobView, ctx: HandlerContext) => (job.kind === 'job' ? {} : solve(job, ctx)),
          _default: solve,
        },
      },
    });
    await seen('mode', ({ mode }) => mode === 'active');
    const id = await town.post({ expected_schema: { type: 'object' } });
    await seen('settled', ({ job }) => job.id === id);
    expect(await town.job(id)).toMatchObject({ status: 'completed' });
  });

  it('gives a refused answer back to the handler with the verdict', async () => {
    const town = await openTown();
    const { key } = await town.agent('learner', ['data-extraction'], false);
    const verdicts: unknown[] = [];
    const handler = (job: JobView, ctx: HandlerContext) => {
      if (job.capability !== 'data-extraction') return ctx.skeleton();
      if (!ctx.lastValidation) return { records: [] };
      const { code, passed, message, validator } = ctx.lastValidation;
      verdicts.push([ctx.attempt, code, passed, message, validator]);
      return solve(job, ctx);
    };
    const { seen, events } = await startRunner({ ...town, key, exports: { dispatch: handler } });
    await seen('mode', ({ mode }) => mode === 'waiting');
    // In the words of the marketplace, which say what to repair.
    const words = expect.stringMatching(/^Schema validation failed: /);
    expect(verdicts).toEqual([[2, 'schema_violation', false, words, expect.any(String)]]);
    expect(events.filter(({ type }) => type === 'verdict')).toHaveLength(1);
  });

  it('does not use up the submissions of a test on an answer that was refused already', async () => {
    const town = await openTown();
    const { key } = await town.agent('stubborn', ['data-extraction'], false);
    let runs = 0;
    const handlers = {
      'data-extraction': () => {
        runs += 1;
        return { records: [] };
      },
      _default: solve,
    };
    const { events } = await startRunner({ ...town, key, exports: { handlers } });
    const failures = () => events.filter(({ type }) => type === 'handler_failed').length;
    await vi.waitFor(() => expect(failures()).toBe(3), { timeout: 20_000 });
    const looks = () => events.filter(({ type }) => type === 'polled').length;
    const before = looks();
    await vi.waitFor(() => expect(looks()).toBeGreaterThan(before + 3), { timeout: 20_000 });
    expect(events.filter(({ type }) => type === 'verdict')).toHaveLength(1);
    expect(runs).toBe(4);
  });
});

describe('a job', () => {
  it('that fails is given back once, with the code of the handler', async () => {
    const town = await openTown();
    const { key } = await town.agent('honest');
    const exports = {
      handlers: {
        'data-extraction': () => {
          throw new AgentError('invalid_input', 'There is no text to read');
        },
      },
    };
    const { seen, events } = await startRunner({ ...town, key, exports });
    const id = await town.post({});
    const settled = await seen('settled');
    expect(settled).toMatchObject({ outcome: 'given_back' });
    expect(await town.job(id)).toMatchObject({ status: 'failed', error_code: 'invalid_input' });
    expect(events.filter(({ type }) => type === 'settled')).toHaveLength(1);
  });

  it('whose result does not fit its schema is tried again, then given back', async () => {
    const town = await openTown();
    const { key } = await town.agent('careless');
    let go = 0;
    const exports = { handlers: { 'data-extraction': () => ({ go: ++go }) } };
    const { seen } = await startRunner({ ...town, key, exports });
    const id = await town.post({ expected_schema: { type: 'object', required: ['never'] } });
    expect(await seen('settled')).toMatchObject({ outcome: 'given_back' });
    expect(go).toBe(3);
    expect(await town.job(id)).toMatchObject({ retry_count: 1 });
  });

  it('comes back to the handler when changes are requested', async () => {
    const town = await openTown();
    const { key } = await town.agent('patient');
    const exports = { handlers: { 'data-extraction': (job: JobView) => ({ said: job.feedback }) } };
    const { seen } = await startRunner({ ...town, key, exports });
    const id = await town.post({});
    await seen('settled');
    await town.requester('POST', `jobs/${id}/request-changes`, { feedback: 'shorter' });
    await seen('settled', ({ job }) => job.epoch === '0.1');
    expect(await town.job(id)).toMatchObject({ status: 'completed', result: '{"said":"shorter"}' });
  });

  it('is not bid on without a handler for its tag, and the price is the declared share', async () => {
    const town = await openTown();
    const { key, id: agentId } = await town.agent('choosy', ['data-extraction', 'summarization']);
    const exports = {
      handlers: { 'data-extraction': () => 'ok', _default: () => 'shape' },
      bidPolicy: { share: 0.25, estimatedSeconds: 7 },
    };
    const { seen, events } = await startRunner({ ...town, key, exports });
    await town.post({ tags: ['summarization'], title: 'not mine', bid_window_seconds: 60 });
    const mine = await town.post({ title: 'mine', budget_usdc: 8.000004, bid_window_seconds: 60 });
    await seen('bid');
    const { body } = await town.requester('GET', `jobs/${mine}/bids`);
    expect(body.bids).toMatchObject([{ agent_id: agentId, amount_usdc: 2.000001, estimated_seconds: 7 }]);
    expect(events.filter(({ type }) => type === 'bid')).toMatchObject([{ jobId: mine }]);
  });

  it('is not promised more often than the policy allows, whatever is on offer', async () => {
    const town = await openTown();
    const { key } = await town.agent('modest');
    const exports = { handlers: { 'data-extraction': () => 'ok' }, bidPolicy: { maxConcurrent: 2 } };
    for (let i = 0; i < 5; i += 1) await town.post({ bid_window_seconds: 60 });
    const { events } = await startRunner({ ...town, key, exports });
    await vi.waitFor(() => expect(events.filter(({ type }) => type === 'polled').length).toBeGreaterThan(4), {
      timeout: 20_000,
    });
    expect(events.filter(({ type }) => type === 'bid')).toHaveLength(2);
  });

  it('that a person must agree to waits for that, and then starts again', async () => {
    const town = await openTown();
    const { key } = await town.agent('careful');
    const exports = {
      handlers: {
        'data-extraction': (_job: JobView, ctx: HandlerContext) => {
          ctx.requireApproval('It costs 3 USDC of model time');
          return 'approved';
        },
      },
    };
    const { seen, runner } = await startRunner({ ...town, key, exports });
    const id = await town.post({});
    expect(await seen('parked')).toMatchObject({ reason: 'It costs 3 USDC of model time' });
    expect(runner.status().parked.map(({ job }) => job.id)).toEqual([id]);
    expect(await runner.resume('another')).toBe(false);
    expect(await runner.resume(id)).toBe(true);
    await seen('settled');
    expect(await town.job(id)).toMatchObject({ result: 'approved' });
  });
});

describe('a drain', () => {
  it('waits for what is running', async () => {
    const town = await openTown();
    const { key } = await town.agent('slow');
    let finish = (_result: string) => {};
    const exports = { handlers: { 'data-extraction': () => new Promise((resolve) => (finish = resolve)) } };
    const { seen, end } = await startRunner({ ...town, key, exports });
    const id = await town.post({});
    await seen('started');
    const ending = end();
    finish('in time');
    expect(await ending).toEqual({ kind: 'drained' });
    expect(await town.job(id)).toMatchObject({ status: 'completed', result: 'in time' });
  });

  it('interrupts what does not end, and reports it', async () => {
    const town = await openTown();
    const { key } = await town.agent('endless');
    const exports = {
      handlers: {
        'data-extraction': (_job: JobView, ctx: HandlerContext) =>
          new Promise((_, reject) => ctx.signal.addEventListener('abort', () => reject(ctx.signal.reason))),
      },
    };
    const { seen, end } = await startRunner({ ...town, key, exports, graceMs: 10 });
    const id = await town.post({});
    await seen('started');
    expect(await end()).toEqual({ kind: 'drained' });
    expect(await town.job(id)).toMatchObject({ status: 'bidding', retry_count: 1 });
  });
});

describe('the folder', () => {
  it('belongs to one runner; the next one reads who has it, and gets it afterwards', async () => {
    const town = await openTown();
    const { key } = await town.agent('single');
    const first = await startRunner({ ...town, key, exports: { dispatch: () => 'x' } });
    const second = openStateFolder(first.folder, systemClock, silent);
    await expect(second).rejects.toThrow(RunnerBusyError);
    await expect(second).rejects.toThrow(new RegExp(`process ${process.pid}`));
    await first.end();
    const third = await openStateFolder(first.folder, systemClock, silent);
    await third.release();
  });
});
