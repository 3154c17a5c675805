import { describe, expect, it } from 'vitest';
import { SotaError } from '#contract/errors/sota-error.ts';
import { createDispatch } from '#server/dispatch.ts';
import { type RenderedResult, renderData, renderError, renderProse } from '#server/render.ts';
import type { AnyTool } from '#tools/define-tool.ts';
import { tools } from '#tools/registry.ts';
import { fakeSession } from '../tools/fake-session.ts';

const everything = new Set(tools.map(({ name }) => name));
const textOf = (result: { content: { text: string }[] }) => JSON.parse(result.content[0]!.text);

describe('an answer', () => {
  it('carries the same data as text and as structure', () => {
    const result = renderData({ outcome: 'done', amount_usdc: 2.5, rows: [{ id: 'a' }] });
    expect(textOf(result)).toEqual(result.structuredContent);
    expect(result.isError).toBeUndefined();
  });

  it('that is prose carries text alone', () => {
    expect(renderProse('# Title')).toEqual({ content: [{ type: 'text', text: '# Title' }] });
  });
});

describe('an error', () => {
  const full = new SotaError({
    code: 'bid_exceeds_budget',
    message: 'The bid of 5 is above the budget of 4. Nothing changed.',
    fix: 'Bid at most 4. See get_job for the budget. Or ask with list_bids.',
    retryable: true,
    retryAfterSeconds: 3,
    details: { budget_usdc: 4 },
    didYouMean: 'amount_usdc',
    example: { tool: 'bid', arguments: {} },
    next: [
      { tool: 'bid', arguments: { amount_usdc: 4 }, why: 'at the budget' },
      { tool: 'get_job', arguments: { job_id: 'j' }, why: 'look again' },
    ],
    recovery: { action: 'call_again' },
  });

  it('is text alone, in one shape', () => {
    const result = renderError(full, everything);
    expect(result).toMatchObject({ isError: true, content: [{ type: 'text' }] });
    expect(result.structuredContent).toBeUndefined();
    expect(textOf(result)).toMatchInlineSnapshot(`
      {
        "error": {
          "code": "bid_exceeds_budget",
          "details": {
            "budget_usdc": 4,
          },
          "did_you_mean": "amount_usdc",
          "example": {
            "arguments": {},
            "tool": "bid",
          },
          "fix": "Bid at most 4. See get_job for the budget. Or ask with list_bids.",
          "message": "The bid of 5 is above the budget of 4. Nothing changed.",
          "next": [
            {
              "arguments": {
                "amount_usdc": 4,
              },
              "tool": "bid",
              "why": "at the budget",
            },
            {
              "arguments": {
                "job_id": "j",
              },
              "tool": "get_job",
              "why": "look again",
            },
          ],
          "retry_after_seconds": 3,
          "retryable": true,
        },
        "outcome": "rejected",
        "recovery": {
          "action": "call_again",
        },
      }
    `);
  });

  it('neither suggests nor names a tool that is switched off', () => {
    const { error } = textOf(renderError(full, new Set(['bid'])));
    expect(error.next.map(({ tool }: { tool: string }) => tool)).toEqual(['bid']);
    expect(error.fix).toBe('Bid at most 4.');
  });

  it('lets nothing invisible through, wherever a stranger was quoted', () => {
    const error = new SotaError({
      code: 'x',
      message: 'He wrote a\u202eb',
      fix: 'f',
      details: { quoted: ['c\u200bd'] },
    });
    expect(textOf(renderError(error, everything)).error).toMatchObject({
      message: 'He wrote ab',
      details: { quoted: ['cd'] },
    });
  });

  it('stays below what hosts cut', () => {
    const error = new SotaError({ code: 'x', message: 'm', fix: 'f', details: { instance: 'y'.repeat(300_000) } });
    expect(renderError(error, everything).content[0]!.text.length).toBeLessThan(40_000);
  });
});

describe('a mistake of our own', () => {
  const broken: AnyTool = {
    ...tools.find(({ name }) => name === 'request_review')!,
    run: async () => {
      throw new TypeError("Cannot read properties of undefined (reading 'secret')");
    },
  };
  const dispatchWith = (logged: unknown[]) =>
    createDispatch({
      session: fakeSession({}).session,
      activeTools: [broken],
      allTools: tools,
      docs: { list: () => [], read: async () => undefined },
      validator: { validate: async () => ({ ok: true }) },
      log: { debug() {}, warn() {}, error: (message, fields) => logged.push({ message, ...fields }) },
    });

  it('is told without its inside, and logged with it', async () => {
    const logged: unknown[] = [];
    const result = await dispatchWith(logged)({
      name: 'request_review',
      arguments: {},
      signal: new AbortController().signal,
    });
    expect(textOf(result as RenderedResult)).toMatchObject({ outcome: 'unknown', error: { code: 'internal' } });
    expect(JSON.stringify(result)).not.toContain('secret');
    expect(logged).toEqual([
      expect.objectContaining({ tool: 'request_review', stack: expect.stringContaining('secret') }),
    ]);
  });

  it('is none when the host cancelled the call', async () => {
    const logged: unknown[] = [];
    const signal = AbortSignal.abort();
    expect(await dispatchWith(logged)({ name: 'request_review', arguments: {}, signal })).toEqual(
      renderProse('cancelled'),
    );
    expect(logged).toEqual([]);
  });
});
