import { describe, expect, it } from 'vitest';
import { SotaError } from '#contract/errors/sota-error.ts';
import type { AnyTool } from '#tools/define-tool.ts';
import { readArguments } from '#tools/read-arguments.ts';
import { tools } from '#tools/registry.ts';
import { unknownTool } from '#tools/teach-arguments.ts';

const tool = (name: string): AnyTool => tools.find((candidate) => candidate.name === name)!;

/** What a model reads about a call that was not understood. */
function taught(run: () => unknown): Record<string, unknown> {
  try {
    run();
  } catch (error) {
    if (!(error instanceof SotaError)) throw error;
    const { code, message, fix, didYouMean, example, outcome } = error;
    return { code, message, fix, outcome, ...(didYouMean && { didYouMean }), ...(example && { example }) };
  }
  throw new Error('the call was accepted');
}

describe('slips with one meaning are repaired, and the repair is told', () => {
  it.each([
    ['another name', 'bid', { id: 'j1', price: 2, eta: 60 }, { job_id: 'j1', amount_usdc: 2, eta_seconds: 60 }],
    [
      'another spelling',
      'bid',
      { jobId: 'j1', 'amount-usdc': 2, ETA_SECONDS: 60 },
      { job_id: 'j1', amount_usdc: 2, eta_seconds: 60 },
    ],
    [
      'numbers in quotes',
      'bid',
      { job_id: 'j1', amount_usdc: 2, eta_seconds: '60' },
      { job_id: 'j1', amount_usdc: 2, eta_seconds: 60 },
    ],
    [
      'an object as a JSON string',
      'create_job',
      { description: 'd', budget_usdc: 1, tags: ['a'], parameters: '{"x":1}' },
      { description: 'd', budget_usdc: 1, tags: ['a'], parameters: { x: 1 } },
    ],
    [
      'a list as a JSON string',
      'create_job',
      { description: 'd', budget_usdc: 1, tags: '["a","b"]' },
      { description: 'd', budget_usdc: 1, tags: ['a', 'b'] },
    ],
    [
      'one word for a list',
      'create_job',
      { description: 'd', budget_usdc: 1, tags: 'a' },
      { description: 'd', budget_usdc: 1, tags: ['a'] },
    ],
    ['all arguments as a JSON string', 'get_job', '{"job_id":"j1"}', { job_id: 'j1' }],
    ['a number for an id', 'get_job', { job_id: 7 }, { job_id: '7' }],
  ])('%s', (_what, name, given, input) => {
    const read = readArguments(tool(name), given);
    expect(read.input).toEqual(input);
    expect(read.repaired.length).toBeGreaterThan(0);
    expect(read.repaired).toMatchSnapshot();
  });

  it('takes what is right as it is, and null for left out', () => {
    expect(readArguments(tool('list_jobs'), { scope: 'posted', cursor: null })).toEqual({
      input: { scope: 'posted' },
      repaired: [],
    });
    expect(readArguments(tool('get_status'), undefined).input).toEqual({});
  });

  it('reads amounts exactly, as number or text', () => {
    for (const amount of [2.5, '2.5', ' 2.50 ', '2.500000']) {
      const { input } = readArguments(tool('withdraw'), { amount_usdc: amount });
      expect(input).toEqual({ amount_usdc: 2.5 });
    }
  });

  it('keeps the text of a result byte for byte, and writes the JSON of anything else', () => {
    const text = '{ "a": 1,\n"b":2 }';
    expect(readArguments(tool('deliver'), { job_id: 'j', result: text }).input.result).toBe(text);
    expect(readArguments(tool('deliver'), { job_id: 'j', result: { a: 1 } }).input.result).toBe('{"a":1}');
    expect(readArguments(tool('deliver'), { job_id: 'j', result: ['x'] }).input.result).toBe('["x"]');
  });
});

describe('everything else is refused with what was wrong', () => {
  it.each([
    ['missing', 'bid', { job_id: 'j1' }],
    ['misspelt', 'bid', { job_id: 'j1', amuont_usdc: 2, eta_seconds: 60 }],
    ['invented', 'get_status', { verbose: true }],
    ['of the wrong type', 'report_progress', { job_id: 'j1', percent: 'half' }],
    ['out of bounds', 'report_progress', { job_id: 'j1', percent: 140 }],
    ['not among the choices', 'list_jobs', { scope: 'mine' }],
    ['an amount with a comma', 'withdraw', { amount_usdc: '1,5' }],
    ['an amount finer than USDC', 'withdraw', { amount_usdc: 0.0000001 }],
    ['an amount of nothing', 'withdraw', { amount_usdc: 0 }],
    ['two names for one argument', 'get_job', { job_id: 'a', id: 'b' }],
    ['no object at all', 'get_job', ['j1']],
    ['a slug that is none', 'list_jobs', { capability: 'Code Review' }],
    ['an empty list', 'register_agent', { email: 'a@b.c', name: 'n', clusters: [], tags: ['x'] }],
  ])('%s', (_what, name, given) => {
    expect(taught(() => readArguments(tool(name), given))).toMatchSnapshot();
  });

  it.each(['list_job', 'place_bid', 'get_balance', 'frobnicate'])('a tool called %s', (name) => {
    const all = tools.map((candidate) => candidate.name);
    expect(
      taught(() => {
        throw unknownTool(name, { active: all.slice(0, 20), all });
      }),
    ).toMatchSnapshot();
  });

  it.each([
    ['get_jobs', 'list_jobs'],
    ['search_jobs', 'list_jobs'],
    ['list_job', 'list_jobs'],
    ['fetch_job', 'get_job'],
    ['show_tag', 'get_tag'],
    ['find_clusters', 'list_clusters'],
    // A name with one meaning is not bent to another when that one is switched off.
    ['post_job', undefined],
  ])('%s is read as %s', (name, meant) => {
    const all = tools.map((candidate) => candidate.name);
    const active = all.filter((other) => other !== 'create_job');
    expect(unknownTool(name, { active, all }).didYouMean).toBe(meant);
  });

  it('a tool that is switched off', () => {
    expect(
      taught(() => {
        throw unknownTool('withdraw', { active: ['get_status'], all: ['get_status', 'withdraw'] });
      }),
    ).toMatchSnapshot();
  });
});
